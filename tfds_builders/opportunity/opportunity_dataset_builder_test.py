import pytest

pytest.importorskip("tensorflow", reason="TFDS's test case needs TensorFlow")
pytest.importorskip("dill", reason="TFDS's test case needs dill")
tfds = pytest.importorskip("tensorflow_datasets")

from tfds_builders.opportunity import opportunity_dataset_builder  # noqa: E402


class OpportunityTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = opportunity_dataset_builder.Builder
    SPLITS = {"train": 4}


if __name__ == "__main__":
    tfds.testing.test_main()
