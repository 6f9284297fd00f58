"""What the suite scores: encoders, and controls beside them."""

from pathlib import Path

import keras

from keras_relcon.checks import check_one_of, message
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.features import handmade_features
from keras_relcon.evaluation.preset_windows import warn_of_other_windows
from keras_relcon.evaluation.representations import (
    HANDMADE,
    check_free,
    untrained_readout,
)
from keras_relcon.evaluation.suite.load_sets import (
    SAMPLE_RATE_HZ,
    WINDOW_LENGTH,
)
from keras_relcon.evaluation.suite.mini_rocket import (
    MiniRocketFeatures,
    has_aeon,
)
from keras_relcon.kept_files import config_text, has_config
from keras_relcon.models.stage_features import StageFeatures
from keras_relcon.presets.from_preset import from_preset, preset_outputs

CONTROLS = ("untrained", "handmade", "minirocket", "side_by_side")
MINIROCKET = "MiniRocket"
# What is put beside each output of an encoder.
BESIDE = {"embedding": HANDMADE, "features": MINIROCKET}


def make_representations(
    encoders,
    controls=CONTROLS,
    seed=0,
    batch_size=256,
    outputs=None,
    window_length=WINDOW_LENGTH,
):
    """Makes what the suite scores, by name.

    Args:
        encoders: see `suite`.
        controls: sequence of str, of `CONTROLS`.
        seed: int. Draws untrained weights, and windows for MiniRocket.
        batch_size: int. Windows per forward pass.
        outputs: sequence of str. Which outputs of the encoders. Defaults to
            all.
        window_length: int. Samples of the windows, at 100 Hz.

    Returns:
        `(represent, parts_of, own)`. `represent`: dict of name to a callable
        from `(windows, time, 3)`, g, to `(windows, columns)`. `parts_of`:
        dict of the name of each row to a tuple of names of `represent`, whose
        columns are side by side. Encoders come first, then what stands beside
        them, then the controls. `own`: list of the names of the controls.

    Raises:
        TypeError: if an encoder is no model, name or callable.
        ValueError: if a control is unknown, two rows have one name, an encoder
            wants another rate than 100 Hz or has none of the outputs, or
            there is nothing to score.
    """
    for control in controls:
        check_one_of("controls", control, CONTROLS)
    learned = {}
    for name, encoder in named(encoders).items():
        found = _all_outputs(name, encoder)
        _check_windows(name, next(iter(found.values())), window_length)
        for output, model in _wanted(name, found, outputs).items():
            learned[f"{name} {output}"] = model
    own = {}
    if "untrained" in controls:
        own.update(_untrained(learned, seed, window_length))
    if "handmade" in controls:
        own[HANDMADE] = handmade_features
    if "minirocket" in controls and has_aeon():
        own[MINIROCKET] = MiniRocketFeatures(seed=seed)
    both = {}
    if "side_by_side" in controls:
        for name in learned:
            beside = BESIDE.get(name.rpartition(" ")[2])
            if beside in own:
                both[f"{name} + {beside}"] = (name, beside)
    for name in [*both, *own]:
        check_free(name, learned)
    parts_of = {name: (name,) for name in learned}
    parts_of.update(both)
    parts_of.update({name: (name,) for name in own})
    if not parts_of:
        raise ValueError(
            message(
                "There must be something to score.",
                {"encoders": encoders, "controls": controls},
                "Name a preset, or a control.",
            )
        )
    represent = {
        name: _Embedder(model, batch_size)
        if isinstance(model, keras.layers.Layer)
        else model
        for name, model in {**learned, **own}.items()
    }
    return represent, parts_of, list(own)


class _Embedder:
    def __init__(self, model, batch_size):
        self.model = model
        self.batch_size = batch_size

    def __call__(self, acceleration):
        return embed_windows(self.model, acceleration, self.batch_size)


def named(encoders):
    if isinstance(encoders, dict):
        return encoders
    if not isinstance(encoders, (list, tuple)):
        encoders = [] if encoders is None else [encoders]
    named = {}
    for encoder in encoders:
        if isinstance(encoder, (str, Path)):
            name = Path(encoder).name  # of a directory, its last part
            if name in named:
                name = str(encoder)
        else:
            name = getattr(encoder, "name", None) or type(encoder).__name__
        if name in named:
            raise ValueError(
                message(
                    "Every encoder must have a name of its own.",
                    f"{name!r} twice",
                    "Pass a dict of name to encoder.",
                )
            )
        named[name] = encoder
    return named


def _wanted(name, found, wanted):
    """Of the models of an encoder, by what they give, those wanted."""
    if wanted is None:
        return found
    chosen = {key: found[key] for key in found if key in wanted}
    if not chosen:
        raise ValueError(
            message(
                f"`outputs` must have one of {name!r}: {', '.join(found)}.",
                {"outputs": wanted},
                "Leave it out for all.",
            )
        )
    return chosen


def _all_outputs(name, encoder):
    """Models of an encoder, by what they give: embedding and features."""
    if isinstance(encoder, (str, Path)):
        return {
            output: from_preset(encoder, output=output)
            for output in preset_outputs(encoder)
        }
    if isinstance(encoder, StageFeatures):
        return {"features": encoder}
    if hasattr(encoder, "sequences"):
        return {"embedding": encoder, "features": StageFeatures(encoder)}
    if isinstance(encoder, keras.layers.Layer) or callable(encoder):
        return {"embedding": encoder}
    raise TypeError(
        message(
            "An encoder must be a Keras model, the name or the directory of a "
            "preset, or a callable from windows to vectors.",
            f"{name!r} of type {type(encoder).__name__}",
            "Wrap other networks in `RivalEncoder`.",
        )
    )


def _check_windows(name, encoder, window_length):
    """A preset takes the rate of the sets; of its length it warns."""
    metadata = getattr(encoder, "preset_metadata", None)
    if metadata is None:
        return
    if metadata.sample_rate_hz != SAMPLE_RATE_HZ:
        raise ValueError(
            message(
                f"A preset must take windows at {SAMPLE_RATE_HZ} Hz.",
                f"{name!r}, at {metadata.sample_rate_hz:g} Hz",
                "Load it, and wrap it in `RivalEncoder`.",
            )
        )
    warn_of_other_windows(encoder, window_length, SAMPLE_RATE_HZ, stacklevel=5)


def _untrained(learned, seed, window_length):
    """Fresh weights for each architecture, read out as its features are."""
    distinct = {}
    for name, model in learned.items():
        # An encoder with features is represented by them.
        has_features = f"{name.rpartition(' ')[0]} features" in learned
        if has_features and not isinstance(model, StageFeatures):
            continue
        if isinstance(model, keras.Model) and has_config(model):
            key = type(model), config_text(model)
            distinct.setdefault(key, (name, model))
    return {
        f"untrained {name}": untrained_readout(model, seed, window_length)
        for name, model in distinct.values()
    }
