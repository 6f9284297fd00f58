import dataclasses
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, overload

import keras
import numpy as np

from keras_relcon import checks
from keras_relcon.models.chain import chain
from keras_relcon.models.relcon_model import RelConModel
from keras_relcon.models.side_by_side import SideBySide
from keras_relcon.models.stage_features import StageFeatures
from keras_relcon.presets.preset_directory import (
    COMPACT,
    MINI_ROCKET,
    PRETRAINING_PARTS,
    STEADY,
    WEIGHTS,
    find_preset,
    read_preset,
)
from keras_relcon.presets.weights_file import read_weights
from keras_relcon.types import PathLike

Output: TypeAlias = Literal[
    "embedding", "features", "wide", "steady", "compact"
]
OUTPUTS = ("embedding", "features", "wide", "steady", "compact")
# Those made by a map that was fitted on trained weights, and its folder.
MAPS = {"steady": STEADY, "compact": COMPACT}
PRETRAIN_OVERRIDES = (
    "temperature",
    "projector",
    "views",
    "candidate_augmentation",
    "candidates",
    "skip_nonfinite",
    "micro_batch_size",
    "anchors",
    "name",
    "dtype",
)


@overload
def from_preset(
    name_or_directory: PathLike,
    load_weights: bool = True,
    task: None = None,
    output: Output = "embedding",
    scales: Sequence[float] | None = None,
    **overrides: Any,
) -> keras.Model: ...


@overload
def from_preset(
    name_or_directory: PathLike,
    load_weights: bool = True,
    *,
    task: Literal["pretrain"],
    output: Output = "embedding",
    scales: Sequence[float] | None = None,
    **overrides: Any,
) -> RelConModel: ...


@overload
def from_preset(
    name_or_directory: PathLike,
    load_weights: bool,
    task: Literal["pretrain"],
    output: Output = "embedding",
    scales: Sequence[float] | None = None,
    **overrides: Any,
) -> RelConModel: ...


