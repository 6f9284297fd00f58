import argparse
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


SCRIPT = """
import json, os, sys
print("something else")
if sys.argv[1] == "fails":
    sys.exit("no memory")
found = {name: os.environ.get(name) for name in ("KERAS_BACKEND", "A", "B")}
print(json.dumps({"argument": sys.argv[1], **found}))
"""


def test_figures_of_a_process_and_of_its_environment(
    load_benchmark, tmp_path, monkeypatch
):
    measuring = load_benchmark("measuring")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    monkeypatch.setenv("A", "of this process")
    found = measuring.figures_of(
        [str(script), "x"], "jax", {"A": None, "B": "1"}
    )
    assert found == {
        "argument": "x",
        "KERAS_BACKEND": "jax",
        "A": None,
        "B": "1",
    }
    with pytest.raises(RuntimeError, match="fails.*on jax: no memory"):
        measuring.figures_of([str(script), "fails"], "jax")


def test_a_busy_process_ends_with_what_it_disturbs(load_benchmark, monkeypatch):
    measuring = load_benchmark("measuring")
    started = []

    class Recorded(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr(measuring.subprocess, "Popen", Recorded)
    with measuring.busy_process():
        assert started[0].poll() is None
    assert started[0].poll() is not None
    with measuring.busy_process(False):
        assert len(started) == 1


def test_the_command_of_a_page_has_what_is_not_a_default(load_benchmark):
    measuring = load_benchmark("measuring")
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--num-draws", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--output")
    given = "--seeds 0 1 --num-draws 3 --output there"
    arguments = parser.parse_args(given.split())
    found = measuring.command_line("a.py b", parser, arguments, ("output",))
    assert found == "python benchmarks/a.py b --seeds 0 1 --num-draws 3"
