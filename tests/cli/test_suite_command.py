import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from keras_relcon import evaluation
from keras_relcon.cli.main import main
from keras_relcon.data import synthetic_recordings


@pytest.fixture
def data_folder(tmp_path):
    recordings = synthetic_recordings(
        num_subjects=5,
        seconds_per_motion=14,
        sample_rate_hz=50,
        motions=["walking", "running"],
    )
    samples = [r.acceleration for r in recordings]
    bounds = np.cumsum([0, *map(len, samples)])
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez(
        folder / "geotec_sw.npz",
        acc=(np.concatenate(samples) * 4096).astype("int16"),
        starts=bounds[:-1],
        subject=np.array([r.subject for r in recordings]),
        label=np.array([r.labels[0] for r in recordings]),
        rate_hz=50.0,
    )
    return folder


def test_tables_of_a_preset_and_its_controls(
    data_folder, tiny_preset, tmp_path, capsys
):
    output = tmp_path / "out"
    line = ["suite", str(tiny_preset), "--data", str(data_folder)]
    line += ["--heads", "ridge", "--labelled", "2", "all"]
    assert main([*line, "--output", str(output), "--json"]) == 0
    captured = capsys.readouterr()
    assert "geotec_sw: relcon_tiny embedding" in captured.err
    assert "ridge, 2 people" in captured.err
    assert "ridge, all people" in captured.err
    answer = json.loads(captured.out)
    saved = json.loads((output / "suite.json").read_text())
    assert answer["scores"] == saved["scores"] and answer["status"] == 0
    assert "without the set weda_fall" in captured.err
    with open(output / "scores.csv") as file:
        names = {row["representation"] for row in csv.DictReader(file)}
    assert {
        "relcon_tiny embedding",
        "relcon_tiny features",
        "relcon_tiny embedding + hand-made features",
        "untrained relcon_tiny features",
        "hand-made features",
    } <= names
    for name in ("differences.csv", "people.csv", "suite.json", "table.txt"):
        assert (output / name).stat().st_size


def test_options_reach_the_suite(tmp_path, monkeypatch):
    calls = []

    def suite(encoders, **kwargs):
        calls.append((encoders, kwargs))
        return SimpleNamespace(save=lambda folder: None, table=str, facts=dict)

    monkeypatch.setattr(evaluation, "suite", suite)
    monkeypatch.chdir(tmp_path)
    assert main(["suite", "a", "b"]) == 0
    encoders, kwargs = calls.pop()
    assert encoders == ["a", "b"]
    assert kwargs["roles"] == ["choose"]
    assert kwargs["num_labelled"] == [1, 3, 5, None]
    assert kwargs["heads"] == ["ridge", "logistic"]
    line = "suite a --roles test --labelled all 7 --rotations 2 --seed 4"
    line += " --window-length 1024"
    assert main([*line.split(), "--protocol", "biopm"]) == 0
    _, kwargs = calls.pop()
    assert kwargs["roles"] == ["test"]
    assert kwargs["num_labelled"] == [None, 7]
    assert (kwargs["rotations"], kwargs["seed"]) == (2, 4)
    assert kwargs["protocol"] == "biopm"
    assert kwargs["window_length"] == 1024


def test_mistakes_are_one_line(data_folder, tiny_preset, tmp_path, capsys):
    line = ["suite", str(tiny_preset), "--output", str(tmp_path / "out")]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main([*line, "--data", str(empty)]) == 1
    assert "geotec_sw.npz" in capsys.readouterr().err.splitlines()[-1]
    assert (
        main(["suite", "nothing", *line[2:], "--data", str(data_folder)]) == 1
    )
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("keras-relcon: error: A preset must be one of")
    (tmp_path / "file").write_text("")
    line[line.index("--output") + 1] = str(tmp_path / "file")
    assert main(line) == 1
    assert "--output must be a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--labelled", "0"],
        ["--labelled", "few"],
        ["--heads", "svm"],
        ["--roles", "train"],
    ],
)
def test_wrong_options_end_with_2(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(["suite", "relcon_small", *words])
    assert exit.value.code == 2
    assert words[0] in capsys.readouterr().err
