"""Scores of unfamiliarity by the length of what contrastive training makes.

[Le-Gia and Ahn, 2023](https://arxiv.org/abs/2312.15288): the vectors whose
cosine entered the loss are long for windows like the training data. They are
those of the head, if there is one, before normalisation. The paper's scores are
higher inside; here as everywhere in `out_of_distribution` they are negated, so
that higher means less like the training data.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.checks import check_kind, check_layer, check_whole, message
from keras_relcon.evaluation.embed_windows import (
    as_model,
    check_acceleration,
    embed_windows,
    map_batches,
)
from keras_relcon.layers.random_augmentations import RandomAugmentations
from keras_relcon.models.chain import chain
from keras_relcon.models.relcon_model import RelConModel


def view_norm_scores(outputs: np.ndarray) -> dict[str, np.ndarray]:
    """The three scores.

    Args:
        outputs: `(views, windows, dim)`, unitless, not normalised. The plain
            windows are the first of the views, see `head_outputs`.

    Returns:
        dict of three scores, each `(windows,)`, unitless:
        `norm_of_mean_view`, minus the length of the mean over views,
        `|mean f|`; `mean_squared_norm`, minus the mean over views of the
        squared length, `mean |f|**2`; `squared_norm`, minus the squared length
        of the plain windows, `|f|**2`, which orders them as their length
        does.

    Raises:
        ValueError: if the outputs have another rank.
    """
    outputs = np.asarray(outputs, "float64")
    if outputs.ndim != 3:
        raise ValueError(
            message(
                "`outputs` must be of shape (views, windows, dim).",
                f"shape={outputs.shape}",
                "`head_outputs` makes them.",
            )
        )
    squared = np.square(outputs).sum(axis=-1)
    return {
        "norm_of_mean_view": -np.linalg.norm(outputs.mean(axis=0), axis=-1),
        "mean_squared_norm": -squared.mean(axis=0),
        "squared_norm": -squared[0],
    }


def head_outputs(
    model: keras.Model,
    acceleration: np.ndarray,
    num_views: int = 32,
    views: keras.Layer | None = None,
    seed: int = 0,
    batch_size: int = 256,
) -> np.ndarray:
    """What the head makes of windows and of augmented views of them.

    All in inference mode.

    Args:
        model: `RelConModel` (as `from_preset(name, task="pretrain")`) or a
            method of `keras_relcon.baselines`: the output is that of its
            projector before normalisation, and of its encoder where it has
            none. Or an encoder, `(batch, time, 3)` to `(batch, dim)`.
        acceleration: `(windows, time, 3)`, g.
        num_views: int, not negative. Augmented views beside the plain one.
            Defaults to `32` (released code).
        views: layer from windows to windows of the same shape, called with
            `training=True`, best the one of the training. Defaults to `None`:
            `RandomAugmentations(seed=seed)`.
        seed: int. Defaults to `0`.
        batch_size: int. Windows per call. Defaults to `256`.

    Returns:
        `(1 + num_views, windows, dim)` float32, unitless. The plain windows
        come first.

    Raises:
        TypeError: if `model` or `views` is no layer.
        ValueError: if `num_views` is no such int, and as `embed_windows`.
    """
    check_whole("num_views", num_views, least=0)
    check_layer("views", views)
    acceleration = np.asarray(acceleration, dtype="float32")
    check_acceleration("acceleration", acceleration)
    encoder, head = encoder_and_head(model)
    network = as_model(encoder)
    if head is not None:
        network = chain([encoder, head])
    if views is None:
        views = RandomAugmentations(seed=seed)

    def augment(batch: np.ndarray) -> np.ndarray:
        return ops.convert_to_numpy(views(batch, training=True))

    outputs = [embed_windows(network, acceleration, batch_size)]
    for _ in range(num_views):
        augmented = map_batches(augment, acceleration, batch_size)
        outputs.append(embed_windows(network, augmented, batch_size))
    return np.stack(outputs)


def encoder_and_head(model: Any) -> tuple[keras.Model, keras.Layer | None]:
    """The encoder of a model, and the head whose cosine enters its loss.

    Args:
        model: as of `head_outputs`.

    Returns:
        `(encoder, head)`; the head is `None` where there is none.

    Raises:
        TypeError: if `model` is no layer.
    """
    check_kind(
        "model",
        model,
        keras.Layer,
        "a Keras model",
        "Load a preset with `keras_relcon.presets.from_preset`.",
    )
    if isinstance(model, (RelConModel, PretrainingMethod)):
        return model.encoder, getattr(model, "projector", None)
    return model, None
