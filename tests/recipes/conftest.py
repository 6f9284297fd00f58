import pytest
from command_support import write_recordings


@pytest.fixture(scope="session")
def recordings_folder(tmp_path_factory):
    return write_recordings(tmp_path_factory.mktemp("recordings"))
