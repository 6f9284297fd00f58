"""The features of the target's windows, of each row with a frozen encoder."""

import dataclasses

import keras
import numpy as np

from keras_relcon.checks import check_kind, message
from keras_relcon.evaluation import leaks
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.features import handmade_features
from keras_relcon.models.mini_rocket import MiniRocket


class Features:
    """What the heads of the rows are fitted on.

    Args:
        encoder: built `keras.Model`, pretrained on the source.
        pretrain: callable or `None`, see `transfer_matrix`.
        target: `Side`.
        seed: int.
    """

    def __init__(self, encoder, pretrain, target, seed):
        self.encoder = encoder
        self.pretrain = pretrain
        self.target = target
        self.seed = seed
        self._of_encoder = None

    def of(self, row):
        """Features of all windows of the target.

        Args:
            row: str. One with a head on frozen features.

        Returns:
            `(windows, columns)` float32.
        """
        acceleration = self.target.windows.acceleration
        if row == "handmade":
            return handmade_features(acceleration)
        if row == "minirocket":
            model = MiniRocket(
                window_length=acceleration.shape[1], seed=self.seed
            )
            model.adapt(acceleration[self.target.unlabelled])
            return embed_windows(model, acceleration)
        if row == "target_ssl":
            return embed_side(self._pretrained(), self.target)
        if self._of_encoder is None:  # `direct` and `probe` share it
            self._of_encoder = embed_side(self.encoder, self.target)
        return self._of_encoder

    def _pretrained(self):
        """The encoder of the target's windows, which has seen no label."""
        windows = dataclasses.replace(
            self.target.windows.select(self.target.unlabelled),
            labels=None,
            targets={},
        )
        before = [np.array(weight) for weight in self.encoder.get_weights()]
        keras.utils.set_random_seed(self.seed)
        encoder = self.pretrain(windows)
        check_kind(
            "pretrain",
            encoder,
            keras.layers.Layer,
            "a callable that returns a keras.Model",
        )
        after = self.encoder.get_weights()
        if not all(map(np.array_equal, before, after)):
            raise ValueError(
                message(
                    "`pretrain` must train an encoder of its own.",
                    "an `encoder` with other weights than before",
                    "Make a new one, e.g. by `untrained_copy(encoder)`.",
                )
            )
        return encoder


def embed_side(encoder, side):
    """Embeddings of all windows of a `Side`, checked for leaks."""

    def represent(acceleration):
        return embed_windows(encoder, acceleration)

    acceleration = side.windows.acceleration
    embeddings = represent(acceleration)
    leaks.check_rows_apart(represent, acceleration, "An embedding")
    rows = np.flatnonzero(side.y >= 0)
    name = f"embedding of {side.name}"
    leaks.check_no_label_inside(embeddings[rows], side.y[rows], name)
    return embeddings
