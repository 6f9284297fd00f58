"""Reads and checks the config of `keras-relcon pretrain`."""

import difflib
import json
import tomllib
from pathlib import Path

from keras_relcon.data.streams.candidate_checks import check_policy

DEFAULTS = {
    "held_out_subjects": [],
    "held_out_share": 0.2,
    "seed": 0,
    "recordings": {"unit": "g", "sample_rate_hz": None},
    "windows": {"sample_rate_hz": 100, "window_length": 256},
    "motif_distance": {
        "epochs": 3,
        "steps": None,
        "batch_size": 64,
        "learning_rate": 1e-3,
    },
    "encoder": {},
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
    "run": {
        "checkpoint_steps": 100,
        "max_minutes": None,
        "tensorboard": False,
    },
    "facts": {},
}
SCHEDULES = ("constant", "cosine")
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
        ValueError: if it is damaged, lacks what is required, or has a key or
            a kind of value that is not known; the nearest key is suggested.
    """
    path = Path(path)
    readers = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix not in readers:
        raise ValueError(
            f"The config must end in .toml or .json. Received: {str(path)!r}."
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
            f"The config must say {list(REQUIRED)}. Received: no {missing}."
        )
    config = {name: Path(folder) / str(values[name]) for name in REQUIRED}
    for name, default in DEFAULTS.items():
        config[name] = _filled(name, values.get(name, default), default)
    _check_distance(config["motif_distance"], values)
    _check_relcon(config["relcon"])
    _check_at_least(config["run"], "run", {"checkpoint_steps": 1})
    return config


def _check_distance(settings, values):
    if settings["steps"] is not None:
        if "epochs" in values["motif_distance"]:
            raise ValueError(
                "[motif_distance] may have epochs or steps. Received: both. "
                "Leave out one of them."
            )
        _check_at_least(settings, "motif_distance", {"steps": 1})


def _check_relcon(settings):
    least = {"steps": 1, "steps_per_epoch": 1, "warmup_steps": 0}
    _check_at_least(settings, "relcon", least)
    if settings["schedule"] not in SCHEDULES:
        raise ValueError(
            f"relcon.schedule must be one of {list(SCHEDULES)}. "
            f"Received: {settings['schedule']!r}."
        )
    if settings["warmup_steps"] and settings["schedule"] == "constant":
        raise ValueError(
            'relcon.warmup_steps goes with relcon.schedule = "cosine". '
            f"Received: warmup_steps = {settings['warmup_steps']} with "
            '"constant". Choose "cosine", or leave out the warm-up.'
        )
    if settings["warmup_steps"] >= settings["steps"]:
        raise ValueError(
            "relcon.warmup_steps must be below relcon.steps. Received: "
            f"{settings['warmup_steps']} of {settings['steps']}."
        )
    widths = settings["projector"]
    if not all(type(width) is int and width > 0 for width in widths):
        raise ValueError(
            "relcon.projector must be a list of widths, such as [256, 128], "
            f"or []. Received: {widths}."
        )
    check_policy(
        settings["policy"], settings["span_seconds"], settings["minimum_std_g"]
    )


def _check_at_least(settings, section, least):
    for name, value in least.items():
        if type(settings[name]) is not int or settings[name] < value:
            raise ValueError(
                f"{section}.{name} must be a whole number of {value} or more. "
                f"Received: {settings[name]!r}."
            )


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
            dict: "a section",
            list: "a list",
            str: "text",
        }
        example = "" if default is None else f", such as {default!r}"
        raise ValueError(
            f"{name} must be {names.get(kind, 'a number')}{example}. "
            f"Received: {value!r}."
        )
