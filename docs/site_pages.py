"""Says which files the site has, where they lie, and what the API lists.

A hook of MkDocs. The pages keep the paths that they have in the repository,
so that a link from one to another leads there on the site and off it.
"""

import ast
import functools
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "CITATION.cff",
    "docs/*.md",
    "docs/*.png",
    "docs/*.svg",
    "docs/*.css",
    "benchmarks/README.md",
    "benchmarks/results/*.md",
    "benchmarks/results/*.png",
)
RESULTS = "benchmarks/README.md"
RESULT = re.compile(r"\((results/\w+\.md)\)")
# Code in a text; what is in a block, a heading or a link is passed over.
CODE = re.compile(
    r"<(?P<tag>a|pre|h\d)\b.*?</(?P=tag)>|<code>(?P<name>[\w.]+(?:\(\))?)</code>",
    re.S,
)
PACKAGE = "keras_relcon"


def on_config(config):
    """Fills the parts of the navigation that are listed elsewhere."""
    for entry in config.nav:
        if "API" in entry:
            entry["API"] = [{n: f"docs/api/{n}.md"} for n in public_modules()]
        if "Results" in entry:
            listed = RESULT.findall((ROOT / RESULTS).read_text())
            entry["Results"] = [RESULTS, *(f"benchmarks/{p}" for p in listed)]
    return config


def on_files(files, config):
    """Puts the pages of the repository beside the files of the theme."""
    pages = [file for file in files if file.src_dir != config.docs_dir]
    for pattern in PATTERNS:
        for path in sorted(ROOT.glob(pattern)):
            source = path.relative_to(ROOT).as_posix()
            page = File.generated(config, source, abs_src_path=str(path))
            pages.append(placed(page))
    for name in public_modules():
        text = f"# {name}\n\n::: {name}\n"
        source = f"docs/api/{name}.md"
        pages.append(placed(File.generated(config, source, content=text)))
    return Files(pages)


def on_post_build(config):
    """Sees that each public name has its place in the reference."""
    site = Path(config.site_dir)
    for module in public_modules():
        page = (site / "api" / module / "index.html").read_text()
        for name in exported(ROOT / module.replace(".", "/") / "__init__.py"):
            address = f"{module}.{name}"
            is_folder = address in public_modules()
            is_hidden = name.startswith("_")
            if f'id="{address}"' not in page and not is_folder | is_hidden:
                raise PluginError(f"The reference must have {address}.")


def on_page_content(html, page, **kwargs):
    """Links a name of the API that stands in a text as code."""
    return CODE.sub(linked, html)


def linked(match):
    name = match["name"]
    if name is None:
        return match[0]
    name = re.sub(r"^(kr|keras_relcon)\.", "", name)
    address = public_names().get(name.removesuffix("()"))
    if address is None:
        return match[0]
    return f'<autoref identifier="{address}" optional>{match[0]}</autoref>'


@functools.cache
def public_names():
    """Address by name: all with their folder, plain words only so."""
    names = {}
    for module in public_modules():
        for name in exported(ROOT / module.replace(".", "/") / "__init__.py"):
            address = f"{module}.{name}"
            names[address.removeprefix(f"{PACKAGE}.")] = address
            if re.match("[A-Z]+[a-z]|.*_", name):
                names[name] = address
    return names


def placed(page):
    """Shortens the address of a page by the folder of its source."""
    address = page.dest_uri.removeprefix("docs/")
    address = re.sub("^benchmarks/(results/)?", "results/", address)
    page.dest_uri = address.lower() if page.is_documentation_page() else address
    return page


def public_modules():
    """The package, and the folders of it that its `__all__` names."""
    names = exported(ROOT / PACKAGE / "__init__.py")
    folders = [n for n in names if (ROOT / PACKAGE / n).is_dir()]
    return [PACKAGE, *(f"{PACKAGE}.{name}" for name in sorted(folders))]


def exported(path):
    """Returns the names in `__all__` of a file, which is not run."""
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign):
            if getattr(statement.targets[0], "id", None) == "__all__":
                return ast.literal_eval(statement.value)
    raise ValueError(
        f"A public folder must have `__all__`. Received: {path} without it. "
        "Add it."
    )
