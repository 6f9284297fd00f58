import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A folder of tests bears the package's name: the package must be found.
sys.path.insert(0, str(ROOT))

pytest.importorskip(
    "tensorflow_datasets", reason="the builders need tensorflow-datasets"
)
pytest.importorskip(
    "importlib_resources", reason="TFDS needs importlib_resources"
)


@pytest.fixture(scope="session")
def prepare(tmp_path_factory):
    """Prepares `name` or `name/config` from its dummy data, once."""
    import tensorflow_datasets as tfds

    import tfds_builders  # noqa: F401

    data_dir = tmp_path_factory.mktemp("tfds")

    def _prepare(full_name):
        builder = tfds.builder(
            full_name, data_dir=data_dir, file_format="array_record"
        )
        name = full_name.split("/")[0]
        folder = ROOT / "tfds_builders" / name / "dummy_data"
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(manual_dir=folder)
        )
        return builder

    return _prepare
