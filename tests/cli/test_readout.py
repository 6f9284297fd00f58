"""`--readout`: what the commands take of a preset."""

import shutil

import numpy as np
import pytest

from keras_relcon import models
from keras_relcon.cli.main import main
from keras_relcon.evaluation import Embeddings
from keras_relcon.evaluation.suite.controls import make_representations
from keras_relcon.presets import (
    from_preset,
    preset_outputs,
    save_to_preset,
)


@pytest.fixture(scope="module")
def full_preset(tiny_preset, tmp_path_factory):
    """The tiny preset with fixed kernels and both maps."""
    encoder = from_preset(tiny_preset)
    windows = np.random.default_rng(0).normal(size=(20, 64, 3))
    mini_rocket = models.MiniRocket(84, window_length=64)
    mini_rocket.adapt(windows)
    features = models.StageFeatures(encoder)
    wide = models.SideBySide([features, mini_rocket])
    columns = wide.predict(windows.astype("float32"), verbose=0)
    compact = models.CompactFeatures(5)
    compact.adapt(columns)
    steady = models.SteadyFeatures(2)
    steady.adapt(columns, columns[::-1])
    return save_to_preset(
        encoder,
        tmp_path_factory.mktemp("presets") / "full",
        compact_features=compact,
        mini_rocket=mini_rocket,
        steady_features=steady,
    )


@pytest.mark.parametrize(
    "options, output",
    [
        ([], "embedding"),
        (["--readout", "wide"], "wide"),
        (["--readout", "steady"], "steady"),
        (["--readout", "compact"], "compact"),
    ],
)
def test_embed_takes_the_embedding_unless_told(
    recordings_folder, full_preset, tmp_path, options, output
):
    shutil.copy(recordings_folder / "s00" / "walking.csv", tmp_path / "a.csv")
    line = ["embed", str(tmp_path / "a.csv"), "--preset", str(full_preset)]
    line += ["--sample-rate-hz", "50", "--output", str(tmp_path), *options]
    assert main(line) == 0
    found = Embeddings.load(tmp_path / "a.embeddings.npz")
    model = from_preset(full_preset, output=output)
    width = model(np.zeros((1, 64, 3), "float32")).shape[1]
    assert found.embeddings.shape[1] == width


def test_probe_has_the_network_alone_as_its_untrained_control(
    recordings_folder, full_preset, tmp_path, capsys
):
    line = ["probe", str(recordings_folder), "--preset", str(full_preset)]
    line += ["--sample-rate-hz", "50", "--output", str(tmp_path / "report")]
    assert main([*line, "--folds", "2"]) == 0
    assert "untrained encoder: fold 2 of 2" in capsys.readouterr().out


def test_the_suite_scores_all_that_a_preset_gives(full_preset, tiny_preset):
    assert preset_outputs(tiny_preset) == ("embedding", "features")
    outputs = preset_outputs(full_preset)
    assert outputs == ("embedding", "features", "wide", "steady", "compact")
    represent, _, own = make_representations(
        full_preset, controls=("untrained",)
    )
    assert list(represent) == [
        *(f"full {output}" for output in outputs),
        "untrained full features",
    ]
    assert own == ["untrained full features"]
