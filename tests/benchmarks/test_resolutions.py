"""`benchmarks/resolutions.py` on few windows."""

import numpy as np
import pytest

from keras_relcon.data import synthetic_recordings


@pytest.fixture
def resolutions(load_benchmark):
    return load_benchmark("resolutions")


def test_every_choice_has_a_line(resolutions, capsys, monkeypatch):
    few = synthetic_recordings(4, 6, motions=["walking", "sitting"])
    monkeypatch.setattr(resolutions, "synthetic_recordings", lambda *_: few)
    words = "--synthetic --seeds 0 --folds 2 --epochs 2 --most-windows 40"
    resolutions.main([*words.split(), "--window-length", "32"])
    lines = capsys.readouterr().out.splitlines()
    rows = [[x.strip() for x in line.split("|")[1:-1]] for line in lines[2:]]
    assert [row[0] for row in rows] == list(resolutions.ARMS)
    for arm, score, seconds, entropy, difference in rows:
        assert 0 <= float(score) <= 1 and float(seconds) >= 0
        assert bool(entropy) == (arm in ("adaptive", "uniform"))
        assert bool(difference) == (arm != "uniform")


def test_differences_are_those_of_folds(resolutions):
    results = np.zeros((2, 3, 2, 3))
    results[0, :, :, 0] = [[0.5, 0.7], [0.6, 0.6], [0.7, 0.7]]
    results[1, :, :, 0] = 0.5
    _, _, adaptive, uniform = resolutions.lines(
        ["adaptive", "uniform"], results
    )
    # 0.1, 0.1, 0.2: s = 0.0577, Student 4.303, 1/3 + 1/2.
    assert "+0.133 (-0.093 to +0.360)" in adaptive
    assert uniform.endswith("|  |")


def test_one_epoch_cannot_be_timed(resolutions, capsys):
    with pytest.raises(SystemExit):
        resolutions.main(["--synthetic", "--epochs", "1"])
    assert "2 or more" in capsys.readouterr().err
