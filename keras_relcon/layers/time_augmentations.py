"""The augmentations of Tang et al. (2020) that move samples in time."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_number, check_whole, message
from keras_relcon.layers.augmentations import Augmentation
from keras_relcon.types import Shape, Tensor

MINIMUM_SPEED = 1e-3


@keras.saving.register_keras_serializable(package="keras_relcon")
class TimeFlip(Augmentation):
    """Reverses time.

    Args:
        seed: int or `None`. Nothing is drawn. Defaults to `None`.
    """

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        return ops.flip(x, axis=1)


@keras.saving.register_keras_serializable(package="keras_relcon")
class SegmentPermutation(Augmentation):
    """Cuts the window at random samples and shuffles the segments.

    The cuts are drawn with replacement over all samples, so segments may be
    empty, and the order may be the one before.

    Args:
        num_cuts: int, at least 1. Makes `num_cuts + 1` segments. Defaults to
            `5`.
        seed: int or `None`. Defaults to `None`.

    Raises:
        ValueError: if `num_cuts` is not an int of 1 or more.

    Differs from the paper: the code of Tang et al. makes 4 cuts.
    """

    def __init__(
        self, num_cuts: int = 5, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_whole("num_cuts", num_cuts)
        self.num_cuts = num_cuts

    def draw(self, shape: Shape) -> Any:
        """Returns the cuts and the segments' order, first segment first."""
        cuts = keras.random.uniform(
            (shape[0], self.num_cuts), seed=self.seed_generator
        )
        cuts = ops.floor(cuts * ops.cast(shape[1], cuts.dtype))
        order = ops.argsort(
            keras.random.uniform(
                (shape[0], self.num_cuts + 1), seed=self.seed_generator
            )
        )
        return ops.cast(cuts, "int32"), order

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        cuts, order = draw
        length = ops.shape(x)[1]
        sample = ops.arange(length, dtype="int32")
        # The segment of each sample, then the place of that segment.
        segment = ops.sum(
            ops.cast(cuts[:, None, :] <= sample[None, :, None], "int32"),
            axis=-1,
        )  # (batch, time)
        place = ops.take_along_axis(
            ops.cast(ops.argsort(order), "int32"), segment, axis=1
        )
        # Within a segment the samples keep their order.
        source = ops.argsort(place * length + sample, axis=1)
        return ops.take_along_axis(x, source[:, :, None], axis=1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_cuts": self.num_cuts}


@keras.saving.register_keras_serializable(package="keras_relcon")
class TimeWarp(Augmentation):
    """Stretches and squeezes time along a smooth random speed.

    The speed is a cubic spline through equally spaced knots of height
    `N(1, stddev**2)`, drawn per channel; its running sum, rescaled to the
    window, gives the warped times at which the signal is placed and from which
    it is read back linearly. A spline is linear in its knots, so its basis is
    computed once and no spline is fitted at run time. Speeds below 0.001 are
    raised to it, so that time never runs backwards.

    Args:
        stddev: float, of the knots' heights, not negative. Defaults to `0.2`.
        num_knots: int, not negative. Interior knots, besides the two ends.
            Defaults to `4`.
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g. `time` is at least 2.

    Returns:
        `(batch, time, channels)`, g.

    Raises:
        ValueError: if `stddev` is negative, `num_knots` is not such an int, or
            `x` has a single sample.

    Differs from the paper: the least speed is ours; Tang et al. and RelCon's
    released code have none.
    """

    def __init__(
        self,
        stddev: float = 0.2,
        num_knots: int = 4,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_number("stddev", stddev, least=0)
        check_whole("num_knots", num_knots, least=0)
        self.stddev = stddev
        self.num_knots = num_knots
        self._polynomials = _spline_polynomials(num_knots + 2)

    def draw(self, shape: Shape) -> Any:
        """Returns the heights of the knots, `(batch, knots, channels)`."""
        if isinstance(shape[1], int) and shape[1] < 2:
            raise ValueError(
                message(
                    "`TimeWarp` takes windows of 2 samples or more.",
                    f"shape={tuple(shape)}",
                )
            )
        return keras.random.normal(
            (shape[0], self.num_knots + 2, shape[2]),
            1.0,
            self.stddev,
            seed=self.seed_generator,
        )

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        length = ops.shape(x)[1]
        speed = ops.matmul(self._basis(length), draw)  # (batch, time, channels)
        speed = ops.maximum(speed, MINIMUM_SPEED)
        warped = ops.cumsum(speed, axis=1)
        last = ops.cast(length - 1, warped.dtype)
        warped = warped * (last / warped[:, -1:, :])
        return _interpolate(warped, x)

    def _basis(self, length):
        num_pieces = self.num_knots + 1
        position = ops.cast(ops.arange(length, dtype="int32"), "float32")
        position = position * (num_pieces / ops.cast(length - 1, "float32"))
        piece = ops.clip(ops.floor(position), 0, num_pieces - 1)
        offset = position - piece
        powers = ops.stack(
            [offset**3, offset**2, offset, ops.ones_like(offset)], axis=1
        )  # (time, 4)
        polynomials = ops.take(
            ops.convert_to_tensor(self._polynomials, dtype="float32"),
            ops.cast(piece, "int32"),
            axis=0,
        )  # (time, 4, knots)
        return ops.einsum("tp,tpk->tk", powers, polynomials)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "stddev": self.stddev,
            "num_knots": self.num_knots,
        }


def _spline_polynomials(num_knots):
    """Cubic pieces of the not-a-knot spline basis on knots 0, 1, 2, ...

    Returns `(pieces, 4, knots)`: coefficients of falling powers of the offset
    into the piece, for a unit height at each knot.
    """
    from scipy.interpolate import CubicSpline

    spline = CubicSpline(np.arange(num_knots), np.eye(num_knots))
    return np.transpose(spline.c, (1, 0, 2))


def _interpolate(times, x):
    """Reads the points `(times, x)` at the whole samples, linearly.

    `times` and `x` are `(batch, time, channels)`, `times` rising along time.
    Before the first time the first value holds.
    """
    length = ops.shape(x)[1]
    at = ops.cast(ops.arange(length, dtype="int32"), times.dtype)
    left = ops.clip(_num_passed(times) - 1, 0, length - 2)
    time_left = ops.take_along_axis(times, left, axis=1)
    time_right = ops.take_along_axis(times, left + 1, axis=1)
    weight = (at[None, :, None] - time_left) / (time_right - time_left)
    weight = ops.clip(weight, 0.0, 1.0)
    x_left = ops.take_along_axis(x, left, axis=1)
    x_right = ops.take_along_axis(x, left + 1, axis=1)
    return x_left + weight * (x_right - x_left)


def _num_passed(times):
    """How many of the points lie at or before each whole sample.

    `(batch, time, channels)` int32. Every point is counted at the first sample
    that is not before it; the running sum does the rest.
    """
    batch, length, channels = ops.shape(times)
    size = batch * length * channels
    first = ops.clip(ops.cast(ops.ceil(times), "int32"), 0, length)
    batch_index = ops.arange(batch, dtype="int32")[:, None, None]
    channel = ops.arange(channels, dtype="int32")[None, None, :]
    place = (batch_index * length + first) * channels + channel
    # Points after the last sample are counted in a place that is cut off.
    place = ops.where(first < length, place, size)
    counts = ops.segment_sum(
        ops.ones_like(ops.reshape(place, (-1,))),
        ops.reshape(place, (-1,)),
        num_segments=size + 1,
    )
    counts = ops.reshape(counts[:size], (batch, length, channels))
    return ops.cumsum(counts, axis=1)