def from_preset(
    name_or_directory: PathLike,
    load_weights: bool = True,
    task: Literal["pretrain"] | None = None,
    output: Output = "embedding",
    scales: Sequence[float] | None = None,
    **overrides: Any,
) -> keras.Model:
    """Makes the model of a preset, with its weights.

    A preset is a directory of `config.json`, `metadata.json`,
    `model.weights.h5` and `README.md`; what else `RelConModel` needs is in
    `motif_distance/` and `projector/`, of the same form. It is read on any
    backend, whichever wrote it. Nothing in it is ever executed: it may only
    name layers of keras_relcon and the plain ones of Keras.

    Args:
        name_or_directory: str or path. The name of a preset that comes with
            the package, see `list_presets`; a directory that `save_to_preset`
            wrote (`"./name"` for one of such a name); or
            `"hf://user/repo"`, which huggingface_hub downloads
            (`"hf://user/repo@revision"` for a tag, a branch or a commit).
        load_weights: bool. Whether to load weights; `False` draws those of
            the encoder freshly. Defaults to `True`.
        task: `None`, for the encoder, or `"pretrain"`, for a `RelConModel` of
            the encoder and its motif distance, to train on. The state of the
            optimizer, `views` and `anchors` are not kept; pass new `views` to
            go on with them, and `anchors="all"` for groups of that kind, as
            `relcon_small` was trained. Defaults to `None`.
        output: str. What the encoder gives of a window: `"embedding"`, or
            `"features"`, the statistics over time of its blocks, which know
            more (`StageFeatures`); `"wide"`, the fixed
            convolutions of the preset's `MiniRocket` beside them; or the
            widest of these that the preset has, followed by a map that comes
            with it: `"steady"`, without most of what changes from one window
            to the next (`SteadyFeatures`), or `"compact"`, turned to fewer
            columns (`CompactFeatures`). Defaults to `"embedding"`.
        scales: sequence of float, powers of two. At which the features are
            read: `(1,)` has fewer of them, and takes less time, than more.
            Defaults to `None`: those of the preset for `"features"`, `(1,)`
            where MiniRocket stands beside them, whose kernels have many
            lengths.
        **overrides: Arguments of the encoder in place of the stored ones,
            such as `dtype="mixed_bfloat16"`; for `"pretrain"` those of
            `RelConModel` but its encoder and motif distance; `dtype` is that
            of the encoder too.

    Returns:
        `keras.Model`: the encoder or its features, `(batch, time, 3)`, g, to
        `(batch, dim)`, or `RelConModel`. `preset_metadata` of the first two is
        what the preset says of itself. For a directory that holds a motif
        distance, `MotifDistance`.

    Raises:
        ImportError: for `hf://`, if huggingface_hub is not installed.
        ValueError: if there is no such preset, it is damaged or incomplete,
            a newer version wrote it, it names a class that a preset may not
            hold, it has no motif distance for `"pretrain"`, no MiniRocket for
            `"wide"` or no map for `"steady"` or `"compact"`, or an override is
            unknown or does not fit the weights, or `scales` are given for the
            embedding, or for a map others than it was fitted on, or no weights.

    Example:

    >>> encoder = keras_relcon.presets.from_preset("relcon_base")
    >>> result = keras_relcon.evaluation.embed(encoder, "walk.csv")
    >>> result.save("walk.npz")
    """
    advice = "Leave it out for the encoder."
    checks.check_one_of("task", task, (None, "pretrain"), advice)
    checks.check_one_of("output", output, OUTPUTS)
    if output in MAPS and not load_weights:
        raise ValueError(
            checks.message(
                f"The map of `{output}` was fitted on the trained weights.",
                {"output": output, "load_weights": load_weights},
                'Pass output="features", or load the weights.',
            )
        )
    if scales is not None and output == "embedding":
        raise ValueError(
            checks.message(
                "`scales` are those of the features.",
                {"scales": scales, "output": output},
                'Leave them out, or pass output="features".',
            )
        )
    directory = find_preset(name_or_directory)
    if task is not None:
        return _load_pretraining(directory, load_weights, overrides)
    encoder, metadata = _load_part(directory, load_weights, overrides)
    if output == "embedding":
        return encoder
    is_wide = output != "features" and _has(
        directory, MINI_ROCKET, output == "wide"
    )
    own = scales_beside(is_wide, metadata.feature_scales)
    if scales is not None and output in MAPS and tuple(scales) != own:
        raise ValueError(
            checks.message(
                f"`scales` must be those that the map was fitted on, {own}.",
                {"scales": scales},
                "Leave them out.",
            )
        )
    scales = own if scales is None else tuple(scales)
    metadata = dataclasses.replace(metadata, feature_scales=scales)
    features = StageFeatures(
        encoder, scales=scales, name=f"{encoder.name}_features"
    )
    features.build((None, metadata.window_length, 3))
    model: keras.Model = features
    if is_wide:
        # Nothing in it is learned: without its thresholds it says nothing.
        mini_rocket = _load_part(directory / MINI_ROCKET, load_weights=True)[0]
        name = f"{encoder.name}_wide"
        model = SideBySide([features, mini_rocket], name=name)
        model.build((None, metadata.window_length, 3))
    if output in MAPS and _has(directory, MAPS[output], is_needed=True):
        fitted = _load_part(directory / MAPS[output], load_weights)[0]
        model = chain([model, fitted], name=f"{encoder.name}_{output}")
    model.preset_metadata = metadata
    return model


def scales_beside(has_mini_rocket, scales):
    """At which scales features are read, where nothing else is said."""
    return (1,) if has_mini_rocket else tuple(scales)


def encoder_and_projector(
    name_or_directory: PathLike,
) -> tuple[keras.Model, keras.Model | None]:
    """The encoder of a preset, and the projector that it was trained with.

    Args:
        name_or_directory: As of `from_preset`.

    Returns:
        `(encoder, projector)`; the projector is `None` where none was kept.

    Raises:
        ImportError, ValueError: as `from_preset`.
    """
    directory = find_preset(name_or_directory)
    encoder, _ = _load_part(directory, load_weights=True)
    if not (directory / "projector").is_dir():
        return encoder, None
    return encoder, _load_part(directory / "projector", load_weights=True)[0]


