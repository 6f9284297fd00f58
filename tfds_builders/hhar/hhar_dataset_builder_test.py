import pytest

pytest.importorskip("tensorflow", reason="TFDS's test case needs TensorFlow")
pytest.importorskip("dill", reason="TFDS's test case needs dill")
tfds = pytest.importorskip("tensorflow_datasets")

from tfds_builders.hhar import hhar_dataset_builder  # noqa: E402


class HharTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = hhar_dataset_builder.Builder
    SPLITS = {"train": 8}


if __name__ == "__main__":
    tfds.testing.test_main()
