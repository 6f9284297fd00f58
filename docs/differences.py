"""Writes the page of all differences from the sources, of the docstrings.

python docs/differences.py  # writes docs/differences.md
"""

import ast
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "differences.md"
PARTS = ("keras_relcon", "tfds_builders")
PARAGRAPH = re.compile(r"^Differs from .*?(?=\n\s*\n|\Z)", re.S | re.M)
# Where the source is followed in everything.
NOTHING = re.compile(r"^Differs from [^:]*: nothing\b[^.]*\.$")
HEAD = """\
# Where it differs from the papers and from their code

Each docstring says so in a paragraph "Differs from ...". This page holds all
of them, by the place in the package; `python docs/differences.py` writes it.
"""


def main():
    PAGE.write_text(page(), encoding="utf-8")


def page():
    """The text of the page."""
    parts = [HEAD]
    for folder, entries in by_folder().items():
        parts.append(f"\n## {folder}\n")
        for name, path, text in entries:
            words = textwrap.fill(
                f"- **`{name}`** ({path}): {text}",
                width=100,
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            parts.append(words)
    return "\n".join(parts) + "\n"


def by_folder():
    """Name, file and text of each difference, by folder."""
    found = {}
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            for name, text in differences(path):
                place = path.relative_to(ROOT)
                folder = "/".join(place.parts[:2])
                if len(place.parts) == 2:
                    folder = place.parts[0]
                entry = name, "/".join(place.parts[1:]), text
                found.setdefault(folder, []).append(entry)
    return found


def differences(path):
    """Name and text of each difference that a file states."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.Module)
    for node in ast.walk(tree):
        if not isinstance(node, kinds):
            continue
        for paragraph in PARAGRAPH.findall(ast.get_docstring(node) or ""):
            text = " ".join(paragraph.split())
            if not NOTHING.match(text):
                yield getattr(node, "name", path.stem), text


if __name__ == "__main__":
    main()
