import pytest

pytest.importorskip("tensorflow", reason="TFDS's test case needs TensorFlow")
pytest.importorskip("dill", reason="TFDS's test case needs dill")
tfds = pytest.importorskip("tensorflow_datasets")

from tfds_builders.recording_folder import recording_folder_dataset_builder  # noqa: E402


class RecordingFolderTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = recording_folder_dataset_builder.Builder
    SPLITS = {"train": 3}


if __name__ == "__main__":
    tfds.testing.test_main()
