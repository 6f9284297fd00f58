"""What a preset has beside its encoder: fixed kernels and maps."""

import keras
import numpy as np

from keras_relcon import evaluation, models
from keras_relcon.checks import message
from keras_relcon.presets.from_preset import scales_beside


def fit_readout(config, encoder, groups):
    """Fits what reads the encoder out, on windows of the pretraining.

    Args:
        config: dict of `complete_config`.
        encoder: trained encoder, in float32.
        groups: `CandidateGroups` that it was trained on.

    Returns:
        dict of arguments of `save_to_preset`: `feature_scales`, and
        `mini_rocket`, `steady_features` and `compact_features`, those that the
        config asks for.
    """
    settings = config["readout"]
    readout = {"feature_scales": settings["scales"]}
    if not _has_parts(settings):
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
    maps = _maps(settings)
    if maps:
        pairs = [
            evaluation.embed_windows(features, windows)
            for windows in _neighbours(
                groups, settings["windows"], config["seed"]
            )
        ]
    for name, fitted in maps.items():
        fitted.adapt(*pairs, seed=config["seed"])
        readout[name] = fitted
    return readout


def _has_parts(settings):
    return any(settings[name] for name in ("mini_rocket", "steady", "compact"))


def _maps(settings):
    """The maps to fit, by their names in `save_to_preset`."""
    maps = {}
    if settings["steady"]:
        maps["steady_features"] = models.SteadyFeatures(settings["steady"])
    if settings["compact"]:
        maps["compact_features"] = models.CompactFeatures(settings["compact"])
    return maps


def check_readout(config, encoder):
    """Raises a ValueError, before training, if an encoder cannot be read out.

    Args:
        config: dict of `complete_config`.
        encoder: built encoder.
    """
    settings = config["readout"]
    is_plain = settings["scales"] == [1]
    if is_plain and not _has_parts(settings):
        return
    window = keras.ops.zeros((1, config["windows"]["window_length"], 3))
    features = models.StageFeatures(encoder, scales=settings["scales"])
    features(window)
    own = scales_beside(settings["mini_rocket"], settings["scales"])
    features = models.StageFeatures(encoder, scales=own)
    width = features(window).shape[-1]
    if settings["mini_rocket"]:  # a multiple of its kernels
        width += models.MiniRocket(settings["mini_rocket"]).num_features
    for fitted in _maps(settings).values():
        fitted.build((None, width))


def check_neighbours(config, groups):
    """Raises a ValueError, before training, if a map lacks windows."""
    settings = config["readout"]
    wanted = {name: settings[name] for name in ("steady", "compact")}
    if not any(wanted.values()):
        return
    found = len(_neighbours(groups, settings["windows"], config["seed"])[0])
    for name, count in wanted.items():
        if found < count:
            raise ValueError(
                message(
                    f"`readout.{name}` must not be above the windows that have "
                    "another one after them.",
                    f"readout.{name}={count}, of {found} windows",
                    "Ask for fewer, or train on longer recordings.",
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
