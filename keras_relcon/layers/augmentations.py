"""The eight accelerometer augmentations of Tang et al. (2020).

[Tang et al., 2020](https://arxiv.org/abs/2011.11542) with the parameters of
RelCon's release. Each layer separates the random `draw` from the deterministic
`apply`, so that a draw can be pinned, stored or shared.
"""

import itertools
import math

import keras
import numpy as np
from keras import ops

MINIMUM_SPEED = 1e-3


class Augmentation(keras.layers.Layer):
    """Base of the augmentations: one independent draw per window.

    Args:
        seed: int or `None`. Same seed, same draws. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g.
        training: bool. `False` returns `x` unchanged. Defaults to `True`.

    Returns:
        `(batch, time, channels)`, g.
    """

    def __init__(self, seed=None, **kwargs):
        # Warped times and rotations lose their meaning in half precision.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                f"`{type(self).__name__}` expects windows of shape (batch, "
                f"time, channels). Received: shape={tuple(input_shape)}."
            )
        self.built = True

    def draw(self, shape):
        """Draws the parameters for windows of `shape`, one set per window."""
        return None

    def apply(self, x, draw):
        """Applies a draw to the windows `x`."""
        raise NotImplementedError

    def call(self, x, training=True):
        if not training:
            return x
        return self.apply(x, self.draw(ops.shape(x)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


class _GaussianAugmentation(Augmentation):
    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.stddev = stddev

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}


@keras.saving.register_keras_serializable(package="keras_relcon")
class Noise(_GaussianAugmentation):
    """Adds white noise, independent per sample and channel.

    Args:
        stddev: float, g. Defaults to `0.1`.
        seed: int or `None`.
    """

    def __init__(self, stddev=0.1, seed=None, **kwargs):
        super().__init__(stddev, seed=seed, **kwargs)

    def draw(self, shape):
        return keras.random.normal(
            shape, stddev=self.stddev, seed=self.seed_generator
        )

    def apply(self, x, draw):
        return x + draw


@keras.saving.register_keras_serializable(package="keras_relcon")
class Scaling(_GaussianAugmentation):
    """Multiplies each channel by a factor around 1, constant in time.

    Args:
        stddev: float, of the factor. Defaults to `0.25`.
        seed: int or `None`.
    """

    def __init__(self, stddev=0.25, seed=None, **kwargs):
        super().__init__(stddev, seed=seed, **kwargs)

    def draw(self, shape):
        return keras.random.normal(
            (shape[0], 1, shape[2]), 1.0, self.stddev, seed=self.seed_generator
        )

    def apply(self, x, draw):
        return x * draw


@keras.saving.register_keras_serializable(package="keras_relcon")
class Rotation(Augmentation):
    """Rotates the three axes about a random axis by a random angle.

    The axis is drawn in the cube `[-1, 1]**3` and normalised, the angle is
    uniform in `(-pi, pi)`: not the uniform distribution over rotations, but the
    one that Tang et al. and RelCon use.

    Args:
        seed: int or `None`.
    """

    def draw(self, shape):
        axis = keras.random.uniform(
            (shape[0], 3), -1.0, 1.0, seed=self.seed_generator
        )
        angle = keras.random.uniform(
            (shape[0],), -math.pi, math.pi, seed=self.seed_generator
        )
        return axis_angle_matrix(axis, angle)

    def apply(self, x, draw):
        return ops.matmul(x, draw)


def axis_angle_matrix(axis, angle):
    """Rotation matrices by Rodrigues' formula, `(batch, 3, 3)`.

    Args:
        axis: `(batch, 3)`, of any length above 0.
        angle: `(batch,)`, radians.
    """
    axis = axis / ops.norm(axis, axis=-1, keepdims=True)
    x, y, z = axis[:, 0], axis[:, 1], axis[:, 2]
    zero = ops.zeros_like(x)
    cross = ops.reshape(
        ops.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1), (-1, 3, 3)
    )
    angle = angle[:, None, None]
    return (
        ops.eye(3, dtype=axis.dtype)
        + ops.sin(angle) * cross
        + (1.0 - ops.cos(angle)) * ops.matmul(cross, cross)
    )


@keras.saving.register_keras_serializable(package="keras_relcon")
class Negation(Augmentation):
    """Flips the sign of all channels."""

    def apply(self, x, draw):
        return -x


@keras.saving.register_keras_serializable(package="keras_relcon")
class TimeFlip(Augmentation):
    """Reverses time."""

    def apply(self, x, draw):
        return ops.flip(x, axis=1)


@keras.saving.register_keras_serializable(package="keras_relcon")
class ChannelShuffle(Augmentation):
    """Reorders the three channels by one of the 5 non-identity permutations.

    Args:
        seed: int or `None`.
    """

    # `itertools` lists the identity first.
    PERMUTATIONS = np.array(list(itertools.permutations(range(3)))[1:])

    def draw(self, shape):
        return keras.random.randint(
            (shape[0],), 0, len(self.PERMUTATIONS), seed=self.seed_generator
        )

    def apply(self, x, draw):
        order = ops.take(
            ops.convert_to_tensor(self.PERMUTATIONS, dtype="int32"),
            draw,
            axis=0,
        )
        return ops.take_along_axis(x, order[:, None, :], axis=2)


