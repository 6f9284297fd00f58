"""`benchmarks/objectives.py` on tiny models."""

import json

import pytest
from command_support import write_recordings
from pretraining_support import pretraining_values

from keras_relcon import models
from keras_relcon.presets import from_preset, save_to_preset


@pytest.fixture
def objectives(load_benchmark):
    return load_benchmark("objectives")


def test_arms_have_equal_windows(objectives, tmp_path):
    (tmp_path / "recordings").mkdir()
    recordings = write_recordings(tmp_path / "recordings")
    values = pretraining_values(recordings, tmp_path / "mine")
    values["relcon"].update(
        batch_size=6,
        num_candidates=1,
        anchors="all",
        ranking="ranks.h5",
        ranked_groups=3,
    )
    (tmp_path / "a.json").write_text(json.dumps(values))
    distance = models.MotifDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=1
    )
    distance.build((None, 40, 3))
    save_to_preset(
        distance, tmp_path / "d", sample_rate_hz=50, window_length=40
    )
    words = [str(tmp_path / "a.json"), "--distance", str(tmp_path / "d")]
    words += ["--output", str(tmp_path / "arms"), "--steps", "1", "--arms"]
    arms = ("nt_xent", "relative", "label_order_alone")
    objectives.main([*words, *arms])
    for name in arms:
        facts = from_preset(
            tmp_path / "arms" / f"{name}-0"
        ).preset_metadata.facts
        # 128 windows, rounded up to a whole epoch of 2 steps.
        assert 128 <= facts["windows_through_the_encoder"] < 128 + 24
        assert facts["arm"] == name
    rankings = {path.stem for path in (tmp_path / "arms").glob("*.h5")}
    assert rankings == {"random", "learned", "label"}
