import importlib
import sys
from pathlib import Path

import pytest
from command_support import write_preset

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def precision(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("embedding_precision")
    for name in ("embedding_precision", "measuring"):
        sys.modules.pop(name, None)


def test_rates_and_differences(precision, tmp_path):
    preset = write_preset(tmp_path / "tiny")
    found = precision.measure(str(preset), 12, [4, 8])
    assert found["rates"].keys() == {"4", "8"}
    assert all(rate > 0 for pair in found["rates"].values() for rate in pair)
    assert 1e-5 < found["mean"] < 0.02
    assert found["mean"] < found["largest"] < 0.5


def test_the_table_has_a_row_for_each_batch_size(
    precision, monkeypatch, capsys
):
    row = ["jax", 256, 100.0, 200.0, 1181.25, "0.70, 5.0"]
    monkeypatch.setattr(precision, "run_child", lambda *args: [row])
    precision.main(["--backends", "jax"])
    page = capsys.readouterr().out
    assert "| jax | 256 | 100 | 200 | 1181 | 0.70, 5.0 |" in page
