import pytest
from command_support import write_preset, write_recordings


@pytest.fixture(scope="session")
def recordings_folder(tmp_path_factory):
    return write_recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    return write_preset(tmp_path_factory.mktemp("presets") / "relcon_tiny")
