"""What a preset has beside its encoder: fixed kernels and a compact map."""

import keras
import numpy as np

from keras_relcon import evaluation, models
from keras_relcon.checks import message
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
        pairs = _neighbours(groups, settings["windows"], config["seed"])
        compact = models.CompactFeatures(settings["compact"])
        compact.adapt(
            *(evaluation.embed_windows(features, each) for each in pairs),
            seed=config["seed"],
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


def check_neighbours(config, groups):
    """Raises a ValueError, before training, if a compact form lacks windows."""
    settings = config["readout"]
    if not settings["compact"]:
        return
    found = len(_neighbours(groups, settings["windows"], config["seed"])[0])
    if found < settings["compact"]:
        raise ValueError(
            message(
                "`readout.compact` must not be above the windows that have "
                "another one after them.",
                f"readout.compact={settings['compact']}, of {found} windows",
                "Keep fewer, or train on longer recordings.",
            )
        )


def _neighbours(groups, count, seed):
    """Windows, and of each a later one, which begins within four lengths.

    All subjects come alike often, where they have as many. Windows at rest are
    left out as from the groups.

    Returns:
        tuple of two `(count, time, 3)`, g; fewer where there are not so many.
    """
    generator = np.random.default_rng(seed)
    store, length = groups.store, groups.store.window_length
    places = {}
    for piece in store.pieces:
        last = piece.num_samples - 2 * length
        starts = np.arange(0, last + 1, length)
        reach = np.minimum(last - starts, 3 * length)
        places.setdefault(piece.subject, []).append(
            np.stack([piece.start + starts, reach], axis=1)
        )
    # Twice as many, for some are at rest.
    share = -(-2 * count // len(places))
    drawn = [
        generator.permutation(np.concatenate(places[subject]))[:share]
        for subject in sorted(places)
    ]
    starts, reach = generator.permutation(np.concatenate(drawn)).T
    later = starts + length + generator.integers(0, reach + 1)
    first, second = store.read(starts), store.read(later)
    if groups.minimum_std_g is not None:
        is_moving = (
            np.minimum(
                first.std(axis=1).max(axis=1), second.std(axis=1).max(axis=1)
            )
            >= groups.minimum_std_g
        )
        first, second = first[is_moving], second[is_moving]
    return first[:count], second[:count]


def _windows(groups, count):
    """Windows of the first groups, `(count, time, 3)`, g."""
    number = -(-count // groups.batch_size)
    batches = [groups.batch(0, index)["anchor"] for index in range(number)]
    return np.concatenate(batches)[:count]
