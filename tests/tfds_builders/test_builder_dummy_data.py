import zipfile
from pathlib import Path

import pytest

from tfds_builders.dummy_data_generation import WRITERS, write_all

BUILDERS = Path(__file__).resolve().parents[2] / "tfds_builders"


def contents(folder):
    """Bytes by name, of files and of the members of zips."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    found[f"{path.name}/{name}"] = archive.read(name)
        elif path.is_file():
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("dummy")
    write_all(root)
    return root


@pytest.mark.parametrize("name", WRITERS)
def test_dummy_data_are_what_the_script_writes(name, written):
    kept = contents(BUILDERS / name / "dummy_data")
    assert kept == contents(written / name / "dummy_data")


def test_every_builder_has_dummy_data_and_they_are_small():
    folders = {p.parent.name for p in BUILDERS.glob("*/*_dataset_builder.py")}
    assert folders == set(WRITERS)
    files = BUILDERS.glob("*/dummy_data/**/*")
    assert sum(p.stat().st_size for p in files if p.is_file()) < 500_000
