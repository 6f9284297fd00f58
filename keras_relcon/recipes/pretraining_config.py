"""Reads the config of a pretraining, adds defaults and checks it."""

import json
import tomllib
from pathlib import Path
from typing import Any

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    message,
    nearest,
)
from keras_relcon.data.streams.candidate_groups import check_policy
from keras_relcon.data.streams.subject_blocks import (
    check_blocks,
    check_max_blocks,
)
from keras_relcon.layers.resnet1d34 import POOLINGS
from keras_relcon.models.mini_rocket import NUM_KERNELS
from keras_relcon.models.stage_features import check_scales
from keras_relcon.presets.preset_directory import bundled_presets
from keras_relcon.recipes.pretraining_data import data_paths
from keras_relcon.recipes.pretraining_models import check_schedule
from keras_relcon.types import PathLike

DEFAULTS: dict[str, Any] = {
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
        "preset": None,
    },
    "encoder": {
        "pooling": "mean",
        "final_norm": False,
        "precision": "float32",
        "preset": None,
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
        "anchors": "one",
        "ranking": None,
        "ranked_groups": None,
        "max_blocks": None,
    },
    "views": {
        "weight": 0.0,
        "projector": [],
        "temperature": 0.1,
        "augmentations": [],
        "num_augmentations": 2,
    },
    "readout": {
        "scales": [1],
        "mini_rocket": 0,
        "steady": 0,
        "compact": 0,
        "windows": 6000,
    },
    "run": {
        "checkpoint_steps": 100,
        "max_minutes": None,
        "tensorboard": False,
        "workers": 1,
    },
    "facts": {},
}
REQUIRED = ("data", "output")
ABOVE_ZERO = (
    "windows.sample_rate_hz",
    "motif_distance.learning_rate",
    "relcon.learning_rate",
    "relcon.temperature",
    "views.temperature",
)
LEAST_WHOLE = {
    "windows.window_length": 2,
    "motif_distance.batch_size": 1,
    "motif_distance.warmup_steps": 0,
    "relcon.steps": 1,
    "relcon.steps_per_epoch": 1,
    "relcon.batch_size": 2,
    "relcon.num_candidates": 1,
    "relcon.warmup_steps": 0,
    "views.num_augmentations": 1,
    "readout.mini_rocket": 0,
    "readout.steady": 0,
    "readout.compact": 0,
    "readout.windows": 1,
    "run.checkpoint_steps": 1,
    "run.workers": 1,
}
CHOICES = {
    "motif_distance.schedule": ("constant", "cosine"),
    "relcon.schedule": ("constant", "cosine"),
    "relcon.anchors": ("one", "all"),
    "encoder.pooling": POOLINGS,
    # In mixed_float16 the encoder's gradient would need a scaled loss.
    "encoder.precision": ("float32", "mixed_bfloat16"),
}
# Without a default, so that it does not tell their kind.
TEXTS = ("motif_distance.preset", "encoder.preset", "relcon.ranking")
# Keys whose value may be a path.
PLACES = ("preset", "ranking")
MODEL_ARGUMENTS = {
    "motif_distance": (
        "attention",
        "embedding_dim",
        "kernel_size",
        "num_dilated_blocks",
        "dropout",
        "pairs_per_chunk",
        "ranking_attention",
        "downsampling",
    ),
    "encoder": (
        "embedding_dim",
        "num_blocks",
        "widths",
        "kernel_sizes",
        "strides",
        "rematerialize",
        "alignment",
    ),
}