@keras.saving.register_keras_serializable(package="keras_relcon")
class SegmentPermutation(Augmentation):
    """Cuts the window at random samples and shuffles the segments.

    The cuts are drawn with replacement over all samples, so segments may be
    empty.

    Args:
        num_cuts: int. Makes `num_cuts + 1` segments. Defaults to `5`.
        seed: int or `None`.
    """

    def __init__(self, num_cuts=5, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.num_cuts = num_cuts

    def draw(self, shape):
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

    def apply(self, x, draw):
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

    def get_config(self):
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
        stddev: float, of the knots' heights. Defaults to `0.2`.
        num_knots: int. Interior knots, besides the two ends. Defaults to `4`.
        seed: int or `None`.
    """

    def __init__(self, stddev=0.2, num_knots=4, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.stddev = stddev
        self.num_knots = num_knots
        self._polynomials = _spline_polynomials(num_knots + 2)

    def draw(self, shape):
        """Returns the heights of the knots, `(batch, knots, channels)`."""
        return keras.random.normal(
            (shape[0], self.num_knots + 2, shape[2]),
            1.0,
            self.stddev,
            seed=self.seed_generator,
        )

    def apply(self, x, draw):
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

    def get_config(self):
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
    sample = ops.arange(length, dtype="int32")
    at = ops.cast(sample, times.dtype)
    # How many of the points lie at or before each sample.
    passed = ops.sum(
        ops.cast(times[:, None, :, :] <= at[None, :, None, None], "int32"),
        axis=2,
    )  # (batch, time, channels)
    left = ops.clip(passed - 1, 0, length - 2)
    time_left = ops.take_along_axis(times, left, axis=1)
    time_right = ops.take_along_axis(times, left + 1, axis=1)
    weight = (at[None, :, None] - time_left) / (time_right - time_left)
    weight = ops.clip(weight, 0.0, 1.0)
    x_left = ops.take_along_axis(x, left, axis=1)
    x_right = ops.take_along_axis(x, left + 1, axis=1)
    return x_left + weight * (x_right - x_left)


@keras.saving.register_keras_serializable(package="keras_relcon")
class RandomAugmentations(Augmentation):
    """Composes distinct augmentations, drawn anew for each window.

    Each window gets `num_augmentations` of the list, without replacement, in
    drawn order. All of the list are computed for the whole batch and the drawn
    ones selected, so shapes stay static on every backend.

    Args:
        num_augmentations: int. How many to compose. Defaults to `2`.
        augmentations: list of `Augmentation`, or `None` for the eight of this
            file with their default parameters. Defaults to `None`.
        seed: int or `None`.

    Raises:
        ValueError: if more augmentations are asked for than listed.
    """

    def __init__(
        self, num_augmentations=2, augmentations=None, seed=None, **kwargs
    ):
        super().__init__(seed=seed, **kwargs)
        if augmentations is None:
            augmentations = _default_augmentations(seed)
        if not 1 <= num_augmentations <= len(augmentations):
            raise ValueError(
                "`num_augmentations` must lie between 1 and the "
                f"{len(augmentations)} listed augmentations. Received: "
                f"num_augmentations={num_augmentations}."
            )
        self.num_augmentations = num_augmentations
        self.augmentations = list(augmentations)

    def build(self, input_shape):
        super().build(input_shape)
        for augmentation in self.augmentations:
            augmentation.build(input_shape)

    def draw(self, shape):
        """Returns the indices, `(batch, n)`, and per step every one's draw."""
        order = ops.argsort(
            keras.random.uniform(
                (shape[0], len(self.augmentations)), seed=self.seed_generator
            )
        )[:, : self.num_augmentations]
        draws = [
            [augmentation.draw(shape) for augmentation in self.augmentations]
            for _ in range(self.num_augmentations)
        ]
        return order, draws

    def apply(self, x, draw):
        order, draws = draw
        for step in range(self.num_augmentations):
            chosen = order[:, step, None, None]
            inputs = x
            for index, augmentation in enumerate(self.augmentations):
                x = ops.where(
                    chosen == index,
                    augmentation.apply(inputs, draws[step][index]),
                    x,
                )
        return x

    def get_config(self):
        return {
            **super().get_config(),
            "num_augmentations": self.num_augmentations,
            "augmentations": [
                keras.saving.serialize_keras_object(augmentation)
                for augmentation in self.augmentations
            ],
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["augmentations"] = [
            keras.saving.deserialize_keras_object(augmentation)
            for augmentation in config["augmentations"]
        ]
        return cls(**config)


def _default_augmentations(seed):
    classes = (
        Noise,
        Scaling,
        Rotation,
        Negation,
        TimeFlip,
        ChannelShuffle,
        SegmentPermutation,
        TimeWarp,
    )
    # Distinct streams: one seed for all would tie their draws together.
    return [
        cls(seed=None if seed is None else seed + 1 + index)
        for index, cls in enumerate(classes)
    ]
