import gc
import os
import sys
from pathlib import Path

# On shapes this small a second thread only waits for the first.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Much of the time goes into compiling the same small programs: XLA's are kept
# for the next run, on both backends that compile with it.
os.environ.setdefault(
    "TF_XLA_FLAGS",
    "--tf_xla_persistent_cache_directory="
    + str(Path(__file__).resolve().parents[1] / ".pytest_cache/tensorflow"),
)
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR",
    str(Path(__file__).resolve().parents[1] / ".pytest_cache/jax"),
)
# On JAX, compiling takes longer than what it makes faster: half of the time in
# all.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 "
    "--xla_cpu_use_fusion_emitters=false "
    "--xla_llvm_disable_expensive_passes=true",
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
import pytest

BACKEND = keras.backend.backend()
if BACKEND == "torch":
    import torch

    torch.set_num_threads(1)

EXIT_STATUS = pytest.StashKey[int]()
ENDS_AT_ONCE = "TESTS_END_AT_ONCE"  # the name of a variable
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Leaves out `once` where the tests of every backend are asked for."""
    if "every_backend" in config.option.markexpr:
        once = [x for x in items if x.get_closest_marker("once") is not None]
        items[:] = [item for item in items if item not in set(once)]
        config.hook.pytest_deselected(items=once)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before any fixture, those of the module included."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        from keras_relcon.models.backend_programs import tensorflow_programs

        is_eager = item.get_closest_marker("eager") is not None
        is_eager &= item.get_closest_marker("traced") is None
        tf.config.run_functions_eagerly(is_eager)
        use_xla = item.get_closest_marker("xla") is not None
        tensorflow_programs.USE_XLA = use_xla


def pytest_collection_finish():
    """What was imported stays: no later collection looks through it.

    A collection took up to a second, and each fine-tuning makes one.
    """
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session, exitstatus):
    session.config.stash[EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Ends at once, where `run_parts.py` asks for it.

    Else Python collects what the tests left first, which takes TensorFlow up
    to two minutes.
    """
    if ENDS_AT_ONCE in os.environ and EXIT_STATUS in config.stash:
        config.get_terminal_writer().flush()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[EXIT_STATUS])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def recordings_folder(tmp_path_factory):
    from command_support import write_recordings

    return write_recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    from command_support import write_preset

    return write_preset(tmp_path_factory.mktemp("presets") / "relcon_tiny")


@pytest.fixture(scope="session")
def golden():
    """Float64 numbers of the released code, by name."""
    path = SHARED / "golden" / "golden_small.npz"
    if not path.exists():
        pytest.skip(f"the golden numbers are not at {path}")
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="session")
def golden_distance_weights(golden):
    return _motif_weights(golden, "motif/w/")


@pytest.fixture(scope="session")
def motif_weights():
    """Random weights of a small motif distance, in the oracle's form."""
    generator = np.random.default_rng(7)
    dim, size = 16, 5

    def stack():
        return [
            (generator.normal(size=(size, 3, dim)), generator.normal(size=dim)),
            (
                generator.normal(size=(1, dim, dim // 8)),
                generator.normal(size=dim // 8),
            ),
            (
                generator.normal(size=(size, dim // 8, dim)),
                generator.normal(size=dim),
            ),
            (
                generator.normal(size=(1, dim, dim // 8)),
                generator.normal(size=dim // 8),
            ),
            (
                generator.normal(size=(size, dim // 8, dim)),
                generator.normal(size=dim),
            ),
        ]

    return {
        "gamma": generator.uniform(0.5, 1.5, 3),
        "beta": generator.normal(size=3),
        "query": stack(),
        "key": stack(),
        "value": stack(),
        "output_kernel": generator.normal(size=(dim, 3)),
        "output_bias": generator.normal(size=3),
    }


def _motif_weights(golden, prefix):
    """From PyTorch's (out, in, size) to Keras' (size, in, out)."""

    def conv(name):
        return (
            golden[f"{prefix}{name}.weight"].transpose(2, 1, 0),
            golden[f"{prefix}{name}.bias"],
        )

    def stack(letter):
        weights = [conv(f"{letter}_func.layer0.dilated_conv")]
        for index in range(2):
            layer = f"{letter}_func.layers.{index}"
            weights += [conv(f"{layer}.bottle"), conv(f"{layer}.dilated_conv")]
        return weights

    return {
        "gamma": golden[f"{prefix}revin.affine_weight"],
        "beta": golden[f"{prefix}revin.affine_bias"],
        "query": stack("q"),
        "key": stack("k"),
        "value": stack("v"),
        "output_kernel": golden[f"{prefix}out_proj.weight"].T,
        "output_bias": golden[f"{prefix}out_proj.bias"],
    }
