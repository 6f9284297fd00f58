"""`benchmarks/distance_sizes.py` on tiny distances."""

import json

import pytest
from command_support import write_corpus_set, write_recordings
from pretraining_support import pretraining_values

from keras_relcon.presets import from_preset

NAMES = ["25 Hz, 16", "50 Hz, 32"]


@pytest.fixture
def distance_sizes(load_benchmark, monkeypatch):
    module = load_benchmark("distance_sizes")
    monkeypatch.setattr(module, "GROUP", 4)
    monkeypatch.setattr(module, "NUM_ANCHORS", 4)
    return module


def test_a_row_of_each_distance(distance_sizes, tmp_path, capsys):
    (tmp_path / "recordings").mkdir()
    values = pretraining_values(
        write_recordings(tmp_path / "recordings"), tmp_path / "mine"
    )
    values_of_distance = values["motif_distance"]
    (tmp_path / "a.json").write_text(json.dumps(values))
    for name in distance_sizes.SETS[:-1]:
        write_corpus_set(tmp_path, name, seconds=20)
    words = [str(tmp_path / "a.json"), "--data", str(tmp_path)]
    words += ["--output", str(tmp_path / "distances"), "--steps", "2"]
    words += ["--repeats", "1", "--sizes"]
    distance_sizes.main([*words, *NAMES])
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("|")
    ]
    assert [row[0] for row in table[2:]] == [*NAMES, "Euclidean"]
    assert all(len(row) == len(table[0]) for row in table)
    for row in table[2:]:
        values = [[float(x) for x in cell.split(",")] for cell in row[2:]]
        assert all(0 <= x <= 1 for pair in values for x in pair)
        mean = sum(pair[0] for pair in values[:-1]) / len(values[:-1])
        assert values[-1][0] == pytest.approx(mean, abs=1e-3)
    trained = from_preset(tmp_path / "distances" / "25_Hz_16")
    assert (trained.embedding_dim, trained.downsampling) == (16, 4)
    assert trained.preset_metadata.facts["steps"] == 2
    trained = from_preset(tmp_path / "distances" / "50_Hz_32")
    of_config = values_of_distance["embedding_dim"]
    assert (trained.embedding_dim, trained.downsampling) == (of_config, 1)
