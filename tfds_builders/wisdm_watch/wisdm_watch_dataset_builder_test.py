import pytest

pytest.importorskip("tensorflow", reason="TFDS's test case needs TensorFlow")
pytest.importorskip("dill", reason="TFDS's test case needs dill")
tfds = pytest.importorskip("tensorflow_datasets")

from tfds_builders.wisdm_watch import wisdm_watch_dataset_builder  # noqa: E402


class WisdmWatchTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = wisdm_watch_dataset_builder.Builder
    SPLITS = {"train": 6}


if __name__ == "__main__":
    tfds.testing.test_main()
