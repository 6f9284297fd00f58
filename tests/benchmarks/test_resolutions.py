"""`benchmarks/resolutions.py` on few windows."""

import functools

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
    title, _, *lines = capsys.readouterr().out.splitlines()
    assert title.endswith("windows of 4 people, 2 classes")
    rows = [[x.strip() for x in line.split("|")[1:-1]] for line in lines[2:]]
    assert [row[0] for row in rows] == list(resolutions.ARMS)
    for arm, score, seconds, entropy, difference in rows:
        assert 0 <= float(score) <= 1 and float(seconds) >= 0
        assert bool(entropy) == (arm in ("adaptive", "uniform"))
        assert bool(difference) == (arm != "adaptive")


def test_differences_are_those_of_folds(resolutions):
    results = np.zeros((2, 3, 2, 3))
    results[0, :, :, 0] = [[0.5, 0.7], [0.6, 0.6], [0.7, 0.7]]
    results[1, :, :, 0] = 0.5
    _, _, adaptive, uniform = resolutions.lines(
        ["adaptive", "uniform"], results, num_folds=3
    )
    # 0.1, 0.1, 0.2: s = 0.0577, Student 4.303, 1/3 + 1/2.
    assert "+0.133 (-0.093 to +0.360)" in uniform
    assert adaptive.endswith("|  |")


def test_several_sets_have_a_table_of_all_and_a_page(
    resolutions, monkeypatch, tmp_path, capsys
):
    sets = {
        f"{name}.npz": synthetic_recordings(4, 6, motions=motions)
        for name, motions in (
            ("first", ["walking", "sitting"]),
            ("second", ["walking", "running"]),
        )
    }
    read = lambda path: sets[path.name]  # noqa: E731
    monkeypatch.setattr(resolutions, "load_recordings", read)
    record = functools.partial(resolutions.measuring.record, folder=tmp_path)
    monkeypatch.setattr(resolutions.measuring, "record", record)
    words = "--seeds 0 --folds 2 --epochs 2 --most-windows 20 --record"
    paths = ["a/first.npz", "a/second.npz"]
    arms = ["--arms", "adaptive", "uniform", "--window-length", "32"]
    resolutions.main([*paths, *words.split(), *arms])
    text = (tmp_path / "resolutions.md").read_text()
    assert text.startswith("# Is an adaptive choice")
    assert "resolutions.py first.npz second.npz --arms adaptive uniform" in text
    rows = [line for line in text.splitlines() if line.startswith("| uni")]
    scores = [float(line.split("|")[2]) for line in rows]
    assert scores[0] == pytest.approx(np.mean(scores[1:]), abs=1e-3)


def test_one_epoch_cannot_be_timed(resolutions, capsys):
    with pytest.raises(SystemExit):
        resolutions.main(["--synthetic", "--epochs", "1"])
    assert "2 or more" in capsys.readouterr().err
