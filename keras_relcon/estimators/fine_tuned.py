"""A copy of the encoder that is trained together with its head."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_whole
from keras_relcon.estimators.linear_head import (
    LinearHead,
    find_sharpness,
    row_blocks,
)
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.ridge import group_rows
from keras_relcon.evaluation.tasks.fine_tune import FineTune

# One part of so many of the people says when to stop, and calibrates.
PARTS = 5
SETTINGS = {"learning_rate": 1e-4, "batch_size": 32, "patience": 3}


@dataclass(frozen=True, eq=False)
class FineTuned:
    """An encoder that was trained with its head.

    Attributes:
        encoder: `keras.Model`.
        head: `LinearHead` of its embeddings.
    """

    encoder: keras.Model
    head: LinearHead

    @property
    def strength(self):
        return self.head.strength

    def probabilities(self, windows):
        """Returns `(windows, classes)` float64, rows of which sum to 1."""
        return self.head.probabilities(embed_windows(self.encoder, windows))


def fit_fine_tuned(
    encoder,
    windows,
    codes,
    groups=None,
    balanced=False,
    epochs=20,
    seed=0,
    weights=None,
):
    """Trains a copy of an encoder and a linear layer on labels.

    `FineTune` trains both by the cross-entropy. One fifth of the people is left
    out of the training: the epoch of their lowest loss is kept, and the
    temperature of the probabilities (Guo et al., 2017) is found on them.

    Args:
        encoder: `keras.Model` from `(batch, time, 3)` to `(batch, dim)`. It is
            not changed.
        windows: `(rows, time, 3)`, g.
        codes: `(rows,)` int, classes from 0; each has a row.
        groups: `(rows,)`, people. Defaults to `None`. So, and with one person,
            a fifth of the rows of each class, in their order, is left out.
        balanced: bool. Whether classes count alike. Defaults to `False`.
        epochs: int. At most; it ends after three without progress. Defaults to
            `20`.
        seed: int. Deals the people; draws the layer and the order of the
            windows. Defaults to `0`.
        weights: `(rows,)`, one number for each class: how much its rows count
            in the probabilities. Defaults to `None`: all alike.

    Returns:
        `FineTuned`.
    """
    check_whole("epochs", epochs)
    codes = np.asarray(codes)
    if groups is None or len(np.unique(groups)) == 1:
        groups = row_blocks(codes)
    left = group_rows(groups, PARTS, seed)[-1]
    kept = np.setdiff1d(np.arange(len(codes)), left)
    num_classes = codes.max() + 1
    if len(np.unique(codes[kept])) < num_classes:
        # The people left out have a class alone: nobody is left out.
        left, kept = np.arange(0), np.arange(len(codes))
    validation = (windows[left], codes[left]) if len(left) else (None, None)
    task = FineTune(
        hidden=(),
        epochs=epochs,
        class_weight="balanced" if balanced else None,
        seed=seed,
        **SETTINGS,
    )
    task.fit(windows[kept], codes[kept], *validation, encoder=encoder)
    network = task.network_
    kernel, bias = (
        ops.convert_to_numpy(weight.value)
        for weight in network.head[-1].weights
    )
    sharpness, left_weights = 1.0, None
    if weights is not None and not balanced:
        _, first = np.unique(codes, return_index=True)
        bias = bias + np.log(weights[first])
        left_weights = weights[left]
    if len(left):
        vectors = embed_windows(network.encoder, windows[left])
        sharpness = find_sharpness(
            vectors @ kernel + bias, codes[left], left_weights
        )
    columns = np.ones(len(kernel), "float32")
    head = LinearHead(
        np.zeros_like(columns),
        columns,
        (kernel * sharpness).astype("float32"),
        (bias * sharpness).astype("float32"),
        0.0,
    )
    return FineTuned(network.encoder, head)