def preset_outputs(name_or_directory: PathLike) -> tuple[str, ...]:
    """What `from_preset(..., output=...)` can give of a preset.

    Args:
        name_or_directory: As of `from_preset`.

    Returns:
        tuple of str: `"embedding"`, and those of `"features"`, `"wide"`,
        `"steady"` and `"compact"` that its encoder and its parts allow.

    Raises:
        ValueError: if there is no such preset, or it is damaged.
    """
    directory = find_preset(name_or_directory)
    encoder, _ = _load_part(directory, load_weights=False)
    has = {"features": hasattr(encoder, "sequences")}
    has["wide"] = has["features"] and (directory / MINI_ROCKET).is_dir()
    for output, part in MAPS.items():
        has[output] = has["features"] and (directory / part).is_dir()
    return ("embedding", *(name for name, is_there in has.items() if is_there))


def _has(directory, part, is_needed):
    """Whether a preset has a part; raises a ValueError if it must."""
    if (directory / part).is_dir():
        return True
    if is_needed:
        raise ValueError(
            checks.message(
                f"A preset must have a `{part}` for this output.",
                f"{str(directory)!r}, without it",
                'Take output="features", or save one with '
                f"`save_to_preset(..., {part}=...)`.",
            )
        )
    return False


def _load_pretraining(directory, load_weights, overrides):
    if not (directory / "motif_distance").is_dir():
        raise ValueError(
            'A preset must have a motif distance for task="pretrain". '
            f"Received: {str(directory)!r}, without `motif_distance`. Use a "
            "preset that was saved from a `RelConModel`."
        )
    _check_overrides(overrides, PRETRAIN_OVERRIDES, "RelConModel")
    of_encoder = {k: v for k, v in overrides.items() if k == "dtype"}
    encoder, metadata = _load_part(directory, load_weights, of_encoder)
    parts = {"temperature": metadata.temperature}
    for name in PRETRAINING_PARTS:
        if (directory / name).is_dir():
            parts[name] = _load_part(directory / name, load_weights)[0]
    return RelConModel(encoder, **{**parts, **overrides})


def _load_part(directory, load_weights, overrides=None):
    """Returns `(model, metadata)` of one directory."""
    config, metadata = read_preset(directory)
    if overrides:
        _check_overrides(overrides, _arguments(config), config["class_name"])
        config = {**config, "config": {**config["config"], **overrides}}
    model = make_model(config, metadata)
    if load_weights:
        read_weights(model, Path(directory) / WEIGHTS, metadata)
    model.preset_metadata = metadata
    return model, metadata


def _arguments(config):
    """Names that the class takes, also those that it did not have then."""
    known = set(config["config"])
    made_by = keras.saving.get_registered_object(config.get("registered_name"))
    if made_by is not None:
        known.update(inspect.signature(made_by.__init__).parameters)
    return known - {"self", "args", "kwargs"}


def make_model(config, metadata):
    """Makes and builds the model that a checked config describes."""
    model = _deserialize(config)
    if not isinstance(model, keras.Model):
        raise ValueError(
            "The config of a preset must describe a model. "
            f"Received: {config['class_name']!r}."
        )
    length = metadata.window_length
    if metadata.kind == "motif_distance" and not model.built:
        model.build((None, length, 3))
    elif metadata.kind == "encoder" and not model.built:
        model(np.zeros((1, length, 3), "float32"))
    return model


def _deserialize(config):
    try:
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ValueError(
            "The config of a preset must be as `save_to_preset` wrote it, and "
            "an override of the kind of what it replaces. Received: "
            f"{config['class_name']!r}, which cannot be made ({reason}). "
            "Leave out the overrides, or copy or download the whole preset "
            "again: it is damaged."
        ) from error


def _check_overrides(overrides, allowed, owner):
    for name in overrides:
        if name not in allowed:
            raise ValueError(
                checks.message(
                    f"Overrides must be arguments of {owner}, one of "
                    f"{sorted(allowed)}.",
                    {name: overrides[name]},
                    checks.nearest(name, allowed, "Leave it out."),
                )
            )
