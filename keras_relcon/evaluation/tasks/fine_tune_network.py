"""The network that `FineTune` trains, its augmentation and its training."""

import keras
import numpy as np
from keras import ops

from keras_relcon.baselines.predicted_transforms import AxisPermutation
from keras_relcon.checks import message
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.layers import Rotation


@keras.saving.register_keras_serializable(package="keras_relcon")
class FineTuneNetwork(keras.Model):
    """An encoder with hidden layers and a class layer on its embedding.

    Args:
        encoder: built `keras.Model` from `(batch, time, 3)` to
            `(batch, dim)`. Becomes part of the network and is trained.
        num_classes: int.
        hidden: tuple of int, units of the ReLU layers before the class
            layer.
        freeze_encoder: bool. The encoder then keeps its weights and its batch
            norm statistics, and is always in inference mode.
        axes_seed: int or None. Seed of `RandomAxes`, which is then applied to
            training windows; `None` for no random axes.

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
        # First the opposite value: TensorFlow ignores an assignment that
        # changes nothing, even if sublayers differ.
        self.encoder.trainable = freeze_encoder
        self.encoder.trainable = not freeze_encoder
        self.num_classes = num_classes
        self.hidden = tuple(hidden)
        self.freeze_encoder = freeze_encoder
        self.axes_seed = axes_seed
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

    def get_config(self):
        return {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "num_classes": self.num_classes,
            "hidden": self.hidden,
            "freeze_encoder": self.freeze_encoder,
            "axes_seed": self.axes_seed,
        }

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**{**config, "encoder": encoder})


class RandomAxes(keras.layers.Layer):
    """Reorders the axes of each window at random, then rotates them.

    The training augmentation of Yuan et al. (2024): one of the 6 orders of
    the axes, then `Rotation`, drawn anew for each window.

    Args:
        seed: int.
    """

    def __init__(self, seed):
        super().__init__(dtype="float32")
        self.order = AxisPermutation(seed=seed)
        self.rotation = Rotation(seed=seed + 1)  # a stream of its own

    def call(self, x, training=False):
        x = self.order(x, training=training)
        return self.rotation(x, training=training)


def train_to_best_epoch(
    network, train, validation, batch_size, epochs, patience, seed
):
    """Trains a compiled network, then restores its best weights.

    Args:
        network: compiled `keras.Model` from `(batch, time, 3)` to
            `(batch, classes)` logits.
        train: tuple of `(rows, time, 3)` windows, `(rows,)` int classes and
            `(rows,)` weights.
        validation: the same, or `None`: the last epoch is then kept.
        batch_size: int.
        epochs: int. At most.
        patience: int or None. Stops after that many epochs in a row without
            a lower validation loss.
        seed: int. Draws the order of the windows in each epoch, the same on
            every backend.

    Returns:
        Tuple of the best epoch, from 1, and the training and the validation
        loss of each epoch.

    Raises:
        ValueError: if a training loss is not finite.
    """
    generator = np.random.default_rng(seed)
    train_losses, validation_losses = [], []
    best_epoch, best_weights = epochs, None
    for epoch in range(1, epochs + 1):
        order = generator.permutation(len(train[0]))
        x, codes, weights = (array[order] for array in train)
        history = network.fit(
            x,
            codes,
            sample_weight=weights,
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
        )
        train_losses.append(float(history.history["loss"][0]))
        if not np.isfinite(train_losses[-1]):
            raise ValueError(
                message(
                    "The training loss must stay finite.",
                    f"{train_losses[-1]} in epoch {epoch}",
                    "Lower `learning_rate`, and check the scale of the "
                    "windows.",
                )
            )
        if validation is None:
            continue
        loss = _cross_entropy(network, *validation)
        if loss < min(validation_losses, default=np.inf):
            best_epoch = epoch
            best_weights = network.get_weights()
        validation_losses.append(loss)
        if patience is not None and epoch - best_epoch >= patience:
            break
    if best_weights is not None:
        network.set_weights(best_weights)
    return best_epoch, tuple(train_losses), tuple(validation_losses)


def _cross_entropy(network, x, codes, weights):
    from scipy.special import log_softmax

    logits = embed_windows(network, x).astype("float64")
    losses = -log_softmax(logits, axis=1)[np.arange(len(codes)), codes]
    return float(np.average(losses, weights=weights))
