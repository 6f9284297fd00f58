"""What a type checker, and with it an editor, knows of the public names."""

import ast
import dataclasses
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "data",
    "layers",
    "losses",
    "models",
    "baselines",
    "distributed",
    "evaluation",
    "presets",
    "recipes",
    "training",
    "tuning",
    "estimators",
    "timeline",
)
SPECIAL = {"__call__", "__getitem__", "__init__", "__iter__", "__len__"}
# A base on each backend, of methods that Keras and `RelConModel` call.
WITHOUT_TYPES = ("keras_relcon.models.train_steps",)


def public_functions(folder):
    """Yields name and function of all that `__all__` of a folder names."""
    module = importlib.import_module(f"keras_relcon.{folder}")
    for name in module.__all__:
        item = getattr(module, name)
        if inspect.isfunction(item):
            yield name, item
        elif inspect.isclass(item):
            for owner in item.__mro__:
                home = owner.__module__
                if home.startswith(WITHOUT_TYPES):
                    continue
                if home.startswith("keras_relcon."):
                    yield from methods_of(owner)


def methods_of(owner):
    for name, item in vars(owner).items():
        if name.startswith("_") and name not in SPECIAL:
            continue
        if isinstance(item, property):
            item = item.fget
        item = inspect.unwrap(getattr(item, "__func__", item))
        if inspect.isfunction(item):
            yield f"{owner.__name__}.{name}", item


def without_type(function):
    """The parameters without an annotation, and "return"."""
    signature = inspect.signature(function)
    empty = inspect.Signature.empty
    names = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.annotation is empty and name not in ("self", "cls")
    ]
    is_known = signature.return_annotation is not empty
    return names if is_known else [*names, "return"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_public_functions_say_their_types(folder):
    missing = {
        name: without_type(function)
        for name, function in public_functions(folder)
        if without_type(function)
    }
    assert not missing


def test_an_editor_knows_types_and_refuses_wrong_calls(tmp_path):
    """From another folder, where `py.typed` is what makes them known.

    With the cache that `make lint` leaves this takes a second.
    """
    pytest.importorskip("mypy", reason="needs mypy")
    options = {
        "--config-file": ROOT / "pyproject.toml",
        "--cache-dir": ROOT / ".mypy_cache",
    }
    run = subprocess.run(
        [
            *(sys.executable, "-m", "mypy"),
            *(str(part) for option in options.items() for part in option),
            str(ROOT / "tests" / "typed_calls.py"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_constructor_for_type_checkers_is_that_of_the_fields():
    """Written out where more is accepted than kept."""
    for name in ("Recording", "LabelIntervals"):
        kind = getattr(importlib.import_module("keras_relcon.data"), name)
        (body,) = [
            node
            for node in ast.parse(inspect.getsource(kind)).body[0].body
            if isinstance(node, ast.If)
        ]
        arguments = body.body[0].args
        fields = dataclasses.fields(kind)
        assert [each.arg for each in arguments.args[1:]] == [
            field.name for field in fields
        ]
        assert [ast.literal_eval(each) for each in arguments.defaults] == [
            field.default
            for field in fields
            if field.default is not dataclasses.MISSING
        ]
