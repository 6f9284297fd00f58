"""Finds the directory of a preset, lists and reads presets, with checks."""

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from keras_relcon.checks import message, nearest
from keras_relcon.presets.preset_metadata import PresetMetadata
from keras_relcon.presets.safe_config import check_config

# Those that come with the package.
BUNDLED = Path(__file__).parent / "bundled"
CLASSIFIERS = Path(__file__).parents[1] / "estimators" / "bundled"
HUB = "hf://"
CONFIG, METADATA = "config.json", "metadata.json"
WEIGHTS, CARD = "model.weights.h5", "README.md"
MOST_JSON_BYTES = 1 << 24
COLUMNS = ("name", "parameters", "window", "weights", "trained on")
# Folders within a preset: what `RelConModel` takes, and the rest.
PRETRAINING_PARTS = ("motif_distance", "projector")
COMPACT = "compact_features"
MINI_ROCKET = "mini_rocket"
STEADY = "steady_features"
PARTS = (*PRETRAINING_PARTS, COMPACT, MINI_ROCKET, STEADY)
# What desktops put into any folder.
OF_THE_SYSTEM = (".DS_Store", "Thumbs.db", "desktop.ini")


def bundled_presets():
    """Names of the presets that come with the package, sorted."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{METADATA}"))


def find_preset(name_or_directory):
    """Returns the directory of a preset.

    Args:
        name_or_directory: str or path. The name of a preset that comes with
            the package, a directory, or `"hf://user/repo"`, which
            huggingface_hub downloads; `"hf://user/repo@revision"` for a tag,
            a branch or a commit.

    Raises:
        ImportError: for `hf://`, if huggingface_hub is not installed.
        ValueError: if there is no such preset; the nearest name is suggested.
    """
    name = os.fspath(name_or_directory)
    if name.startswith(HUB):
        return _download(name.removeprefix(HUB))
    if name in bundled_presets():
        if (Path(name) / METADATA).is_file():
            warnings.warn(
                f"{name!r} is the preset that comes with the package, not the "
                f"directory of that name which is here. Write './{name}' for "
                "the directory.",
                stacklevel=3,
            )
        return BUNDLED / name
    if Path(name).is_dir():
        return Path(name)
    if (CLASSIFIERS / name / "classifier.json").is_file():
        raise ValueError(
            message(
                "A preset must be an encoder.",
                f"{name!r}, a classifier that is fitted already",
                f'Use `MotionClassifier.load("{name}")`, or `keras-relcon '
                f"predict --model {name}`.",
            )
        )
    advice = "See `keras_relcon.presets.list_presets()`."
    raise ValueError(
        message(
            f"A preset must be one of {bundled_presets()}, a directory that "
            "`save_to_preset` wrote, or 'hf://user/repo'.",
            repr(name),
            nearest(Path(name).name, bundled_presets(), advice),
        )
    )


def list_presets(print_fn: Callable[[str], Any] = print) -> list[str]:
    """Prints a table of the presets that come with the package.

    Its columns are the name, the number of parameters, the window (samples,
    and their rate in Hz), the number type of the weights, and the training
    data.

    Args:
        print_fn: callable. Is given each line. Defaults to `print`.

    Returns:
        list of str, their names.

    Example:

    >>> names = keras_relcon.presets.list_presets()
    """
    names = bundled_presets()
    rows = [COLUMNS] + [_row(name) for name in names]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print_fn("  ".join(cells).rstrip())
    if not names:
        print_fn("(none come with the package)")
    return names


def read_preset(directory):
    """Reads the two JSON files of a preset.

    Args:
        directory: path.

    Returns:
        `(config, metadata)`: a dict whose classes are all allowed, and
        `PresetMetadata`.

    Raises:
        ValueError: if files are missing or damaged, a newer version wrote
            them, or the config names a class that a preset may not hold.
    """
    directory = Path(directory)
    required = (CONFIG, METADATA, WEIGHTS)
    missing = [name for name in required if not (directory / name).is_file()]
    if missing:
        raise ValueError(
            f"A preset must be a directory with {list(required)}. Received: "
            f"{str(directory)!r}, without {missing}. Copy or download the "
            "whole preset again."
        )
    metadata = PresetMetadata.from_dict(
        _read_json(directory / METADATA), directory / METADATA
    )
    config = _read_json(directory / CONFIG)
    check_config(config, str(directory / CONFIG))
    is_model = isinstance(config, dict) and "class_name" in config
    if not is_model or not isinstance(config.get("config"), dict):
        raise _damaged(directory / CONFIG, "it describes no model")
    return config, metadata


def check_is_free(path, overwrite):
    """Raises a `FileExistsError` where a preset would not be written."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    held, advice = "something", "Choose another name, or pass overwrite=True."
    if overwrite and not (path / METADATA).is_file():
        advice = "It is no preset, so it is not replaced: remove it first."
    elif overwrite:
        others = _beside_a_preset(path)
        if not others:
            return
        held = f"more than a preset, such as {others[:5]}"
        advice = "It would be lost: move it away first."
    raise FileExistsError(
        "`directory` must not exist, or be empty. "
        f"Received: {str(path)!r}, which holds {held}. {advice}"
    )


def _row(name):
    _, metadata = read_preset(BUNDLED / name)
    parameters = metadata.num_parameters
    return (
        name,
        f"{parameters / 1e6:.1f} M" if parameters else "?",
        f"{metadata.window_length} samples at {metadata.sample_rate_hz:g} Hz",
        metadata.weights["dtype"],
        str(metadata.facts.get("data", "not stated")),
    )


def _beside_a_preset(path):
    """What is in the directory of a preset and not of it, sorted."""
    folders = [path, *(path / part for part in PARTS)]
    known = (CONFIG, METADATA, WEIGHTS, CARD, *OF_THE_SYSTEM)
    return sorted(
        entry.relative_to(path).as_posix()
        for folder in folders
        if folder.is_dir()
        for entry in folder.iterdir()
        if entry.name not in known and entry not in folders
    )


def _read_json(path):
    num_bytes = path.stat().st_size
    if num_bytes > MOST_JSON_BYTES:
        reason = f"{num_bytes:,} bytes, at most {MOST_JSON_BYTES:,} are read"
        raise _damaged(path, reason)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error


def _damaged(path, reason):
    return ValueError(
        "The files of a preset must be as `save_to_preset` wrote them. "
        f"Received: {str(path)!r}, which is damaged ({reason}). Copy or "
        "download the whole preset again."
    )


def preset_files() -> list[str]:
    """What a preset may hold, as paths in its directory."""
    files = (CONFIG, METADATA, WEIGHTS)
    parts = [f"{part}/{name}" for part in PARTS for name in files]
    return [CARD, *files, *parts]


def import_hub() -> ModuleType:
    """Returns `huggingface_hub`.

    Raises:
        ImportError: if it is not installed.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise ImportError(
            "Presets on the hub need huggingface_hub, which is not installed. "
            'Install it with `pip install "keras-relcon[hub]"`.'
        ) from error
    return huggingface_hub


def _download(name):
    repository, _, revision = name.partition("@")
    folder = import_hub().snapshot_download(
        repository,
        revision=revision or None,
        allow_patterns=preset_files(),
    )
    return Path(folder)
