"""The wheel alone, in a fresh environment with one backend, offline."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
COPIED = ("keras_relcon", "tfds_builders", "pyproject.toml", "setup.py")
# The three lines of the README, where no socket can be made.
EXAMPLE = """
import socket
def refuse(*args, **kwargs):
    raise OSError("this must work offline")
socket.socket.connect = socket.create_connection = refuse

import keras_relcon as kr
encoder = kr.presets.from_preset("relcon_tiny")
result = kr.evaluation.embed(encoder, "walk.npz", read_options=OPTIONS)
result.save("embeddings.npz")

import keras
print(keras.backend.backend(), kr.__file__)
""".replace("OPTIONS", repr({"unit": "m/s2", "sample_rate_hz": 50}))


@pytest.fixture(scope="module")
def wheel(relcon_preset, tmp_path_factory):
    """Built from a copy of the sources with one preset."""
    source = tmp_path_factory.mktemp("source")
    for name in (*COPIED, "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    folder = source / "keras_relcon" / "presets" / "bundled"
    shutil.copytree(relcon_preset, folder / "relcon_tiny")
    pytest.importorskip("build", reason="needs build")
    output = tmp_path_factory.mktemp("wheel")
    _run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
        *("--outdir", output, source),
    )
    return next(output.glob("*.whl"))


def test_the_wheel_holds_the_presets(wheel, relcon_preset):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    prefix = "keras_relcon/presets/bundled/relcon_tiny"
    expected = {
        f"{prefix}/{path.relative_to(relcon_preset).as_posix()}"
        for path in relcon_preset.rglob("*")
        if path.is_file()
    }
    assert len(expected) == 10  # encoder with card, distance, projector
    assert expected <= names
    assert wheel.stat().st_size < 25e6


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_example_runs_offline(wheel, tmp_path, backend):
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = subprocess.run(
        [
            *(python, "-m", "pip", "install", "--quiet"),
            *("--constraint", ROOT / "constraints.txt"),
            f"{wheel}[{backend}]",
        ],
        capture_output=True,
        text=True,
        env=_environment(),
    )
    if install.returncode:
        pytest.skip(f"pip cannot install {backend}: {install.stderr[-500:]}")
    generator = np.random.default_rng(0)
    signal = 9.8 * generator.normal(0, 0.5, (500, 3)).astype("float32")
    np.savez(tmp_path / "walk.npz", **dict(zip("xyz", signal.T)))
    environment = {**_environment(), "KERAS_BACKEND": backend}
    text = _run(python, "-c", EXAMPLE, cwd=tmp_path, env=environment)
    assert text.split()[-2] == backend
    assert text.split()[-1].startswith(str(folder))
    with np.load(tmp_path / "embeddings.npz") as found:
        assert found["embeddings"].shape == (15, 16)
        assert found["valid"].all()
        assert np.isfinite(found["embeddings"]).all()
    command = folder / "bin" / "keras-relcon"
    text = _run(command, "presets", cwd=tmp_path, env=environment)
    assert "relcon_tiny" in text
    _run(
        *(command, "embed", "walk.npz", "--preset", "relcon_tiny"),
        *("--unit", "m/s2", "--sample-rate-hz", "50"),
        cwd=tmp_path,
        env=environment,
    )
    assert (tmp_path / "walk.embeddings.npz").exists()


def _environment():
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3"}


def _run(*command, **options):
    run = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        **options,
    )
    assert run.returncode == 0, f"{run.stdout[-1000:]}{run.stderr[-2000:]}"
    return run.stdout
