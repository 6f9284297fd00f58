"""The named settings of a training, and the space that is searched."""

import numbers

import keras

from keras_relcon import distributed, layers, losses, models
from keras_relcon.checks import check_one_of
from keras_relcon.layers.cross_attention import ATTENTIONS
from keras_relcon.models.motif_distance import NORMALIZATIONS

# RelCon as in the paper. The learning rate is ours; the paper states none.
DEFAULTS = {
    "attention": "sparsemax",
    "ranking_attention": None,
    "normalization": "candidate",
    "augmentation": "random",
    "num_augmentations": 2,
    "distance_embedding_dim": 64,
    "distance_kernel_size": 15,
    "distance_num_dilated_blocks": 2,
    "candidates": "within_subject",
    "num_candidates": 20,
    "loss": "relative",
    "temperature": 1.0,
    "learning_rate": 1e-3,
    "encoder": "given",
    "seed": 0,
}
# Maps within-subject candidates to the policy of `CandidateGroups`.
CANDIDATE_POLICIES = {
    "within_subject": "subject",
    "within_recording": "recording",
}
CHOICES = {
    "attention": tuple(ATTENTIONS),
    "ranking_attention": (None, *ATTENTIONS),
    "normalization": NORMALIZATIONS,
    "augmentation": ("random", "mask", "identity"),
    "candidates": (*CANDIDATE_POLICIES, "augmented_copy"),
    "loss": ("relative", "binary", "log_ratio"),
    "encoder": ("given", "resnet1d18"),
}
# What `RelConHyperModel` searches by default: lists of values, or the ends of a
# range on a logarithmic scale.
SPACE = {
    "learning_rate": (1e-6, 1e-2),
    "temperature": (0.05, 1.0),
    "num_candidates": [1, 5, 10, 20],
    "loss": ["relative", "binary", "log_ratio"],
    "candidates": ["within_subject", "augmented_copy"],
    "augmentation": ["random", "mask", "identity"],
    "num_augmentations": [1, 2, 3],
    "normalization": ["candidate", "anchor", "none"],
    "distance_embedding_dim": [32, 64, 128],
    "distance_num_dilated_blocks": [1, 2, 3, 5],
    "attention": ["sparsemax", "softmax"],
    "ranking_attention": ["sparsemax", "softmax"],
}
# A setting that matters only if another one has one of these values.
CONDITIONS = {
    "temperature": ("loss", ("relative", "binary")),
    "num_candidates": ("candidates", tuple(CANDIDATE_POLICIES)),
    "num_augmentations": ("augmentation", ("random",)),
    # Nobody trains with softmax to rank with sparsemax.
    "ranking_attention": ("attention", ("sparsemax",)),
}
# The settings on which a trained motif distance depends. The attention for
# ranking is not one of them.
OF_THE_DISTANCE = (
    "attention",
    "normalization",
    "augmentation",
    "num_augmentations",
    "distance_embedding_dim",
    "distance_kernel_size",
    "distance_num_dilated_blocks",
)


def complete(*changes):
    """The defaults, changed by each of the dicts in turn.

    Raises:
        ValueError: if a setting or one of the named values is unknown.
    """
    settings = dict(DEFAULTS)
    for change in changes:
        unknown = sorted(set(change) - set(DEFAULTS))
        if unknown:
            raise ValueError(
                f"Settings must be among {sorted(DEFAULTS)}. "
                f"Received: {unknown}. Use one of these names."
            )
        settings.update(change)
    for name, values in CHOICES.items():
        check_one_of(name, settings[name], values)
    return settings


def declare(hp, space, base):
    """The values of a trial from a space, without settings switched off.

    Args:
        hp: `keras_tuner.HyperParameters`.
        space: dict of setting to list or tuple, see `RelConHyperModel`.
        base: dict of all settings.

    Returns:
        dict of setting to value.
    """
    chosen = {}
    # Parents before the settings that they switch on.
    for name in sorted(space, key=lambda name: name in CONDITIONS):
        parent, values = CONDITIONS.get(name, (None, ()))
        if parent in space:
            with hp.conditional_scope(parent, list(values)):
                value = _declare_one(hp, name, space[name], base[name])
            if chosen[parent] in values:
                chosen[name] = value
        elif parent is None or base[parent] in values:
            chosen[name] = _declare_one(hp, name, space[name], base[name])
    return chosen


