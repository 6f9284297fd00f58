"""What the site's own scripts do; `make docs` builds the site and checks it."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


def load(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def faults(folder, body):
    (folder / "guide").mkdir()
    (folder / "guide" / "index.html").write_text("<h1 id='top'>Guide</h1>")
    (folder / "index.html").write_text(body)
    return load("check_site").faults_of(folder)


@pytest.mark.parametrize(
    "body",
    [
        '<a href="guide/">x</a>',
        '<a href="guide/#top">x</a>',
        '<a href="#here" id="here">x</a>',
        '<a href="https://example.org/paper">x</a>',
        '<img src="data:image/png;base64,AA==">',
    ],
)
def test_links_that_lead_somewhere_are_no_fault(body, tmp_path):
    assert faults(tmp_path, body) == []


@pytest.mark.parametrize(
    "body, fault",
    [
        ('<a href="gone/">x</a>', "no gone/"),
        ('<a href="guide/#gone">x</a>', "no guide/#gone"),
        ('<img src="gone.png">', "no gone.png"),
        ('<script src="https://example.org/x.js"></script>', "another host"),
        ('<link href="//example.org/x.css">', "another host"),
        ("<style>@import '//example.org/x.css'</style>", "another host"),
    ],
)
def test_faults_of_a_site_are_found(body, fault, tmp_path):
    (found,) = faults(tmp_path, body)
    assert found.startswith("index.html: ") and fault in found


def test_docstrings_in_keras_order_are_made_legible():
    pytest.importorskip("griffe", reason="needs mkdocstrings")
    legible = load("keras_docstrings").legible
    assert legible("Call arguments:\n    x: windows.") == (
        "Other parameters: Call arguments\n    x: windows."
    )
    assert legible("Returns:\n    dict: of two\n    lines.") == (
        "**Returns:**\n\ndict: of two\nlines."
    )
    assert legible("Example:\n\n>>> f()\n3\n\nEnd") == (
        "Example:\n\n```pycon\n>>> f()\n3\n```\n\nEnd"
    )
    shared = legible("Args:\n    one, two,\n        three: as before.")
    assert shared == "Args:\n    one,\u00a0two,\u00a0three: as before."


def test_the_pages_of_the_api_are_those_of_the_package():
    pytest.importorskip("mkdocs", reason="needs mkdocs")
    pages = load("site_pages")
    assert "keras_relcon.data" in pages.public_modules()
    assert "keras_relcon.cli" not in pages.public_modules()
    names = pages.public_names()
    assert names["MotifDistance"] == "keras_relcon.models.MotifDistance"
    assert names["evaluation.embed"] == "keras_relcon.evaluation.embed"
    assert "embed" not in names  # also a command
