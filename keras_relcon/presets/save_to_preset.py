import dataclasses
import functools
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_relcon import kept_files
from keras_relcon.data.synthetic import synthetic_recordings
from keras_relcon.data.windows import check_window, make_windows
from keras_relcon.models import CompactFeatures, MiniRocket, SteadyFeatures
from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.models.side_by_side import SideBySide
from keras_relcon.models.stage_features import StageFeatures, check_scales
from keras_relcon.models.train_steps import TrainStep
from keras_relcon.presets.from_preset import make_model, scales_beside
from keras_relcon.presets.preset_directory import (
    CARD,
    COMPACT,
    CONFIG,
    METADATA,
    MINI_ROCKET,
    PRETRAINING_PARTS,
    STEADY,
    WEIGHTS,
    check_is_free,
)
from keras_relcon.presets.preset_metadata import PresetMetadata, model_card
from keras_relcon.presets.safe_config import check_config
from keras_relcon.presets.weights_file import write_weights
from keras_relcon.types import PathLike

NUM_PROBES = 64


def save_to_preset(
    model: keras.Model,
    directory: PathLike,
    facts: Mapping[str, Any] | None = None,
    sample_rate_hz: float | None = None,
    window_length: int | None = None,
    overwrite: bool = False,
    compact_features: CompactFeatures | None = None,
    mini_rocket: MiniRocket | None = None,
    feature_scales: Sequence[float] | None = None,
    steady_features: SteadyFeatures | None = None,
) -> Path:
    """Writes a model as a directory that `from_preset` reads on any backend.

    Weights are stored in float16 if no output on a fixed batch of synthetic
    windows then differs by more than 1e-3 of the outputs' standard deviation,
    else in float32; `metadata.json` says which, and how far it is. The
    directory is written under another name and renamed.

    Args:
        model: built `keras.Model`: an encoder, a `MotifDistance`, or a
            `RelConModel`, of which encoder, motif distance, projector and
            temperature are kept, so that training can go on; its `views`
            are not. Of a method of `keras_relcon.baselines` the same that it
            has: its projector's output tells what is out of distribution.
        directory: str or path.
        facts: dict, which JSON can hold. What the model card says, see
            `CARD_FACTS`. Defaults to none.
        sample_rate_hz: float. Rate of the windows that the model was trained
            on. Defaults to that of the preset it came from, else `100`, with
            a warning: whoever loads the preset is held to it.
        window_length: int. Their samples. Defaults to that of the input of
            the model, or of the preset it came from, else `256`.
        overwrite: bool. Whether a preset that is there may be replaced.
            Defaults to `False`.
        compact_features: `CompactFeatures`, adapted to the features of the
            encoder, with those of `mini_rocket` beside them if it is given,
            for `from_preset(..., output="compact")`. Defaults to `None`.
        mini_rocket: `MiniRocket`, adapted to the windows of the pretraining,
            for `from_preset(..., output="wide")`. Defaults to `None`.
        feature_scales: sequence of float, powers of two. At which
            `from_preset(..., output="features")` reads the encoder, as
            `scales` of `StageFeatures`. Defaults to those of the preset it
            came from, else `(1,)`.
        steady_features: `SteadyFeatures`, adapted as `compact_features`, for
            `from_preset(..., output="steady")`. Defaults to `None`.

    Returns:
        `Path` of the directory.

    Raises:
        FileExistsError: if there is something at `directory`, unless it is an
            empty directory, or a preset with nothing else and `overwrite`.
        OSError: if `directory` is a symbolic link.
        TypeError: if `model` is no `keras.Model`, or the facts are no dict
            that JSON can hold.
        ValueError: if the rate or the length is not positive, a scale is no
            power of two, the model is not built, a weight is not finite, or
            `from_preset` could not make it from its config.

    Example:

    >>> model.fit(groups, epochs=10)
    >>> keras_relcon.presets.save_to_preset(
    ...     model, "my_preset", sample_rate_hz=100, window_length=256
    ... )
    >>> encoder = keras_relcon.presets.from_preset("my_preset")
    """
    check_facts(facts)
    readout = {
        COMPACT: compact_features,
        MINI_ROCKET: mini_rocket,
        STEADY: steady_features,
    }
    parts = _parts_of(model, readout)
    encoder = parts["."][1]
    earlier = getattr(encoder, "preset_metadata", None)
    if window_length is None:
        window_length = own_length(encoder)
    if earlier is None and None in (sample_rate_hz, window_length):
        warnings.warn(
            "The preset will say that its windows are of "
            f"{_first(window_length, None, '', 256)} samples at "
            f"{_first(sample_rate_hz, None, '', 100):g} Hz, for the model does "
            "not know. Pass `sample_rate_hz` and `window_length`.",
            stacklevel=2,
        )
    rate_hz = _first(sample_rate_hz, earlier, "sample_rate_hz", 100)
    length = _first(window_length, earlier, "window_length", 256)
    scales = _first(feature_scales, earlier, "feature_scales", (1,))
    check_window(rate_hz, length)
    check_scales(scales)
    common = PresetMetadata(
        kind="encoder",
        sample_rate_hz=float(rate_hz),
        window_length=int(length),
        weights={},
        temperature=getattr(model, "temperature", None),
    )
    compute = _probe_functions(
        encoder, mini_rocket, scales, _probe_windows(common)
    )
    may_replace = functools.partial(check_is_free, overwrite=overwrite)
    with kept_files.replacing_directory(directory, may_replace) as folder:
        for name, (kind, part) in parts.items():
            metadata = dataclasses.replace(common, kind=kind)
            if name == ".":
                metadata = dataclasses.replace(
                    metadata,
                    feature_scales=tuple(scales),
                    facts=dict(facts or {}),
                )
            metadata = _write_part(part, folder / name, metadata, compute[kind])
            if name == ".":
                card = model_card(metadata, Path(directory).name)
                (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
    return Path(directory)


def check_facts(facts):
    """Raises a `TypeError` if JSON cannot hold the facts of a preset."""
    if not isinstance(facts, (dict, type(None))):
        raise TypeError(
            "`facts` must be a dict that JSON can hold. Received: facts of "
            f"type {type(facts).__name__}. Give each fact a name, see "
            "`CARD_FACTS`."
        )
    try:
        json.dumps(facts, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(
            "`facts` must be what JSON can hold: text, finite numbers, lists "
            f"and dicts. Received: {error}. Convert arrays with `tolist`, and "
            "write dates as text."
        ) from error


def own_length(encoder):
    """The samples of the windows that a model was made for, or `None`."""
    shape = getattr(encoder, "input_shape", None)
    return shape[1] if isinstance(shape, tuple) and len(shape) == 3 else None


def _parts_of(model, readout):
    """Subdirectory to `(kind, model)`; the directory itself is `"."`."""
    if isinstance(model, TrainStep):
        parts = {".": ("encoder", model.encoder)}
        for name in PRETRAINING_PARTS:
            part = getattr(model, name, None)
            if part is not None:
                parts[name] = (name, part)
    else:
        is_distance = isinstance(model, MotifDistance)
        parts = {".": ("motif_distance" if is_distance else "encoder", model)}
    for name, part in readout.items():
        if part is not None:
            parts[name] = (name, part)
    for kind, part in parts.values():
        _check_model(part, kind)
    return parts


def _check_model(model, kind):
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The {kind} of a preset must be a `keras.Model`. Received: "
            f"{type(model).__name__}. Put a layer into `keras.Sequential`."
        )
    if not model.built:
        raise ValueError(
            f"The {kind} of a preset must be built. Received: "
            f"{type(model).__name__} without weights. Train it, or call it on "
            "a window, first."
        )
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise ValueError(
            f"Every weight of the {kind} must be finite. Received: "
            f"{type(model).__name__} with NaN or infinite weights. Save "
            "weights from before the training diverged."
        )


def _write_part(model, folder, metadata, compute):
    """Writes config, weights and metadata; returns the full metadata."""
    folder.mkdir(exist_ok=True)
    config = _config_of(model)
    check_config(config, type(model).__name__)
    text = json.dumps(config, indent=2) + "\n"
    (folder / CONFIG).write_text(text, encoding="utf-8", newline="\n")
    # A fresh copy has no optimizer and no counters, and proves that the
    # config is enough.
    copy = make_model(config, metadata)
    copy.set_weights(model.get_weights())
    weights = write_weights(copy, folder / WEIGHTS, compute)
    metadata = dataclasses.replace(
        metadata, weights=weights, num_parameters=copy.count_params()
    )
    text = metadata.to_json()
    (folder / METADATA).write_text(text, encoding="utf-8", newline="\n")
    return metadata


def _config_of(model):
    """The config as JSON gives it back, without what was compiled."""
    config = _without_compiled(keras.saving.serialize_keras_object(model))
    if "trainable" in config["config"]:
        # Whoever froze it did so for a use of their own.
        config["config"] = {**config["config"], "trainable": True}
    return json.loads(json.dumps(config))


def _without_compiled(config):
    """Without optimizers and losses, also those of the models inside.

    An optimizer is stored as the class of the backend that it was made on,
    and fails on the others.
    """
    if isinstance(config, dict):
        return {
            name: _without_compiled(value)
            for name, value in config.items()
            if name != "compile_config"
        }
    if isinstance(config, (list, tuple)):
        return type(config)(map(_without_compiled, config))
    return config


def _probe_functions(encoder, mini_rocket, scales, windows):
    """For each kind, a function from a model to its outputs on windows."""
    half = len(windows) // 2

    def predict(model, x=windows):
        return model.predict(x, batch_size=32, verbose=0)

    def features():
        has_mini_rocket = mini_rocket is not None
        own = scales_beside(has_mini_rocket, scales)
        found = StageFeatures(encoder, scales=own)
        if has_mini_rocket:
            found = SideBySide([found, mini_rocket])
        return predict(found)

    return {
        "encoder": predict,
        "projector": lambda model: predict(model, predict(encoder)),
        MINI_ROCKET: predict,
        COMPACT: lambda model: predict(model, features()),
        STEADY: lambda model: predict(model, features()),
        "motif_distance": lambda model: keras.ops.convert_to_numpy(
            model.distance(windows[:half], windows[half : 2 * half])
        ),
    }


def _probe_windows(metadata):
    """Synthetic windows of many motions, `(windows, time, 3)`, g."""
    seconds = metadata.window_length / metadata.sample_rate_hz
    recordings = synthetic_recordings(
        num_subjects=1,
        seconds_per_motion=NUM_PROBES / 8 * seconds,
        sample_rate_hz=metadata.sample_rate_hz,
    )
    windows = make_windows(
        recordings,
        metadata.sample_rate_hz,
        metadata.window_length,
        metadata.window_length,
    )
    return windows.acceleration[:NUM_PROBES]


def _first(given, earlier, name, default):
    if given is not None:
        return given
    return default if earlier is None else getattr(earlier, name)
