"""Runs the Python of a page of the documentation, block after block.

    python tests/run_page.py PAGE --hidden tensorflow jax --most epochs=1

The blocks of a page share their names and run in the current folder.
`--hidden` names packages that cannot be imported, as if they were not
installed. `--most` is the one way in which a block does not run as printed: a
number that is printed for such an argument, `epochs=20` or `"epochs": 20`, is
lowered to that. `--after README.md 3` runs the third block of another page
first.
"""

import argparse
import ast
import importlib.util
import re
import sys
import time
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


def blocks_of(page):
    """Returns line and text of each block of Python."""
    text = Path(page).read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start(1)) + 1, match[1])
        for match in BLOCK.finditer(text)
    ]


class Lowered(ast.NodeTransformer):
    """Lowers the numbers of some arguments, and counts them."""

    def __init__(self, most):
        self.most = most
        self.count = 0

    def visit_keyword(self, node):
        self.generic_visit(node)
        node.value = self.lowered(node.arg, node.value)
        return node

    def visit_Dict(self, node):
        self.generic_visit(node)
        node.values = [
            self.lowered(getattr(key, "value", None), value)
            for key, value in zip(node.keys, node.values)
        ]
        return node

    def lowered(self, name, value):
        most = self.most.get(name)
        number = getattr(value, "value", None)
        if most is None or type(number) is not int or number <= most:
            return value
        self.count += 1
        return ast.copy_location(ast.Constant(most), value)


def hide(names):
    """Makes packages as good as not installed."""
    find_spec = importlib.util.find_spec

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in names:
                raise ModuleNotFoundError(
                    f"No module named {name!r}", name=name
                )

    sys.meta_path.insert(0, Finder())
    importlib.util.find_spec = lambda name, package=None: (
        None if name in names else find_spec(name, package)
    )


def run(blocks, page, names, most):
    for line, block in blocks:
        # So that a traceback has the line of the page.
        tree = ast.parse("\n" * (line - 1) + block, page)
        tree = Lowered(most).visit(tree)
        started = time.perf_counter()
        exec(compile(tree, page, "exec"), names)
        seconds = time.perf_counter() - started
        print(f"{page}, line {line}: {seconds:.1f} s", flush=True)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("page")
    parser.add_argument("--after", nargs=2)
    parser.add_argument("--hidden", nargs="*", default=[])
    parser.add_argument("--most", nargs="*", default=[])
    return parser.parse_args()


if __name__ == "__main__":
    args = parse_args()
    hide(args.hidden)
    most = dict(pair.split("=") for pair in args.most)
    most = {name: int(number) for name, number in most.items()}
    names = {"__name__": "__main__"}
    if args.after is not None:
        other, number = args.after
        run(blocks_of(other)[int(number) - 1 :][:1], other, names, most)
    run(blocks_of(args.page), args.page, names, most)
