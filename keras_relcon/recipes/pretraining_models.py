"""The models of a pretraining, as its config describes them."""

import keras

from keras_relcon import layers, models, presets
from keras_relcon.checks import message
from keras_relcon.evaluation.preset_windows import warn_of_other_windows
from keras_relcon.recipes.readout import check_readout

NOT_OF_THE_MODEL = (
    "epochs",
    "steps",
    "batch_size",
    "learning_rate",
    "schedule",
    "warmup_steps",
    "preset",
)


def make_distance(config):
    """An untrained `MotifDistance`, always in float32."""
    settings = config["motif_distance"]
    return models.MotifDistance(
        **{k: v for k, v in settings.items() if k not in NOT_OF_THE_MODEL},
        dtype="float32",
    )


def load_distance(name):
    """The trained motif distance of a preset of an encoder, or of its own.

    Args:
        name: str or path. As of `from_preset`.

    Returns:
        `MotifDistance`.

    Raises:
        ValueError: if there is no such preset, or it has no motif distance.
    """
    found = presets.from_preset(name)
    if isinstance(found, models.MotifDistance):
        return found
    return presets.from_preset(name, task="pretrain").motif_distance


def check_models(config):
    """Makes the models of a config, so that their errors come early."""
    name = config["motif_distance"]["preset"]
    distance = load_distance(name) if name else make_distance(config)
    model = make_model(config, distance)
    length = config["windows"]["window_length"]
    if not model.encoder.built:
        model.encoder.build((None, length, 3))
    for loaded in (model.encoder, distance):
        warn_of_other_windows(
            loaded, length, config["windows"]["sample_rate_hz"], "trained"
        )
    encoder_in_float32(model.encoder)
    check_readout(config, model.encoder)


def make_encoder(config):
    """The encoder of a config, in its precision: untrained, or of a preset."""
    return _encoder(**config["encoder"])


def make_model(config, distance):
    """The `RelConModel` to train, whose encoder is in the chosen precision.

    It is untrained, but for the encoder where the config names its preset.
    """
    settings = config["relcon"]
    return models.RelConModel(
        make_encoder(config),
        distance,
        temperature=settings["temperature"],
        projector=_projector(settings["projector"]),
        views=_views(config["views"]),
        skip_nonfinite=settings["skip_nonfinite"],
        anchors=settings["anchors"],
    )


def in_float32(model):
    """The `RelConModel` to save: its weights, in an encoder in float32.

    An encoder in half precision is slow on a CPU, and most users of a preset do
    not need it; `from_preset(..., dtype=...)` chooses another precision.
    """
    encoder = encoder_in_float32(model.encoder)
    if encoder is model.encoder:
        return model
    return models.RelConModel(
        encoder,
        model.motif_distance,
        model.temperature,
        model.projector,
        anchors=model.anchors,
    )


def encoder_in_float32(trained):
    """The encoder in float32, with the same weights; itself if it is already.

    Args:
        trained: an encoder whose class takes a `dtype`, or one in float32.
    """
    if trained.dtype_policy.name == "float32":
        return trained
    config = {**trained.get_config(), "dtype": "float32"}
    encoder = type(trained).from_config(config)
    encoder.build((None, None, 3))
    encoder.set_weights(trained.get_weights())
    return encoder


def learning_rate(config, section, steps):
    """The learning rate of a stage of `steps` steps: a number or a schedule."""
    settings = config[section]
    rate, warmup = settings["learning_rate"], settings["warmup_steps"]
    if settings["schedule"] == "constant":
        return rate
    _check_warmup(section, warmup, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else rate,
        decay_steps=steps - warmup,
        warmup_target=rate if warmup else None,
        warmup_steps=warmup,
    )


def check_schedule(section, settings):
    """Raises a `ValueError` if a stage cannot have its warm-up."""
    warmup_steps = settings["warmup_steps"]
    if warmup_steps and settings["schedule"] == "constant":
        raise ValueError(
            message(
                f"`{section}.warmup_steps` needs {section}.schedule = "
                '"cosine".',
                f'warmup_steps = {warmup_steps} with "constant"',
                'Choose "cosine", or leave out the warm-up.',
            )
        )
    if settings["steps"] is not None:
        _check_warmup(section, warmup_steps, settings["steps"])


def _check_warmup(section, warmup_steps, steps):
    """Raises a `ValueError` if a stage would end before its warm-up."""
    if warmup_steps >= steps:
        raise ValueError(
            message(
                f"`{section}.warmup_steps` must be below its number of steps.",
                f"{warmup_steps} of {steps}",
                "Warm up for fewer steps.",
            )
        )


def _encoder(precision, preset, **arguments):
    if preset is None:
        return layers.ResNet1D34(**arguments, dtype=precision)
    encoder = presets.from_preset(preset)
    if encoder.dtype_policy.name != precision:
        encoder = presets.from_preset(preset, dtype=precision)
    if encoder.dtype_policy.name != precision:
        raise ValueError(
            message(
                "`encoder.precision` needs an encoder that takes a `dtype`.",
                f"precision = {precision!r} for {preset!r}, which stays in "
                f"{encoder.dtype_policy.name}",
                "Leave it out.",
            )
        )
    return encoder


def _projector(widths):
    return models.mlp_projector(widths) if widths else None


def _views(settings):
    if not settings["weight"]:
        return None
    augmentation = layers.RandomAugmentations(
        settings["num_augmentations"], settings["augmentations"] or None
    )
    return models.AugmentedViews(
        augmentation,
        projector=_projector(settings["projector"]),
        temperature=settings["temperature"],
        weight=settings["weight"],
    )
