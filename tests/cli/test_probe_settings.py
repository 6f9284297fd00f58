from types import SimpleNamespace

import numpy as np

from keras_relcon import evaluation
from keras_relcon.cli.main import main


def test_what_is_asked_for_is_what_is_probed(
    recordings_folder, tiny_preset, tmp_path, monkeypatch
):
    """Windows side by side, the unit, the seed and the cache of the line."""
    calls = []

    def cross_validate(task, encoder, windows, folds, **kwargs):
        calls.append((task, encoder, windows, folds, kwargs))
        return SimpleNamespace(
            save=lambda *_, **__: None, table=str, to_dict=dict
        )

    monkeypatch.setattr(evaluation, "cross_validate", cross_validate)
    line = ["probe", str(recordings_folder), "--preset", str(tiny_preset)]
    line += ["--sample-rate-hz", "50", "--output", str(tmp_path / "report")]
    assert main([*line, "--folds", "2"]) == 0
    more = ["--folds", "4", "--seed", "7", "--cache", str(tmp_path / "cache")]
    assert main([*line, *more]) == 0

    (task, encoder, windows, folds, first), (*_, four_folds, second) = calls
    assert vars(task) == vars(evaluation.LinearProbe())
    assert list(encoder) == [tiny_preset.name]
    length = windows.acceleration.shape[1]
    for recording in np.unique(windows.recordings):
        starts = windows.start_seconds[windows.recordings == recording]
        assert len(starts) > 1
        # No two windows of a recording have a sample in common.
        steps = np.diff(starts) * windows.sample_rate_hz
        np.testing.assert_allclose(steps, length)
    assert (len(folds), len(four_folds)) == (2, 4)
    assert (first["seed"], second["seed"]) == (0, 7)
    assert (first["cache_dir"], second["cache_dir"]) == (
        None,
        tmp_path / "cache",
    )


def test_the_unit_of_the_line_is_that_of_the_files(
    recordings_folder, tiny_preset, tmp_path, capsys
):
    line = ["probe", str(recordings_folder), "--preset", str(tiny_preset)]
    line += ["--sample-rate-hz", "50", "--output", str(tmp_path / "report")]
    # The files are in g: at rest they read 1.
    assert main([*line, "--unit", "m/s2"]) == 1
    message = capsys.readouterr().err
    assert "--unit must be the unit of the data" in message
    assert "While reading" in message
