"""Describes a run, and turns facts of any kind into plain values."""

import json
import math
import os
import platform
import time

import keras
import numpy as np

from keras_relcon.kept_files import library_versions


def describe_run(task, windows, folds, standardize, seed, started):
    """Describes a run: data, subjects, folds, seeds, versions, machine, time.

    Args:
        task: the task, not fitted.
        windows: `Windows` that were used.
        folds: list of `Fold`.
        standardize: bool.
        seed: int.
        started: float. Unix seconds.

    Returns:
        JSON-ready dict.
    """
    facts = {
        "task": task_settings(task),
        "refits_on_validation": getattr(task, "refits_on_validation", False),
        "standardize": bool(standardize),
        "seed": int(seed),
        "num_windows": len(windows),
        "subjects": sorted(np.unique(windows.subjects).tolist()),
        "sample_rate_hz": float(windows.sample_rate_hz),
        "window_length": int(windows.acceleration.shape[1]),
        "folds": [fold.describe() for fold in folds],
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(started)),
        "seconds": round(time.time() - started, 1),
        "backend": keras.backend.backend(),
        "versions": library_versions(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    if windows.labels is not None:
        classes, counts = np.unique(windows.labels, return_counts=True)
        facts["windows_per_class"] = dict(
            zip(classes.tolist(), counts.tolist())
        )
    return facts


def task_settings(task):
    """The class and the arguments of a task, JSON-ready.

    Attributes that begin or end with an underscore are left out: they are not
    arguments.
    """
    settings = {"class": type(task).__name__}
    for name, value in sorted(vars(task).items()):
        if name[0] != "_" and name[-1] != "_":
            settings[name] = _plain_or_settings(value)
    return settings


def _plain_or_settings(value):
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    plain = (bool, int, float, str, list, tuple, dict)
    if value is None or isinstance(value, plain):
        return value
    if hasattr(value, "get_config"):  # an optimizer, an encoder
        return {"class": type(value).__name__, **value.get_config()}
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return task_settings(value) if hasattr(value, "__dict__") else repr(value)


def to_plain(value):
    """Turns any value into one that JSON can hold.

    NaN and infinity become `None`, arrays and tuples become lists, and keys
    become str. Anything unknown becomes its text, because a report must not
    fail on its settings.
    """
    if isinstance(value, dict):
        return {str(key): to_plain(part) for key, part in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return to_plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def plain_json(facts):
    """The text of `to_plain`, to keep or to print."""
    return json.dumps(to_plain(facts), indent=1, allow_nan=False)


def to_words(value):
    """One readable line of text for a plain value."""
    if isinstance(value, dict):
        parts = (f"{key} {to_words(part)}" for key, part in value.items())
        return ", ".join(parts)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(to_words, value))
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