def _declare_one(hp, name, values, base):
    if isinstance(values, tuple):
        low, high = values
        default = base if low <= base <= high else None
        kind = hp.Int if _is_whole(name) else hp.Float
        return kind(name, low, high, sampling="log", default=default)
    default = base if base in values else None
    return hp.Choice(name, list(values), default=default)


def check_space(space, base):
    """Raises a `ValueError` for an unknown setting, value or range."""
    for name, values in space.items():
        if not isinstance(values, (list, tuple)) or not values:
            raise ValueError(
                "A space must be a list of values or a tuple (low, high). "
                f"Received: {name}={values!r}. Pass a list, or leave the "
                "setting out."
            )
        if any(value is None for value in values):
            raise ValueError(
                "KerasTuner chooses among texts, numbers and bools. "
                f"Received: {name}={values!r}. Leave None out; a setting that "
                "is in no space has its default."
            )
        for value in values:
            complete(base, {name: value})
        if isinstance(values, tuple) and not _is_range(name, values):
            raise ValueError(
                "A tuple must be a range (low, high) of a setting that is a "
                "number, 0 < low <= high, whole where the setting is. "
                f"Received: {name}={values!r}. Use a list for values to "
                "choose from."
            )
        kinds = {type(value) for value in values}
        if isinstance(values, list) and len(kinds) > 1:
            raise ValueError(
                "The values of a setting must be of one kind. "
                f"Received: {name}={values!r}. Write whole numbers among "
                "others as 1.0."
            )


def _is_range(name, values):
    if len(values) != 2:
        return False
    kind = numbers.Integral if _is_whole(name) else numbers.Real
    if not all(isinstance(x, kind) for x in (*values, DEFAULTS[name])):
        return False
    return 0 < values[0] <= values[1]


def _is_whole(name):
    return isinstance(DEFAULTS[name], int)


def make_distance(settings):
    """The motif distance of the settings, not trained."""
    return models.MotifDistance(
        attention=settings["attention"],
        ranking_attention=settings["ranking_attention"],
        normalization=settings["normalization"],
        augmentation=make_augmentation(settings),
        embedding_dim=settings["distance_embedding_dim"],
        kernel_size=settings["distance_kernel_size"],
        num_dilated_blocks=settings["distance_num_dilated_blocks"],
    )


def train_distance(settings, acceleration, epochs, seed):
    """The motif distance of the settings, trained.

    Args:
        settings: dict of `complete`.
        acceleration: `(windows, time, 3)`, g.
        epochs: int.
        seed: int.
    """
    keras.utils.set_random_seed(seed)
    distance = make_distance(settings)
    distance.compile(
        optimizer=distributed.sums_replicas_alone(keras.optimizers.Adam(1e-3))
    )
    distance.fit(acceleration, batch_size=64, epochs=epochs, verbose=0)
    return distance


def make_augmentation(settings):
    """The layer that makes the copy from which a window is reconstructed."""
    kind = settings["augmentation"]
    if kind == "mask":
        return layers.SpanMask()
    if kind == "identity":
        return keras.layers.Identity()
    return layers.RandomAugmentations(settings["num_augmentations"])


def make_loss(settings):
    """The loss of (distances, similarities); `None` is RelCon's own."""
    if settings["loss"] == "binary":
        return losses.BinaryContrastiveLoss(settings["temperature"])
    if settings["loss"] == "log_ratio":
        return losses.LogRatioLoss()
    return None


def make_model(settings, encoder, window_length=None):
    """The compiled `RelConModel` of the settings; its distance is untrained.

    Args:
        settings: dict of `complete`.
        encoder: callable without arguments that makes the encoder.
        window_length: int, samples. Defaults to `None`, any length.
    """
    keras.utils.set_random_seed(settings["seed"])
    if settings["encoder"] == "resnet1d18":
        encoder = _resnet1d18
    encoder = encoder()
    # Built before anything that draws from Python's generator a different
    # number of times in each arm: all arms of a seed begin with one encoder.
    if not encoder.built:
        encoder.build((None, window_length, 3))
    copies = settings["candidates"] == "augmented_copy"
    model = models.RelConModel(
        encoder,
        make_distance(settings),
        temperature=settings["temperature"],
        candidate_augmentation=layers.RandomAugmentations() if copies else None,
    )
    model.compile(
        optimizer=distributed.sums_replicas_alone(
            keras.optimizers.Adam(settings["learning_rate"])
        ),
        loss=make_loss(settings),
    )
    return model


def _resnet1d18():
    return layers.ResNet1D18(embedding_dim=1024)
