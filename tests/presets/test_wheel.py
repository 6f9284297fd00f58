"""The wheel as a user installs it: in fresh environments, with its extras.

They hold what pip finds for the wheel and one extra, and nothing of the
environment of the tests: what is not declared is not there.
"""

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
COPIED = (
    "keras_relcon",
    "tfds_builders",
    "examples",
    "pyproject.toml",
    "setup.py",
)
# The three lines of the README, where no socket can be made; then a training.
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
import numpy as np
model = kr.presets.from_preset("relcon_tiny", task="pretrain")
model.compile(optimizer="adam")
recordings = kr.data.synthetic_recordings(3, 10, 50, seed=1)
store = kr.data.WindowStore.from_recordings(recordings, 50, 64)
groups = kr.data.CandidateGroups(store, 4, 2, steps_per_epoch=2)
losses = model.fit(groups, epochs=2, verbose=0).history["loss"]
assert len(losses) == 2 and np.isfinite(losses).all(), losses
print(keras.backend.backend(), kr.__file__)
""".replace("OPTIONS", repr({"unit": "m/s2", "sample_rate_hz": 50}))
SEARCH = """
import keras_tuner
import keras_relcon as kr
from keras_relcon.tuning import RelConHyperModel, objective
recordings = kr.data.synthetic_recordings(
    5, 8, 50, seed=0, motions=["walking", "sitting"]
)
store = kr.data.WindowStore.from_recordings(recordings, 50, 64)
hyper_model = RelConHyperModel(
    store.select_subjects(["s00", "s01"]),
    store.windows(64),
    [kr.evaluation.Fold(("s00", "s01"), ("s02",), ("s04",))],
    "cache",
    space={"temperature": [0.1, 1.0]},
    encoder=lambda: kr.layers.ResNet1D34(
        8, num_blocks=(1,), widths=(8,), kernel_sizes=(3,), strides=(2,)
    ),
    base={
        "num_candidates": 2,
        "distance_embedding_dim": 8,
        "distance_kernel_size": 3,
    },
    batch_size=4,
    steps_per_epoch=1,
    epochs=1,
    distance_epochs=1,
    distance_windows=8,
)
tuner = keras_tuner.RandomSearch(
    hyper_model, objective=objective(), max_trials=2, directory="search", seed=1
)
tuner.search(verbose=0)
trials = tuner.oracle.trials.values()
print(sum(trial.status == "COMPLETED" for trial in trials))
"""


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
    assert "keras_relcon/py.typed" in names  # or type checkers pass it over
    classifier = "keras_relcon/estimators/bundled/activities_wrist"
    for name in ("classifier.json", "head.npz", "README.md"):
        assert f"{classifier}/{name}" in names
    assert wheel.stat().st_size < 40e6


def test_the_wheel_holds_the_examples_and_no_tests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    examples = {path.name for path in (ROOT / "examples").glob("*.*")}
    inside = {f"keras_relcon/examples/{name}" for name in examples}
    assert len(examples) > 10 and inside <= names
    assert "keras_relcon/examples/data/geotec_sw.npz" in names
    wrong = [n for n in names if "test" in n or "dummy" in n or "/wt/" in n]
    assert not wrong
    assert "tfds_builders/wisdm_watch/wisdm_watch_dataset_builder.py" in names
    assert "tfds_builders/wisdm_watch/checksums.tsv" in names


# With TensorFlow it is what the other tests are installed with.
@pytest.fixture(scope="module", params=["jax", "torch"])
def installed(request, wheel, tmp_path_factory):
    """A backend, and the folder of an environment with it alone."""
    folder = tmp_path_factory.mktemp(request.param) / "venv"
    venv.create(folder)
    install(folder, f"{wheel}[{request.param}]")
    yield request.param, folder
    shutil.rmtree(folder)


def install(folder, requirement):
    """By the pip of the tests, into an environment that has none."""
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", folder / "bin/python"),
            # Only what is imported is compiled then.
            *("install", "--quiet", "--no-compile"),
            *("--constraint", ROOT / "constraints.txt", requirement),
        ],
        capture_output=True,
        text=True,
        env=_environment(),
    )
    if "connection" in run.stderr.lower() and run.returncode:
        pytest.skip(f"pip reaches no index: {run.stderr[-500:]}")
    assert run.returncode == 0, run.stderr[-2000:]


def test_the_example_runs_offline_and_a_model_trains(installed, tmp_path):
    backend, folder = installed
    python = folder / "bin" / "python"
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
    _run(
        *(folder / "bin" / "keras-relcon", "embed", "walk.npz"),
        *("--preset", "relcon_tiny"),
        *("--unit", "m/s2", "--sample-rate-hz", "50"),
        cwd=tmp_path,
        env=environment,
    )
    assert (tmp_path / "walk.embeddings.npz").exists()
    # The classifier of the package, and the examples.
    _run(
        *(folder / "bin" / "keras-relcon", "predict", "walk.npz"),
        *("--unit", "m/s2", "--sample-rate-hz", "50"),
        cwd=tmp_path,
        env=environment,
    )
    assert (tmp_path / "answers" / "walk.html").exists()
    text = _run(
        *(python, "-m", "keras_relcon.examples"), cwd=tmp_path, env=environment
    )
    assert "\n  demo " in text


def test_a_search_with_the_extra_for_tuning(installed, wheel, tmp_path):
    backend, folder = installed
    if backend != "jax":
        pytest.skip("the extra is tried beside one backend, JAX")
    install(folder, f"{wheel}[jax,tune]")
    text = _run(
        *(folder / "bin" / "python", "-c", SEARCH),
        cwd=tmp_path,
        env={**_environment(), "KERAS_BACKEND": backend},
    )
    assert text.split()[-1] == "2", text[-1000:]


def _environment():
    """Without the sources, and with what is imported compiled once."""
    left_out = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if k not in left_out}
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
