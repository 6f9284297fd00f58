"""Reads the config of `keras-relcon pretrain`."""

import difflib
import json
import tomllib
from pathlib import Path

from keras_relcon.cli.pretrain_checks import check_config

DEFAULTS = {
    "held_out_subjects": [],
    "held_out_share": 0.2,
    "seed": 0,
    "recordings": {"unit": "g", "sample_rate_hz": None},
    "windows": {"sample_rate_hz": 100.0, "window_length": 256},
    "motif_distance": {
        "epochs": 3,
        "steps": None,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "warmup_steps": 0,
    },
    "encoder": {
        "pooling": "mean",
        "final_norm": False,
        "precision": "float32",
    },
    "relcon": {
        "temperature": 1.0,
        "batch_size": 64,
        "num_candidates": 20,
        "steps": 1000,
        "steps_per_epoch": 100,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "warmup_steps": 0,
        "projector": [],
        "policy": "subject",
        "span_seconds": None,
        "minimum_std_g": None,
        "skip_nonfinite": False,
    },
    "views": {"weight": 0.0, "projector": [], "temperature": 0.1},
    "run": {
        "checkpoint_steps": 100,
        "max_minutes": None,
        "tensorboard": False,
    },
    "facts": {},
}
REQUIRED = ("data", "output")
MODEL_ARGUMENTS = {
    "motif_distance": (
        "attention",
        "embedding_dim",
        "kernel_size",
        "num_dilated_blocks",
        "dropout",
        "pairs_per_chunk",
    ),
    "encoder": (
        "embedding_dim",
        "num_blocks",
        "widths",
        "kernel_sizes",
        "strides",
        "rematerialize",
    ),
}


def read_config(path):
    """Reads a TOML or JSON file.

    Args:
        path: str or path, ending in `.toml` or `.json`.

    Returns:
        dict with the keys of `DEFAULTS` and `REQUIRED`, all sections filled
        up; `data` and `output` are `Path`, relative to the file's folder.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, lacks what is required, has a key or a
            kind of value that is not known (the nearest key is suggested), or
            a value that cannot be trained with.
    """
    path = Path(path)
    readers = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix not in readers:
        raise ValueError(
            f"The config must end in .toml or .json. Received: {str(path)!r}. "
            "Rename it."
        )
    try:
        values = readers[path.suffix](path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"The config must be {path.suffix[1:].upper()}. "
            f"Received: {str(path)!r}, where {error}."
        ) from error
    return complete_config(values, path.parent)


def complete_config(values, folder="."):
    """Checks a config and fills it up with the defaults.

    Args:
        values: dict, as read.
        folder: str or path. What its paths are relative to.

    Returns:
        dict. See `read_config`.

    Raises:
        ValueError: as `read_config`.
    """
    if not isinstance(values, dict):
        raise ValueError(
            "The config must have keys and values. "
            f"Received: {type(values).__name__}."
        )
    _check_keys(values, [*REQUIRED, *DEFAULTS], "The config")
    missing = [name for name in REQUIRED if name not in values]
    if missing:
        raise ValueError(
            f"The config must say {list(REQUIRED)}. Received: no {missing}. "
            "Add it."
        )
    config = {name: Path(folder) / str(values[name]) for name in REQUIRED}
    for name, default in DEFAULTS.items():
        config[name] = _filled(name, values.get(name, default), default)
    if config["motif_distance"]["steps"] is not None:
        if "epochs" in values["motif_distance"]:
            raise ValueError(
                "[motif_distance] may have epochs or steps. Received: both. "
                "Leave out one of them."
            )
        config["motif_distance"]["epochs"] = None
    check_config(config)
    rate_hz = config["windows"]["sample_rate_hz"]
    if rate_hz == int(rate_hz):
        # 100 and 100.0 are one config: what is trained is kept by its hash.
        config["windows"]["sample_rate_hz"] = int(rate_hz)
    return config


def stated_config(config):
    """A config as JSON can hold it, without what is of this computer.

    Args:
        config: dict of `complete_config`.

    Returns:
        dict, which `complete_config` takes: `data` and `output` are names,
        sections without `facts`, and no key whose value is `None`.
    """
    stated = {name: config[name].name for name in REQUIRED}
    for name, value in config.items():
        if isinstance(value, dict):
            value = {k: v for k, v in value.items() if v is not None}
        if name not in (*REQUIRED, "facts"):
            stated[name] = value
    return json.loads(json.dumps(stated, default=str))


def _filled(name, value, default):
    _check_kind(name, value, default)
    if not isinstance(default, dict):
        return value
    if name != "facts":
        known = [*default, *MODEL_ARGUMENTS.get(name, ())]
        _check_keys(value, known, f"[{name}]")
    for key, inner in default.items():
        if key in value:
            _check_kind(f"{name}.{key}", value[key], inner)
    return {**default, **value}


def _check_keys(values, known, owner):
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            advice = f"Did you mean {near[0]!r}?" if near else "Leave it out."
            raise ValueError(
                f"{owner} may have {known}. Received: {key!r}. {advice}"
            )


def _check_kind(name, value, default):
    kind = type(default)
    if default is None or kind is float:
        kind = (int, float)
    if not isinstance(value, kind) or (
        isinstance(value, bool) and kind is not bool
    ):
        if value is None and default is None:
            return
        names = {
            bool: "true or false",
            int: "a whole number",
            dict: "a section",
            list: "a list",
            str: "text",
        }
        example = "" if default is None else f", such as {default!r}"
        raise ValueError(
            f"{name} must be {names.get(kind, 'a number')}{example}. "
            f"Received: {value!r}."
        )
