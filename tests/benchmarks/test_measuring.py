import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "measuring.py"


@pytest.fixture
def repository(tmp_path):
    """A committed project of one benchmark; its `measuring` and its folder."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    shutil.copy(FILE, folder)
    (folder / "results").mkdir()
    for name in ("results/speed.md", "results/speed.png", "speed.py"):
        (folder / name).write_text("first")
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init"], ["add", "."], [*author, "commit", "-m", "a"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    path = folder / FILE.name
    spec = importlib.util.spec_from_file_location("measuring_of_a_copy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, folder


def test_the_commit_is_named_and_what_was_changed_in_it(repository):
    measuring, folder = repository
    commit = measuring.code()
    assert commit.startswith("commit ") and commit != "commit unknown"

    (folder / "results" / "speed.md").write_text("second")
    (folder / "results" / "speed.png").write_text("second")
    assert measuring.code() == commit

    (folder / "speed.py").write_text("second")
    assert measuring.code() == f"{commit}, modified"


def test_without_a_repository_the_commit_is_unknown(repository):
    measuring, folder = repository
    shutil.rmtree(folder.parent / ".git")
    assert measuring.code() == "commit unknown"
