"""TFDS builders of accelerometer recordings; importing registers them.

>>> import tensorflow_datasets as tfds
>>> import tfds_builders
>>> source = tfds.data_source("pamap2/hand")
"""

try:
    import importlib_resources  # noqa: F401  (TFDS needs it, undeclared)
    import tensorflow_datasets  # noqa: F401
except ImportError as error:
    raise ImportError(
        "`tfds_builders` needs `tensorflow-datasets` and "
        f"`importlib_resources`. Received: {error}. "
        'Install them with `pip install "keras-relcon[tfds]"`.'
    ) from error

from tfds_builders.capture24 import capture24_dataset_builder
from tfds_builders.hhar import hhar_dataset_builder
from tfds_builders.motionsense import motionsense_dataset_builder
from tfds_builders.opportunity import opportunity_dataset_builder
from tfds_builders.pamap2 import pamap2_dataset_builder
from tfds_builders.recording_folder import recording_folder_dataset_builder
from tfds_builders.wisdm_watch import wisdm_watch_dataset_builder

__all__ = [
    "capture24_dataset_builder",
    "hhar_dataset_builder",
    "motionsense_dataset_builder",
    "opportunity_dataset_builder",
    "pamap2_dataset_builder",
    "recording_folder_dataset_builder",
    "wisdm_watch_dataset_builder",
]
