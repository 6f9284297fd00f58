"""Programs that XLA compiled in one run of the tests are there in the next."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import pytest

pytestmark = [
    pytest.mark.every_backend,
    pytest.mark.skipif(
        keras.backend.backend() == "torch", reason="PyTorch has no XLA"
    ),
]
# As pytest does: the settings of the tests first, then a program.
COMPILE = """
import conftest
import keras
if keras.backend.backend() == "jax":
    import jax
    compiled = jax.jit(lambda x: x @ x + 1)
else:
    import tensorflow as tf
    compiled = tf.function(lambda x: x @ x + 1, jit_compile=True)
compiled(keras.ops.ones((3, 3)))
"""


def test_a_second_run_finds_the_programs_of_the_first(tmp_path):
    copy = tmp_path / "tests" / "conftest.py"
    copy.parent.mkdir()
    shutil.copy(Path(__file__).with_name("conftest.py"), copy)
    kept = (
        "TF_XLA_FLAGS",
        "JAX_COMPILATION_CACHE_DIR",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
    )
    env = {k: v for k, v in os.environ.items() if k not in kept}
    env["PYTHONPATH"] = str(copy.parent)
    found = []
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", COMPILE],
            env=env,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr[-2000:]
        folder = tmp_path / ".pytest_cache" / keras.backend.backend()
        found.append(
            {
                path.name
                for path in folder.rglob("*")
                if path.is_file() and not path.name.endswith("-atime")
            }
        )
    assert found[0] and found[1] == found[0]
