"""A preset written on one backend is read on the next, all around."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_relcon.presets import from_preset

pytestmark = pytest.mark.every_backend

ROOT = Path(__file__).resolve().parents[2]
NEXT = {"tensorflow": "jax", "jax": "torch", "torch": "tensorflow"}
SCRIPT = """
import sys
import keras
import numpy as np
import keras_relcon as kr
if keras.backend.backend() == "tensorflow":
    from keras_relcon.models.backend_programs import tensorflow_programs
    tensorflow_programs.USE_XLA = False  # takes seconds to compile
path, x, output = sys.argv[1:]
x = np.load(x)
model = kr.presets.from_preset(path, task="pretrain")
embeddings = model.encoder.predict(x, verbose=0)
distances = model.motif_distance.distance(x[:3], x[3:])
np.savez(
    output,
    embeddings=embeddings,
    projections=model.projector.predict(embeddings, verbose=0),
    distances=keras.ops.convert_to_numpy(distances),
)
"""


@pytest.mark.slow
def test_written_here_read_there(relcon_preset, windows, tmp_path):
    backend = NEXT[keras.backend.backend()]
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    np.save(tmp_path / "x.npy", windows)
    run = subprocess.run(
        [
            *(sys.executable, "-c", SCRIPT, relcon_preset),
            *(tmp_path / "x.npy", tmp_path / "found.npz"),
        ],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    model = from_preset(relcon_preset, task="pretrain")
    embeddings = model.encoder.predict(windows, verbose=0)
    expected = {
        "embeddings": embeddings,
        "projections": model.projector.predict(embeddings, verbose=0),
        "distances": keras.ops.convert_to_numpy(
            model.motif_distance.distance(windows[:3], windows[3:])
        ),
    }
    with np.load(tmp_path / "found.npz") as found:
        for name, values in expected.items():
            np.testing.assert_allclose(
                found[name], values, rtol=1e-4, atol=1e-5, err_msg=name
            )
