"""The scripts that users copy, run with tiny settings."""

import ast
import inspect
import json
import os
import runpy
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
from command_support import write_motionsense, write_recordings

import keras_relcon as kr
from keras_relcon.evaluation import Embeddings
from keras_relcon.presets import preset_directory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "distributed"))
import processes  # noqa: E402


@pytest.mark.every_backend
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
def test_finetune(run_example, tiny_preset, tmp_path):
    archive = write_motionsense(tmp_path / "motionsense.zip")
    text = run_example(
        "finetune.py", "table4_motionsense", archive, "--preset", tiny_preset
    )
    assert "pretrained" in text and "untrained encoder" in text
    assert (tmp_path / "report" / "table.csv").exists()


@pytest.mark.slow
def test_pretrain(run_example, recordings_folder, tmp_path):
    settings = (
        recordings_folder,
        *("--sample-rate-hz", 50, "--steps", 1, "--batch-size", 2),
        *("--num-candidates", 2, "--views", 2, "--output", "mine"),
    )
    text = run_example("pretrain.py", *settings)
    assert "in held-out subjects (AUC): motif distance 0." in text
    model = kr.presets.from_preset(tmp_path / "mine", task="pretrain")
    facts = model.encoder.preset_metadata.facts
    assert len(facts["held_out_subjects"]) == 1
    assert 0 < facts["same_activity_auc"]["motif distance"] < 1
    # A second run does nothing.
    assert "finished already" in run_example("pretrain.py", *settings)


def test_evaluate_takes_a_preset_or_a_file(tiny_preset, tmp_path, monkeypatch):
    load = runpy.run_path(str(ROOT / "examples" / "evaluate.py"))
    encoder = load["load_encoder"](str(tiny_preset))
    encoder.save(tmp_path / "encoder.keras")
    monkeypatch.setattr(preset_directory, "BUNDLED", tiny_preset.parent)
    for name in (str(tmp_path / "encoder.keras"), tiny_preset.name):
        other = load["load_encoder"](name)
        for one, weight in zip(encoder.get_weights(), other.get_weights()):
            np.testing.assert_array_equal(one, weight)


@pytest.mark.slow
def test_ablation(run_example, tiny_preset, tmp_path):
    pytest.importorskip("keras_tuner")
    if keras.backend.backend() == "tensorflow":
        pytest.importorskip("tensorboard")
    (tmp_path / "eight").mkdir()
    settings = (
        write_recordings(tmp_path / "eight", num_subjects=8),
        *("--sample-rate-hz", 50, "--arms", "base", "softmax_ranking"),
        *("--steps", 1, "--batch-size", 2, "--num-candidates", 1),
        *("--distance-windows", 4, "--preset", tiny_preset, "--folds", 3),
    )
    text = run_example("ablation.py", *settings)
    assert "| softmax_ranking | 3 |" in text and "failed" not in text
    table = (tmp_path / "ablation" / "ablation.csv").read_text()
    assert (tmp_path / "ablation" / "ablation.png").exists()
    # A second run takes up the first, seconds and all.
    encoders = sorted((tmp_path / "ablation" / "cache").iterdir())
    written = [path.stat().st_mtime_ns for path in encoders]
    assert run_example("ablation.py", *settings).endswith(text[-200:])
    assert [path.stat().st_mtime_ns for path in encoders] == written
    assert (tmp_path / "ablation" / "ablation.csv").read_text() == table


def test_compare_takes_the_arguments_of_the_recipe(monkeypatch):
    compare = runpy.run_path(str(ROOT / "examples" / "compare.py"))
    line = ["compare.py", "a.toml", "--data", "d", "--methods", "REBAR"]
    monkeypatch.setattr(sys, "argv", line)
    asked = {}
    recipes = types.SimpleNamespace(
        compare_methods=lambda **given: asked.update(
            inspect.signature(kr.recipes.compare_methods)
            .bind(**given)
            .arguments
        ),
        score_methods=lambda *given, **settings: (
            asked.update(scored=given, **settings)
            or types.SimpleNamespace(table=str)
        ),
        methods_table=lambda _, shown: asked.update(table=shown),
        METHODS=kr.recipes.METHODS,
    )
    compare["main"].__globals__["recipes"] = recipes
    compare["main"]()
    assert asked["methods"] == ["REBAR"] and asked["config"] == "a.toml"
    assert (asked["num_windows"], asked["batch_size"]) == (500_000, 64)
    assert asked["scored"] == ("comparison", "d") and asked["outputs"] is None
    assert asked["table"] == "embedding"


