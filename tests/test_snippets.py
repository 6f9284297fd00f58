"""The Python and the commands of the pages run as they are printed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from page_files import write_page_files
from run_page import blocks_of

from keras_relcon.cli import main

TESTS = Path(__file__).parent
ROOT = TESTS.parent
BACKENDS = ("tensorflow", "jax", "torch")
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
WITH_PYTHON = {page.name for page in PAGES if blocks_of(page)}
# Of pages whose printed sizes take longer than a test may.
MOST = {
    "cohorts.md": {"workers": 1},
    "training.md": {
        "epochs": 1,
        "batch_size": 8,
        "num_candidates": 3,
        "micro_batch_size": 4,
    },
}
COMMAND = re.compile(r"^(?:\w+=\S+ )*(keras-relcon .*(?:\\\n.*)*)", re.M)
IN_A_BLOCK = re.compile(r"^```(?:\w*)\n(.*?)^```", re.M | re.S)
IN_A_LINE = re.compile(r"`(keras-relcon [^`]*)`")


def run_page(name, folder):
    """Runs a page where only this backend is installed."""
    write_page_files(folder, name)
    backend = keras.backend.backend()
    needed = {backend, "torch" if name == "evaluation.md" else backend}
    page = ROOT / name if name == "README.md" else ROOT / "docs" / name
    command = [sys.executable, TESTS / "run_page.py", page, "--hidden"]
    command += sorted(set(BACKENDS) - needed)
    command += ["--most"]
    command += [f"{key}={most}" for key, most in MOST.get(name, {}).items()]
    if name == "training.md":
        command += ["--after", ROOT / "README.md", 3]
    environment = {**os.environ, "KERAS_HOME": str(folder / "keras")}
    # Chosen by keras_relcon, as for a user who has installed this one alone.
    environment.pop("KERAS_BACKEND", None)
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout[-5000:]}\n{done.stderr[-5000:]}"


# With JAX alone the wheel is tried, by `test_wheel.py`.
def test_the_python_of_the_readme_runs_as_printed(tmp_path):
    run_page("README.md", tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    assert {"monday.html", "walk.npz", "my_preset", "report"} <= made


# The pages call what other tests run on every backend.
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WITH_PYTHON - {"README.md"}))
def test_the_python_of_a_guide_runs_as_printed(name, tmp_path):
    run_page(name, tmp_path)


def commands():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = IN_A_BLOCK.findall(text)
        found = [c for block in blocks for c in COMMAND.findall(block)]
        text = IN_A_BLOCK.sub("", text)
        found += [c.replace("\n", " ") for c in IN_A_LINE.findall(text)]
        yield from ((page.name, command) for command in found)


@pytest.mark.parametrize("page, command", sorted(set(commands())))
def test_commands_have_the_options_that_pages_print(page, command):
    words = shlex.split(command.replace("\\\n", " "), comments=True)[1:]
    if words[0].startswith("--"):
        return  # of the program itself: it prints and ends
    if len(words) == 1 or words[1].startswith("--"):
        words.insert(1, "a_file")  # named in a text, without one
    assert main._parser().parse_args(words).run


def test_no_page_leaves_something_to_be_filled_in():
    for page in PAGES:
        for line, block in blocks_of(page):
            assert not re.search(r"\[\w+, \.\.\.\]|=\s*\.\.\.", block), (
                f"{page.name}, line {line}"
            )
