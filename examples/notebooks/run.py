"""Runs notebooks and keeps their outputs, as they are shown on the web.

python examples/notebooks/run.py                        # all of this folder
python examples/notebooks/run.py embed_and_look.ipynb   # one

It needs nbclient and ipykernel. NOTEBOOK_SIZE=small runs them on less data.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def executed(path):
    """The notebook with new outputs, without what a machine adds to them."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(FOLDER)}}
    )
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if output.get("name") != "stderr"
            ]
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main():
    paths = [FOLDER / name for name in sys.argv[1:]]
    for path in paths or sorted(FOLDER.glob("*.ipynb")):
        notebook = executed(path)
        nbformat.write(notebook, path)
        print(path.name, flush=True)


if __name__ == "__main__":
    main()
