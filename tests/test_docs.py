"""Links of the documentation lead somewhere, and its Python is Python."""

import ast
import contextlib
import doctest
import inspect
import re
import runpy
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_relcon as kr

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    + [*ROOT.glob("benchmarks/**/*.md")]
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_to_files_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_python_in_pages_is_python(page):
    for snippet in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        ast.parse(snippet)


def test_every_measurement_has_its_place_in_the_list():
    listed = set(LINK.findall((ROOT / "benchmarks/README.md").read_text()))
    pages = (ROOT / "benchmarks" / "results").glob("*.md")
    assert {f"results/{page.name}" for page in pages} == listed


def test_the_page_of_differences_is_that_of_the_docstrings():
    script = runpy.run_path(str(ROOT / "docs" / "differences.py"))
    assert script["PAGE"].read_text() == script["page"](), (
        "Run `python docs/differences.py`."
    )
    names = [
        entry[0] for rows in script["by_folder"]().values() for entry in rows
    ]
    assert {"SimCLR", "CandidateGroups", "plot_embedding_map"} <= set(names)


def examples_with_results():
    """Public names, and their examples that say what comes out."""
    of_extras = {"beam", "tuning"}
    folders = [kr, *(getattr(kr, n) for n in set(kr.__all__) - of_extras)]
    for folder in filter(inspect.ismodule, folders):
        for name in folder.__all__:
            text = inspect.getdoc(getattr(folder, name)) or ""
            examples = doctest.DocTestParser().get_examples(text)
            if any(example.want for example in examples):
                yield getattr(folder, name), examples


def test_examples_of_docstrings_give_what_they_say():
    num_run = 0
    for described, examples in examples_with_results():
        names = {"keras": keras, "np": np, "keras_relcon": kr}
        names[described.__name__] = described
        with contextlib.suppress(NameError):  # of your own windows
            for example in examples:
                if not example.want:
                    exec(example.source, names)
                    continue
                found = eval(example.source, names)
                assert found == eval(example.want), example.source
                num_run += 1
    assert num_run > 15
