from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_number, message
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class CandidateRevIN(keras.layers.Layer):
    """Reversible instance normalisation by the candidate's statistics.

    Eq. 2 and 4 of [RelCon](https://arxiv.org/abs/2411.18822). The anchor is
    normalised with the mean and standard deviation of the *candidate*, so a
    difference in magnitude between the two survives and shows up in the
    reconstruction error:

    ```
    normalize(x)   = (x - mean) / std * gamma + beta
    denormalize(y) = (y - beta) / gamma * std + mean
    ```

    The layer keeps no state between calls: `statistics` returns the mean and
    standard deviation, the other two methods take them. The statistics carry
    no gradient.

    Args:
        epsilon: float, not negative. Added to the variance, g**2. Defaults to
            `1e-5`.
        affine: bool. Whether to learn `gamma` and `beta`, one per channel.
            Defaults to `True`.

    Call arguments:
        x: `(batch, time, channels)`, g. The signal to normalise.
        candidate: `(batch, time, channels)`, g. Gives the statistics.

    Returns:
        `(batch, time, channels)`, unitless: `x` normalised.

    Raises:
        ValueError: if `epsilon` is negative, `x` has another rank, or the two
            differ in channels.

    Differs from the paper: Eq. 2 prints `(y + mean) * std`, which does not
    invert Eq. 4; we use its inverse, as the released code does. The learned
    affine is the released code's, the paper does not mention it.

    Example:

    >>> layer = keras_relcon.layers.CandidateRevIN()
    >>> layer.build(anchor.shape)
    >>> statistics = layer.statistics(candidate)
    >>> normalized = layer.normalize(anchor, statistics)
    >>> anchor_again = layer.denormalize(normalized, statistics)
    """

    def __init__(
        self, epsilon: float = 1e-5, affine: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_number("epsilon", epsilon, least=0)
        self.epsilon = epsilon
        self.affine = affine

    def build(
        self, x_shape: Shape, candidate_shape: Shape | None = None
    ) -> None:
        if len(x_shape) != 3 or x_shape[-1] is None:
            raise ValueError(
                message(
                    "Expected a signal of shape (batch, time, channels) with a "
                    "known number of channels.",
                    f"shape={x_shape}",
                )
            )
        if candidate_shape is not None and candidate_shape[-1] != x_shape[-1]:
            raise ValueError(
                message(
                    "`x` and `candidate` must have the same channels.",
                    f"x of shape {tuple(x_shape)}, candidate of shape "
                    f"{tuple(candidate_shape)}",
                )
            )
        if self.affine:
            self.gamma = self.add_weight(
                (x_shape[-1],), initializer="ones", name="gamma"
            )
            self.beta = self.add_weight(
                (x_shape[-1],), initializer="zeros", name="beta"
            )
        self.built = True

    def statistics(self, candidate: Tensor) -> tuple[Tensor, Tensor]:
        """Returns `(mean, std)`, each `(batch, 1, channels)`, g."""
        candidate = ops.stop_gradient(ops.convert_to_tensor(candidate))
        mean = ops.mean(candidate, axis=1, keepdims=True)
        variance = ops.mean(ops.square(candidate - mean), axis=1, keepdims=True)
        return mean, ops.sqrt(variance + self.epsilon)

    def normalize(self, x: Tensor, statistics: tuple[Tensor, Tensor]) -> Tensor:
        """Normalises `(batch, time, channels)` in g; returns it unitless.

        With `affine`, the layer must have been built.
        """
        mean, std = statistics
        x = (ops.convert_to_tensor(x) - mean) / std
        if self.affine:
            x = x * ops.cast(self.gamma, x.dtype) + ops.cast(self.beta, x.dtype)
        return x

    def denormalize(
        self, x: Tensor, statistics: tuple[Tensor, Tensor]
    ) -> Tensor:
        """Inverts `normalize`; returns `(batch, time, channels)` in g.

        With `affine`, the layer must have been built.
        """
        mean, std = statistics
        x = ops.cast(x, std.dtype)
        if self.affine:
            # The constant of the released code, against a gamma of 0.
            x = (x - ops.cast(self.beta, x.dtype)) / (
                ops.cast(self.gamma, x.dtype) + 1e-10
            )
        return x * std + mean

    def call(self, x: Tensor, candidate: Tensor) -> Tensor:
        return self.normalize(x, self.statistics(candidate))

    def compute_output_shape(
        self, x_shape: Shape, candidate_shape: Shape | None = None
    ) -> Shape:
        return x_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "affine": self.affine,
        }