def read_config(path: PathLike) -> dict[str, Any]:
    """Reads a TOML or JSON file.

    Args:
        path: str or path, ending in `.toml` or `.json`.

    Returns:
        dict with the keys of `DEFAULTS` and `REQUIRED` and all sections
        complete. `data`, a `Path` or a tuple of `Path`, `output` and
        `relcon.ranking` are relative to the file's folder.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, a required key is missing, a key
            is unknown (the nearest key is suggested), or a value is of the
            wrong kind or cannot be used for training.
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
            f"The config must be {path.suffix[1:].upper()}. Received: "
            f"{str(path)!r}, where {error}. Correct it there."
        ) from error
    return complete_config(values, path.parent)


def complete_config(
    values: dict[str, Any], folder: PathLike = "."
) -> dict[str, Any]:
    """Checks a config and adds the defaults.

    Args:
        values: dict, as read.
        folder: str or path. Its paths are relative to this folder.

    Returns:
        dict. See `read_config`.

    Raises:
        ValueError: as `read_config`.
    """
    if not isinstance(values, dict):
        raise ValueError(
            "The config must have keys and values. Received: "
            f"{type(values).__name__}. Give it {list(REQUIRED)}."
        )
    _check_keys(values, [*REQUIRED, *DEFAULTS], "The config")
    missing = [name for name in REQUIRED if name not in values]
    if missing:
        raise ValueError(
            f"The config must have {list(REQUIRED)}. Received: no {missing}. "
            "Add it."
        )
    folder = Path(folder)
    config = {
        "data": _sources(values["data"], folder),
        "output": folder / str(values["output"]),
    }
    for name, default in DEFAULTS.items():
        config[name] = _filled(name, values.get(name, default), default)
    if config["relcon"]["ranking"] is not None:
        config["relcon"]["ranking"] = folder / config["relcon"]["ranking"]
    for name, words in (("encoder", "encoder"), ("motif_distance", "distance")):
        _take_preset(name, words, config[name], folder)
    if config["motif_distance"]["steps"] is not None:
        if "epochs" in values["motif_distance"]:
            raise ValueError(
                "[motif_distance] may have epochs or steps. Received: both. "
                "Leave out one of them."
            )
        config["motif_distance"]["epochs"] = None
    _check_values(config)
    rate_hz = config["windows"]["sample_rate_hz"]
    if rate_hz == int(rate_hz):
        # 100 and 100.0 are one config, and must have the same hash.
        config["windows"]["sample_rate_hz"] = int(rate_hz)
    return config


def stated_config(config):
    """Returns a config that JSON can hold, without paths of this computer.

    Args:
        config: dict of `complete_config`.

    Returns:
        dict that `complete_config` accepts. `data`, `output`,
        `relcon.ranking` and presets are names, `facts` is left out, and so is
        every key whose value is `None`.
    """
    stated = {"output": config["output"].name}
    names = [path.name for path in data_paths(config)]
    stated["data"] = names[0] if len(names) == 1 else names
    for name, value in config.items():
        if isinstance(value, dict):
            value = with_names(
                {k: v for k, v in value.items() if v is not None}
            )
        if name not in (*REQUIRED, "facts"):
            stated[name] = value
    return json.loads(json.dumps(stated, default=str))


def with_names(section):
    """A section with names of files and presets, without their folders."""
    return {
        key: Path(value).name
        if key in PLACES and value is not None and "://" not in str(value)
        else value
        for key, value in section.items()
    }


def _filled(name, value, default):
    _check_like_default(name, value, default)
    if not isinstance(default, dict):
        return value
    if name != "facts":
        known = [*default, *MODEL_ARGUMENTS.get(name, ())]
        _check_keys(value, known, f"[{name}]")
    for key, inner in default.items():
        if key in value:
            _check_like_default(f"{name}.{key}", value[key], inner)
    return {**default, **value}


def _check_keys(values, known, owner):
    for key in values:
        if key not in known:
            advice = nearest(key, known, "Leave it out.")
            raise ValueError(
                message(f"{owner} may have {known}.", repr(key), advice)
            )


def _check_like_default(name, value, default):
    """Raises unless a value is of the same kind as its default."""
    if value is None and default is None:
        return
    kind = str if name in TEXTS else type(default)
    if kind is type(None) or kind is float:
        kind = (int, float)
    is_bool = isinstance(value, bool)
    if isinstance(value, kind) and (kind is bool or not is_bool):
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
        message(
            f"`{name}` must be {names.get(kind, 'a number')}{example}.",
            {name: value},
        )
    )


def _check_values(config):
    """Raises at the first value that cannot be used for training."""
    for path in data_paths(config):
        _check_output(config["output"], path)
    check_number("held_out_share", config["held_out_share"], least=0, below=1)
    check_number("views.weight", config["views"]["weight"], least=0)
    for name in ABOVE_ZERO:
        check_number(name, _value(config, name), above=0)
    for name, least in LEAST_WHOLE.items():
        check_whole(name, _value(config, name), least)
    for name, choices in CHOICES.items():
        check_one_of(name, _value(config, name), choices)
    distance, relcon = config["motif_distance"], config["relcon"]
    length = "epochs" if distance["steps"] is None else "steps"
    check_whole(f"motif_distance.{length}", distance[length])
    check_schedule("motif_distance", distance)
    check_schedule("relcon", relcon)
    check_policy(relcon["policy"], relcon["span_seconds"])
    _check_ranking(relcon)
    _check_readout(config["readout"])
    if relcon["minimum_std_g"] is not None:
        check_number("relcon.minimum_std_g", relcon["minimum_std_g"], above=0)
    for name in ("relcon.projector", "views.projector"):
        widths = _value(config, name)
        if not all(type(width) is int and width > 0 for width in widths):
            expected = f"`{name}` must be a list of widths, such as [256, 128]."
            raise ValueError(
                message(expected, {name: widths}, "Use [] for none.")
            )


def _check_ranking(relcon):
    """Raises a ValueError unless the keys of a ranking go together."""
    if relcon["anchors"] == "all":
        check_blocks(
            relcon["batch_size"],
            relcon["num_candidates"],
            relcon["policy"],
            allow_overlap=False,
        )
    if relcon["ranked_groups"] is not None:
        check_whole("relcon.ranked_groups", relcon["ranked_groups"])
    if relcon["max_blocks"] is not None:
        check_max_blocks(relcon["max_blocks"], relcon["anchors"])
    has_ranking = relcon["ranking"] is not None
    if has_ranking and relcon["anchors"] == "one":
        raise ValueError(
            message(
                '`relcon.ranking` needs relcon.anchors = "all".',
                'ranking with anchors = "one"',
                "Set both, or leave the ranking out.",
            )
        )
    if relcon["ranked_groups"] is not None and not has_ranking:
        raise ValueError(
            message(
                "`relcon.ranked_groups` needs `relcon.ranking`, the file that "
                "keeps their order.",
                {"relcon.ranked_groups": relcon["ranked_groups"]},
                "Name the file, or leave the number out.",
            )
        )


def _check_readout(readout):
    """Raises a ValueError if its parts could not be fitted after training."""
    check_scales(readout["scales"])
    if readout["mini_rocket"]:
        check_whole("readout.mini_rocket", readout["mini_rocket"], NUM_KERNELS)
    if max(readout["steady"], readout["compact"]) > readout["windows"]:
        raise ValueError(
            message(
                "`readout.windows` must be as many as `readout.steady` and "
                "`readout.compact`, or more.",
                readout,
                "Take a few thousand windows.",
            )
        )


def _take_preset(name, words, section, folder):
    """Where the preset of a section is; raises if there is more in it."""
    preset = section["preset"]
    if preset is None:
        return
    described = {
        key
        for key, value in section.items()
        if key not in ("preset", "precision")
        and value != DEFAULTS[name].get(key)
    }
    if described:
        raise ValueError(
            message(
                f"With `{name}.preset` the {words} is that of the preset.",
                f"[{name}] with {sorted(described)}",
                "Leave these keys out.",
            )
        )
    is_place = "://" not in preset and preset not in bundled_presets()
    if is_place and (folder / preset).is_dir():
        section["preset"] = str(folder / preset)


def _sources(value, folder):
    """`Path` of one source, or a tuple of `Path` of several."""
    if not isinstance(value, (list, tuple)):
        return folder / str(value)
    paths = tuple(folder / str(source) for source in value)
    names = {path.stem for path in paths}
    if not paths or len(names) < len(paths):
        raise ValueError(
            message(
                "`data` must be a path, or a list of paths with different "
                "names.",
                {"data": value},
            )
        )
    return paths[0] if len(paths) == 1 else paths


def _value(config, name):
    section, key = name.split(".")
    return config[section][key]


def _check_output(output, data):
    place = output.parent.resolve() / output.name
    if data.is_dir() and place.is_relative_to(data.resolve()):
        raise ValueError(
            message(
                "`output` must be outside of the folder data, where its files "
                "may be read as recordings.",
                f"output = {str(output)!r} in data = {str(data)!r}",
                "Choose a place beside that folder.",
            )
        )
