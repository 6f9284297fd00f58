import pytest

pytest.importorskip("tensorflow", reason="TFDS's test case needs TensorFlow")
pytest.importorskip("dill", reason="TFDS's test case needs dill")
tfds = pytest.importorskip("tensorflow_datasets")

from tfds_builders.pamap2 import pamap2_dataset_builder  # noqa: E402


class Pamap2Test(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = pamap2_dataset_builder.Builder
    SPLITS = {"train": 3}


if __name__ == "__main__":
    tfds.testing.test_main()
