"""TFDS builders of accelerometer recordings; importing registers them.

>>> import tensorflow_datasets as tfds
>>> import tfds_builders
>>> source = tfds.data_source("pamap2/hand")

The parsers, `tfds_builders.<name>.parse`, need NumPy alone. So without TFDS
nothing is registered, and the builders are refused when they are asked for.
"""

import importlib

_import_error: ImportError | None = None
try:
    import importlib_resources  # noqa: F401  (TFDS needs it, undeclared)
    import tensorflow_datasets  # noqa: F401
except ImportError as error:
    _import_error = error

NAMES = (
    "capture24",
    "hhar",
    "motionsense",
    "opportunity",
    "pamap2",
    "recording_folder",
    "wisdm_watch",
)

__all__ = [f"{name}_dataset_builder" for name in NAMES]


def check_tfds():
    """Raises an ImportError unless the builders are registered."""
    if _import_error is not None:
        raise ImportError(
            "Preparing or reading a TFDS dataset needs `tensorflow-datasets` "
            f"and `importlib_resources`. Received: {_import_error}. Install "
            'them with `pip install "keras-relcon[tfds]"`.'
        ) from _import_error


def _import_builder(name):
    return importlib.import_module(
        f"tfds_builders.{name}.{name}_dataset_builder"
    )


def __getattr__(name):
    if name in __all__:
        check_tfds()
        return _import_builder(name.removesuffix("_dataset_builder"))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if _import_error is None:
    for _name in NAMES:
        _import_builder(_name)
