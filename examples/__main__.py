"""Lists the examples, or runs one.

python -m keras_relcon.examples                # what there is
python -m keras_relcon.examples demo --quick   # python examples/demo.py --quick
"""

import ast
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(arguments):
    scripts = {
        path.stem: path
        for path in sorted(FOLDER.glob("*.py"))
        if not path.stem.startswith("_")
    }
    if not arguments or arguments[0] in ("-h", "--help"):
        print(f"Examples, in {FOLDER}:\n")
        for name, path in scripts.items():
            summary = ast.get_docstring(ast.parse(path.read_text("utf-8")))
            print(f"  {name:20} {summary.splitlines()[0]}")
        print("\npython -m keras_relcon.examples NAME [arguments] runs one.")
        return 0
    name, *rest = arguments
    if name not in scripts:
        print(
            f"An example must be one of {', '.join(scripts)}. Received: "
            f"{name!r}. Choose one of them.",
            file=sys.stderr,
        )
        return 2
    sys.path.insert(0, str(FOLDER))  # as for a script that is run itself
    sys.argv = [str(scripts[name]), *rest]
    runpy.run_path(str(scripts[name]), run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