def test_examples_are_listed_and_run_by_name(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["examples"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    main = runpy.run_path(str(ROOT / "examples" / "__main__.py"))["main"]
    assert main([]) == 0
    listed = capsys.readouterr().out
    scripts = (ROOT / "examples").glob("[!_]*.py")
    assert all(f"\n  {path.stem} " in listed for path in scripts)
    assert main(["no_such"]) == 2
    assert "'no_such'" in capsys.readouterr().err
    assert main(["--help"]) == 0
    capsys.readouterr()
    for name in ("demo", "robustness"):  # which imports another example
        with pytest.raises(SystemExit) as exit:
            main([name, "--help"])
        assert exit.value.code == 0
        assert f"{name}.py" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        "ablation.py",
        "compare.py",
        "embed_recording.py",
        "pretrain.py",
        "probe.py",
        "finetune.py",
        "train_multi_gpu.py",
    ],
)
def test_examples_are_short_and_say_how_to_run(name):
    text = (ROOT / "examples" / name).read_text()
    assert f"python examples/{name}" in ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 70


@pytest.fixture(scope="module")
def training_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    recordings = kr.data.synthetic_recordings(2, 30, 50, seed=0)
    kr.data.WindowStore.create(
        folder / "windows.h5", recordings, sample_rate_hz=50, window_length=32
    )
    distance = kr.MotifDistance(embedding_dim=8, kernel_size=3)
    distance.build((None, 32, 3))
    distance.save(folder / "distance.keras")
    size = ("--batch-size", 4, "--num-candidates", 2)
    return (
        *(folder / "windows.h5", folder / "distance.keras", *size),
        *("--steps-per-epoch", 1, "--epochs", 1),
    )


@pytest.mark.slow
def test_train_multi_gpu(run_example, training_files, tmp_path):
    text = run_example("train_multi_gpu.py", *training_files)
    assert "trained on 1 devices" in text
    encoder = keras.saving.load_model(tmp_path / "encoder.keras")
    assert encoder(np.zeros((2, 32, 3))).shape == (2, 256)


# Two processes of each backend: see tests/distributed.
@pytest.mark.slow
def test_train_multi_worker(training_files, tmp_path):
    python = sys.executable
    if keras.backend.backend() != "torch":  # which does not compile
        python = write_python_of_small_encoders(tmp_path)
    hosts = [f"127.0.0.1:{port}" for port in processes.free_ports(2)]
    command = ["sh", str(ROOT / "examples" / "train_multi_worker.sh")]
    outputs = processes.run_together(
        [[*command, *training_files, "--output", tmp_path / "encoder.keras"]]
        * 2,
        [
            {"HOSTS": " ".join(hosts), "INDEX": index, "PYTHON": str(python)}
            for index in ("0", "1")
        ],
    )
    assert "trained on 2 devices" in outputs[0]
    assert "trained on" not in outputs[1]
    assert (tmp_path / "encoder.keras").exists()


def test_train_multi_worker_wants_a_backend():
    """Else each machine would take its own, and might train alone."""
    environment = {**os.environ, "HOSTS": "a:1 b:1", "INDEX": "0"}
    environment.pop("KERAS_BACKEND", None)
    script = ROOT / "examples" / "train_multi_worker.sh"
    done = subprocess.run(
        ["sh", script, "w.h5", "d.keras"],
        env=environment | {"PYTHON": "true"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0 and "KERAS_BACKEND" in done.stderr


def sources():
    for folder in ("docs", "examples"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "examples").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [c["source"] for c in cells if c["cell_type"] == "code"]
        yield path.name, "\n".join("".join(lines) for lines in code)


def test_keras_relcon_is_imported_before_keras():
    """It chooses a backend that is installed; Keras takes TensorFlow."""
    for name, source in sources():
        packages = packages_imported_by(source)
        if "keras" in packages:
            before = packages[: packages.index("keras")]
            assert "keras_relcon" in before, name


def packages_imported_by(source):
    modules = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append((node.lineno, node.module or ""))
    return [module.split(".")[0] for _, module in sorted(modules)]


def write_python_of_small_encoders(folder):
    """A command that runs a script as Python does, with a small encoder.

    To compile the whole one takes a minute.
    """
    (folder / "small.py").write_text(
        """
import functools, runpy, sys
import keras_relcon as kr
kr.layers.ResNet1D34 = functools.partial(
    kr.layers.ResNet1D34,
    num_blocks=(1,), widths=(8,), kernel_sizes=(3,), strides=(2,),
)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    )
    path = folder / "python"
    path.write_text(
        f'#!/bin/sh\nexec {sys.executable} {folder}/small.py "$@"\n'
    )
    path.chmod(0o755)
    return path
