"""The scripts that users copy, run with tiny settings."""

import ast
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_relcon.evaluation import Embeddings

ROOT = Path(__file__).resolve().parents[2]


def test_embed_recording(run_example, recordings_folder, tiny_preset, tmp_path):
    text = run_example(
        "embed_recording.py",
        recordings_folder / "s00" / "walking.csv",
        *("--preset", tiny_preset, "--sample-rate-hz", 50),
        *("--output", "walk.parquet"),
    )
    assert "12 windows, 12 of them valid" in text
    found = Embeddings.load(tmp_path / "walk.parquet")
    assert found.embeddings.shape == (12, 16)
    assert np.isfinite(found.embeddings).all()


@pytest.mark.slow
def test_probe(run_example, recordings_folder, tiny_preset, tmp_path):
    text = run_example(
        "probe.py",
        recordings_folder,
        *("--preset", tiny_preset, "--sample-rate-hz", 50, "--folds", 2),
    )
    assert "hand-made features" in text and "untrained encoder" in text
    assert (tmp_path / "report" / "table.csv").exists()


@pytest.mark.slow
def test_ablation(run_example, recordings_folder, tmp_path):
    pytest.importorskip("keras_tuner")
    if keras.backend.backend() == "tensorflow":
        pytest.importorskip("tensorboard")
    settings = (
        recordings_folder,
        *("--sample-rate-hz", 50, "--arms", "base", "softmax_ranking"),
        *("--steps", 1, "--batch-size", 2, "--num-candidates", 1),
        *("--distance-windows", 4),
    )
    text = run_example("ablation.py", *settings)
    assert "| softmax_ranking | 1 |" in text and "failed" not in text
    table = (tmp_path / "ablation" / "ablation.csv").read_text()
    assert (tmp_path / "ablation" / "ablation.png").exists()
    # A second run takes up the first, seconds and all.
    encoders = sorted((tmp_path / "ablation" / "cache").iterdir())
    written = [path.stat().st_mtime_ns for path in encoders]
    assert run_example("ablation.py", *settings).endswith(text[-200:])
    assert [path.stat().st_mtime_ns for path in encoders] == written
    assert (tmp_path / "ablation" / "ablation.csv").read_text() == table


@pytest.mark.parametrize(
    "name", ["ablation.py", "embed_recording.py", "probe.py", "finetune.py"]
)
def test_examples_are_short_and_say_how_to_run(name):
    text = (ROOT / "examples" / name).read_text()
    assert f"python examples/{name}" in ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 60
