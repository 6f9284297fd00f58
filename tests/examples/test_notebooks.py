import json
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "notebooks"
NAMES = ("embed_and_look", "labels_to_answers", "pretrain_your_own")
LARGEST = 500_000  # bytes


def outputs_of(notebook):
    return [
        output
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
    ]


@pytest.mark.parametrize("name", NAMES)
def test_kept_outputs_are_whole_and_of_no_machine(name):
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size < LARGEST
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in cells]
    assert counts == list(range(1, len(cells) + 1))  # run once, in order
    outputs = outputs_of(notebook)
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 3
    for output in outputs:
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr"
        data = output.get("data", {})
        text = "".join(output.get("text", [])) + "".join(
            part for kind in data if kind != "image/png" for part in data[kind]
        )
        for start in ("/home", "/root", "/tmp", "/work", "/usr", "C:\\"):
            assert start not in text
    assert not any("execution" in cell["metadata"] for cell in cells)


def test_every_notebook_is_tested():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs(name, monkeypatch):
    monkeypatch.setenv("NOTEBOOK_SIZE", "small")
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parents[1]))
    executed = runpy.run_path(str(FOLDER / "run.py"))["executed"]
    notebook = executed(FOLDER / f"{name}.ipynb")
    assert sum("image/png" in o.get("data", {}) for o in outputs_of(notebook))
