"""The network that `FineTune` trains, and its augmentation."""

import keras
import numpy as np
from keras import ops

from keras_relcon.layers import ChannelShuffle, Rotation


class FineTuneNetwork(keras.Model):
    """An encoder with hidden layers and a class layer on its embedding.

    Args:
        encoder: built `keras.Model` from `(batch, time, 3)` to
            `(batch, dim)`. Becomes part of the network and is trained.
        num_classes: int.
        hidden: tuple of int, units of the ReLU layers before the class
            layer.
        freeze_encoder: bool. The encoder then keeps its weights, its batch
            norm statistics, and is always in inference mode.
        axes_seed: int or None. Seeds the random axes of `RandomAxes`, which
            training windows then pass; `None` for none.

    Call arguments:
        x: `(batch, time, 3)`, g.

    Returns:
        `(batch, num_classes)` float32 logits.
    """

    def __init__(
        self, encoder, num_classes, hidden, freeze_encoder, axes_seed=None
    ):
        # Half precision of the encoder makes Keras scale the loss; the head
        # is float32 in any case.
        super().__init__(dtype=encoder.dtype_policy)
        self.encoder = encoder
        # First the opposite: TensorFlow ignores an assignment that changes
        # nothing, even where sublayers differ.
        self.encoder.trainable = freeze_encoder
        self.encoder.trainable = not freeze_encoder
        self.freeze_encoder = freeze_encoder
        self.random_axes = None
        if axes_seed is not None:
            self.random_axes = RandomAxes(axes_seed)
        self.head = [
            keras.layers.Dense(units, activation="relu", dtype="float32")
            for units in hidden
        ]
        self.head.append(keras.layers.Dense(num_classes, dtype="float32"))

    def call(self, x, training=False):
        if self.random_axes is not None:
            x = self.random_axes(x, training=training)
        is_trained = training and not self.freeze_encoder
        x = ops.cast(self.encoder(x, training=is_trained), "float32")
        for layer in self.head:
            x = layer(x)
        return x


class RandomAxes(keras.layers.Layer):
    """Reorders the axes of each window at random, then rotates them.

    The training augmentation of Yuan et al. (2024): one of the 6 orders of
    the axes, then `Rotation`, drawn anew for each window.

    Args:
        seed: int.
    """

    def __init__(self, seed):
        super().__init__(dtype="float32")
        self.order = AnyChannelOrder(seed=seed)
        self.rotation = Rotation(seed=seed + 1)  # a stream of its own

    def call(self, x, training=False):
        x = self.order(x, training=training)
        return self.rotation(x, training=training)


class AnyChannelOrder(ChannelShuffle):
    """Reorders the channels by one of the 6 permutations."""

    PERMUTATIONS = np.concatenate([[range(3)], ChannelShuffle.PERMUTATIONS])
