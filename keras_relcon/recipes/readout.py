"""What a preset has beside its encoder: fixed kernels and a compact map."""

import keras
import numpy as np

from keras_relcon import evaluation, models
from keras_relcon.presets.from_preset import scales_beside


def fit_readout(config, encoder, groups):
    """Fits `MiniRocket` and `CompactFeatures` on windows of the pretraining.

    Args:
        config: dict of `complete_config`.
        encoder: trained encoder, in float32.
        groups: `CandidateGroups` that it was trained on.

    Returns:
        dict of arguments of `save_to_preset`: `feature_scales`, and
        `mini_rocket` and `compact_features`, those that the config asks for.
    """
    settings = config["readout"]
    readout = {"feature_scales": settings["scales"]}
    if not (settings["mini_rocket"] or settings["compact"]):
        return readout
    windows = _windows(groups, settings["windows"])
    own = scales_beside(settings["mini_rocket"], settings["scales"])
    features = models.StageFeatures(encoder, scales=own)
    if settings["mini_rocket"]:
        mini_rocket = models.MiniRocket(
            settings["mini_rocket"],
            config["windows"]["window_length"],
            config["seed"],
        )
        mini_rocket.adapt(windows)
        readout["mini_rocket"] = mini_rocket
        features = models.SideBySide([features, mini_rocket])
    if settings["compact"]:
        compact = models.CompactFeatures(settings["compact"])
        compact.adapt(
            evaluation.embed_windows(features, windows), config["seed"]
        )
        readout["compact_features"] = compact
    return readout


def check_readout(config, encoder):
    """Raises a ValueError, before training, if an encoder cannot be read out.

    Args:
        config: dict of `complete_config`.
        encoder: built encoder.
    """
    settings = config["readout"]
    is_plain = settings["scales"] == [1]
    if is_plain and not (settings["mini_rocket"] or settings["compact"]):
        return
    window = keras.ops.zeros((1, config["windows"]["window_length"], 3))
    features = models.StageFeatures(encoder, scales=settings["scales"])
    features(window)
    own = scales_beside(settings["mini_rocket"], settings["scales"])
    features = models.StageFeatures(encoder, scales=own)
    width = features(window).shape[-1]
    models.CompactFeatures(max(settings["compact"], 1)).build(
        (None, width + settings["mini_rocket"])
    )


def _windows(groups, count):
    """Windows of the first groups, `(count, time, 3)`, g."""
    number = -(-count // groups.batch_size)
    batches = [groups.batch(0, index)["anchor"] for index in range(number)]
    return np.concatenate(batches)[:count]
