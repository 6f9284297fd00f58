"""Checks the built site: links lead somewhere, and nothing comes from others.

python docs/check_site.py site
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED_BY_STYLES = re.compile(
    r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')]+)"
)


class Page(HTMLParser):
    """What a page links to, what it loads, and its anchors."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], set()
        text = path.read_text(encoding="utf-8")
        self.loaded += LOADED_BY_STYLES.findall(text)
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name"):
                self.anchors.add(value)
            elif name in ("href", "src", "srcset", "action", "data"):
                (self.links if tag == "a" else self.loaded).append(value or "")


def faults_of(folder):
    """Returns a line for each fault of a site.

    Args:
        folder: path of the built site.

    Returns:
        list of str.
    """
    folder = Path(folder).resolve()
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html"))}
    faults = []
    for path, page in pages.items():
        name = path.relative_to(folder)
        for target in page.loaded:
            if is_elsewhere(target):
                faults.append(f"{name}: loads {target} from another host")
        for target in [*page.links, *page.loaded]:
            if not is_elsewhere(target) and not leads(target, path, pages):
                faults.append(f"{name}: no {target}")
    for path in sorted(folder.rglob("*.css")):
        for target in LOADED_BY_STYLES.findall(path.read_text("utf-8")):
            faults.append(f"{path.relative_to(folder)}: loads {target}")
    return faults


def is_elsewhere(target):
    parts = urlsplit(target)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "mailto")


def leads(target, path, pages):
    parts = urlsplit(target)
    if parts.scheme == "data":
        return True
    other = path
    if parts.path.startswith("/"):  # of the page for addresses that are wrong
        return path.name == "404.html"
    if parts.path:
        other = (path.parent / unquote(parts.path)).resolve()
        if other.is_dir():
            other /= "index.html"
    anchor = unquote(parts.fragment)
    if not anchor or other not in pages:
        return other.is_file()
    return anchor in pages[other].anchors


if __name__ == "__main__":
    found = faults_of(sys.argv[1])
    print("\n".join(found) or f"{sys.argv[1]}: every link leads somewhere")
    sys.exit(bool(found))
