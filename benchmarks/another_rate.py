"""An augmentation that `objectives.py` trains by: another sample rate."""

import math

import keras
from keras import ops

from keras_relcon.layers import Augmentation


class AnotherRate(Augmentation):
    """Reads a window as if its sample rate were another.

    It is stretched or squeezed about its middle by a factor whose logarithm is
    uniform, read linearly, and reflected where it is then too short.

    Args:
        most: float, above 1 and at most 2. The largest factor; the smallest is
            its inverse. Defaults to `1.5`.
        seed: int or `None`.
    """

    def __init__(self, most=1.5, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.most = most

    def draw(self, shape):
        """Returns the samples of the window for each one that is read."""
        limit = math.log(self.most)
        return ops.exp(
            keras.random.uniform(
                (shape[0],), -limit, limit, seed=self.seed_generator
            )
        )

    def apply(self, x, draw):
        length = ops.shape(x)[1]
        last = ops.cast(length - 1, "float32")
        steps = ops.cast(ops.arange(length, dtype="int32"), "float32")
        at = last / 2 + (steps - last / 2) * draw[:, None]
        at = last - ops.abs(last - ops.abs(at))
        left = ops.clip(ops.cast(ops.floor(at), "int32"), 0, length - 2)
        weight = (at - ops.cast(left, "float32"))[:, :, None]
        before, after = (
            ops.take_along_axis(x, place[:, :, None], axis=1)
            for place in (left, left + 1)
        )
        return before + weight * (after - before)
