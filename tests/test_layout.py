"""The floors of the package, walked on the syntax tree."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "keras_relcon"
FLOORS = {
    "version": -1,
    "backend_choice": 0,
    "checks": -1,
    "kept_files": 0,
    "cores": 0,
    "markup": 0,
    "reprs": 0,
    "types": -1,
    "distributed": 0,
    "layers": 1,
    "losses": 1,
    "data": 1,
    "timeline": 2,
    "models": 2,
    "baselines": 3,
    "presets": 3,
    "training": 3,
    "evaluation": 4,
    "estimators": 5,
    "recipes": 5,
    "cohort": 6,
    "beam": 7,
    "tuning": 5,
    "cli": 7,
}
BACKENDS = {"tensorflow", "jax", "torch"}
BACKEND_FILES = {
    "layers/kernels/jax_device.py": {"jax"},
    "layers/kernels/jax_ranking.py": {"jax"},
    "layers/kernels/torch_sparsemax.py": {"torch"},
    "layers/kernels/torch_batch_norm.py": {"torch"},
    "layers/kernels/tensorflow_batch_norm.py": {"tensorflow"},
    "distributed/tensorflow_replicas.py": {"tensorflow"},
    "distributed/jax_replicas.py": {"jax"},
    "distributed/torch_replicas.py": {"torch"},
    "data/streams/tf_dataset.py": {"tensorflow"},
    "evaluation/suite/rival_encoder.py": {"torch"},
    "models/backend_programs/tensorflow_programs.py": {"tensorflow"},
    "models/backend_programs/jax_programs.py": {"jax"},
    "models/backend_programs/torch_programs.py": {"torch"},
    "models/train_steps/tensorflow_train_step.py": {"tensorflow"},
    "models/train_steps/jax_train_step.py": {"jax"},
    "models/train_steps/torch_train_step.py": {"torch"},
}
# Every file of tests in these folders depends on the backend, but for these.
EVERY_BACKEND = {
    "baselines",
    "distributed",
    "layers",
    "losses",
    "models",
    "presets",
}
ONCE = {
    "presets/test_hostile_presets.py",
    "presets/test_list_presets.py",
    "presets/test_model_card.py",
    "presets/test_wheel.py",
    "test_snippets.py",
    "tuning/test_distributed_search.py",
}
# May only be imported inside a function.
LAZY = {
    "aeon",
    "matplotlib",
    "pandas",
    "sklearn",
    "tensorflow_datasets",
    "keras_tuner",
    "umap",
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """Yields (module, names, is_at_the_top) of every import that is run."""
    tree = ast.parse(path.read_text())
    not_run = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If)
        and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        for node in ast.walk(line)
    }
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if id(node) in not_run:
            continue
        top = id(node) not in inner
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, [], top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module, [alias.name for alias in node.names], top


def test_every_folder_has_a_floor():
    for path in PACKAGE.iterdir():
        if path.name.startswith("__") or path.name == "py.typed":
            continue
        assert path.stem in FLOORS, f"{path.name} has no floor"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.name)
def test_imports_only_go_down(path):
    relative = path.relative_to(PACKAGE)
    if relative.name == "__init__.py" and len(relative.parts) == 1:
        return
    own = Path(relative.parts[0]).stem
    for module, names, _ in imports(path):
        parts = module.split(".")
        if parts[0] != "keras_relcon":
            continue
        targets = [parts[1]] if len(parts) > 1 else names
        assert targets, f"{relative} imports the root of the package"
        for target in targets:
            assert target == own or FLOORS[target] < FLOORS[own], (
                f"{relative} imports {module}: {target} is not below {own}"
            )


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.name)
def test_backends_are_named_in_the_train_steps_only(path):
    relative = path.relative_to(PACKAGE).as_posix()
    allowed = BACKEND_FILES.get(relative, set())
    for module, _, _ in imports(path):
        top = module.split(".")[0]
        assert top not in BACKENDS - allowed, f"{relative} imports {module}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.name)
def test_heavy_packages_are_imported_inside_functions(path):
    # Estimators are scikit-learn's, and their folder is imported on first use.
    is_estimator = "estimators" in path.parts
    lazy = LAZY - {"sklearn"} if is_estimator else LAZY
    for module, _, top in imports(path):
        if top:
            assert module.split(".")[0] not in lazy, f"{path}: {module}"


def test_builders_import_nothing_of_the_package():
    for path in (ROOT / "tfds_builders").rglob("*.py"):
        for module, _, _ in imports(path):
            assert module.split(".")[0] != "keras_relcon", path


def test_what_depends_on_the_backend_runs_on_every_backend():
    """Tests that are not marked run on one backend alone, in `make test`."""
    tests = ROOT / "tests"
    for path in tests.rglob("test_*.py"):
        name = path.relative_to(tests)
        text = path.read_text()
        depends = name.parts[0] in EVERY_BACKEND or "backend.backend()" in text
        if depends and name.as_posix() not in ONCE:
            assert "pytest.mark.every_backend" in text, (
                f"tests/{name} needs `pytestmark = pytest.mark.every_backend`"
                ", or the mark on each test that depends on the backend"
            )


# What gives numbers of a backend, or compares them.
NUMBERS = {
    "assert_allclose",
    "evaluate",
    "fit",
    "gradients",
    "predict",
    "predict_on_batch",
    "test_on_batch",
    "to_numpy",
    "train_on_batch",
    "variable_gradients",
}


def names_in(node):
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def test_what_runs_once_compares_no_numbers():
    """The mark `once` is for files, messages and configs."""
    found = 0
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            marks = [
                ast.unparse(mark)
                for mark in getattr(node, "decorator_list", [])
            ]
            if "pytest.mark.once" in marks:
                found += 1
                numbers = NUMBERS & set(names_in(node))
                assert not numbers, f"{path.name}, {node.name}: {numbers}"
    assert found


IMPORT = """
import sys
import keras
before = set(sys.modules)
import keras_relcon
new = {name.split(".")[0] for name in set(sys.modules) - before}
new -= {"keras_relcon", "__future__"} | set(sys.stdlib_module_names)
assert not new - {"keras", "numpy"}, new
inside = {name.split(".")[1] for name in sys.modules
          if name.startswith("keras_relcon.")}
expected = {"backend_choice", "baselines", "checks", "distributed", "layers",
            "losses", "models", "types", "version"}
assert inside == expected, inside
for name in ("ResNet1D18", "RelConModel", "SimCLR", "AugPred", "REBAR"):
    assert keras.saving.get_registered_object("keras_relcon>" + name), name
keras_relcon.MotifDistance, keras_relcon.RelConModel
keras_relcon.baselines, keras_relcon.data, keras_relcon.evaluation
keras_relcon.timeline
new = {name.split(".")[0] for name in set(sys.modules) - before}
assert not new & {"pandas", "pyarrow", "matplotlib", "sklearn"}, new
"""


@pytest.mark.every_backend
def test_import_adds_nothing_to_what_keras_loads():
    run = subprocess.run(
        [sys.executable, "-c", IMPORT],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]


def test_unknown_attribute_is_an_attribute_error():
    import keras_relcon

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        keras_relcon.nothing
    assert "RelConModel" in dir(keras_relcon)


LOAD = """
import sys
import keras
import keras_relcon
keras.saving.load_model(sys.argv[1])
"""


@pytest.mark.every_backend
def test_saved_distance_loads_after_the_import_alone(tmp_path):
    import keras_relcon

    distance = keras_relcon.MotifDistance(embedding_dim=8, kernel_size=3)
    distance.build((None, None, 3))
    distance.save(tmp_path / "distance.keras")
    run = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "distance.keras")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
