import uuid

import keras
from keras import ops

from keras_relcon.checks import check_one_of, message
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.features import handmade_features
from keras_relcon.kept_files import config_text, content_key, has_config
from keras_relcon.models import CompactFeatures, SideBySide, SteadyFeatures

CONTROLS = ("untrained", "handmade")
HANDMADE = "hand-made features"


class EncoderRepresentation:
    """Embeds windows with an encoder.

    Args:
        encoder: `keras.Model` from `(batch, time, 3)` to `(batch, dim)`,
            built, because its weights are part of the fingerprint.
        batch_size: int. Windows per forward pass.
    """

    is_rescaled = True  # its input windows may be standardised

    def __init__(self, encoder, batch_size):
        self.encoder = encoder
        self.batch_size = batch_size
        self.is_kept = has_config(encoder)
        self.fingerprint = (
            content_key(encoder) if self.is_kept else uuid.uuid4().hex
        )

    def describe(self):
        """Facts for a report, JSON-ready."""
        facts = {
            "class": type(self.encoder).__name__,
            "num_weights": self.encoder.count_params(),
        }
        metadata = getattr(self.encoder, "preset_metadata", None)
        if metadata is not None:
            facts["preset_sha256"] = metadata.weights["sha256"]
        return facts

    def __call__(self, acceleration):
        return embed_windows(self.encoder, acceleration, self.batch_size)


class HandmadeRepresentation:
    """Describes windows by hand-made features, always in g.

    If each axis were scaled, the magnitude would lose its meaning. The probe
    standardises every feature in any case.
    """

    is_rescaled = False
    is_kept = True
    encoder = None
    fingerprint = "handmade_features"

    def describe(self):
        """Facts for a report, JSON-ready."""
        return {"class": "handmade_features"}

    def __call__(self, acceleration):
        return handmade_features(acceleration)


def make_representations(encoder, controls, seed, batch_size, window_length):
    """Makes what a report compares: the encoders, then the controls.

    Args:
        encoder: `keras.Model`, dict of name to `keras.Model`, or `None`.
        controls: sequence of `"untrained"` and `"handmade"`. Encoders of the
            same class and configuration share an untrained control.
        seed: int. Draws the weights of the untrained encoders.
        batch_size: int. Windows per forward pass.
        window_length: int. Samples in a window, to build the encoders.

    Returns:
        dict of name to a callable from `(windows, time, 3)`, g, to
        `(windows, dim)`.

    Raises:
        TypeError: if an encoder is not a model.
        ValueError: if a control is unknown, an encoder has the name of a
            control, or there is nothing to evaluate.
    """
    controls = (controls,) if isinstance(controls, str) else tuple(controls)
    for control in controls:
        check_one_of("controls", control, CONTROLS)
    encoders = {} if encoder is None else encoder
    if not isinstance(encoders, dict):
        encoders = {"encoder": encoder}
    check_free(HANDMADE, encoders)
    for model in encoders.values():
        if not isinstance(model, keras.layers.Layer):
            raise TypeError(
                message(
                    "`encoder` must be a `keras.Model`, a dict of name to "
                    "such models, or None.",
                    {"encoder": model},
                    "Load a preset with `from_preset`.",
                )
            )
        if not model.built:
            model(ops.zeros((1, window_length, 3)))
    models = dict(encoders)
    if "untrained" in controls:
        models.update(_untrained(encoders, seed, window_length))
    representations = {
        name: EncoderRepresentation(model, batch_size)
        for name, model in models.items()
    }
    if "handmade" in controls:
        representations[HANDMADE] = HandmadeRepresentation()
    if not representations:
        raise ValueError(
            "There must be something to evaluate. Received: encoder="
            f"{encoder}, controls={controls}. Pass an encoder or "
            'controls=("handmade",).'
        )
    return representations


def untrained_copy(
    encoder: keras.Model, seed: int = 0, window_length: int = 256
) -> keras.Model:
    """A new encoder of the same configuration with freshly drawn weights.

    `keras.utils.set_random_seed` sets the global seeds of Python, NumPy and the
    backend, so that the same seed draws the same weights. An initializer that
    has its own seed keeps it.

    Args:
        encoder: `keras.Model` with `get_config`.
        seed: int. Defaults to `0`.
        window_length: int. Samples in the window with which it is built.
            Defaults to `256`.

    Returns:
        A built `keras.Model`.

    Raises:
        ValueError: if the encoder cannot be made from its configuration.
    """
    try:
        keras.utils.set_random_seed(seed)
        copy = encoder.__class__.from_config(encoder.get_config())
        if not copy.built:
            copy(ops.zeros((1, window_length, 3)))
    except (NotImplementedError, TypeError) as error:
        raise ValueError(
            "The untrained control needs an encoder that can be made from "
            f"its configuration. Received: {type(encoder).__name__}, whose "
            f"from_config(get_config()) raised: {error}. Implement "
            '`get_config`, or leave "untrained" out of `controls`.'
        ) from error
    return copy


def _untrained(encoders, seed, window_length):
    distinct = {}  # one name per class and configuration
    for name, encoder in encoders.items():
        key = config_text(encoder) if has_config(encoder) else id(encoder)
        distinct.setdefault((type(encoder), key), name)
    copies = {}
    for name in distinct.values():
        is_only = len(distinct) == 1
        title = "untrained encoder" if is_only else f"untrained {name}"
        check_free(title, encoders)
        copies[title] = untrained_readout(encoders[name], seed, window_length)
    return copies


def untrained_readout(model, seed=0, window_length=256):
    """As `untrained_copy`, of the network of a readout alone.

    What stands beside the network was not trained either, and stays; a map
    that was fitted on its outputs is left out.
    """
    copy = untrained_copy(_learned_part(model), seed, window_length)
    if isinstance(model, SideBySide):
        return SideBySide([copy, *model.models[1:]])
    return copy


def _learned_part(model):
    """The network of a readout, without what was fitted beside or after it."""
    layers = model.layers if isinstance(model, keras.Sequential) else []
    if layers and isinstance(layers[-1], (CompactFeatures, SteadyFeatures)):
        return _learned_part(layers[0])
    return model.models[0] if isinstance(model, SideBySide) else model


def check_free(name, encoders):
    if name in encoders:
        raise ValueError(
            message(
                "Names of encoders must not be names of controls.",
                repr(name),
                "Rename the encoder.",
            )
        )
