"""The transforms of Yuan et al. (2024), where the eight do not fit.

Yuan et al., npj Digital Medicine 7:91, 2024. They draw
until a condition holds; here what remains is drawn at once, from the same
distribution.
"""

import itertools

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_number, check_whole
from keras_relcon.layers.augmentations import Augmentation, ChannelShuffle
from keras_relcon.layers.time_augmentations import SegmentPermutation


@keras.saving.register_keras_serializable(package="keras_relcon")
class VisibleScaling(Augmentation):
    """Multiplies each axis by a factor that is not close to 1.

    Uniform in `[0.5, 0.85]` and `[1.15, 1.5]`, constant in time: 1 plus or
    minus a number that is uniform between `least` and `most`.

    Args:
        least: float. Smallest difference to 1. Defaults to `0.15`.
        most: float. Largest difference to 1. Defaults to `0.5`.
        seed: int or `None`.

    Raises:
        ValueError: if `least` is negative, or `most` is not above it.
    """

    def __init__(self, least=0.15, most=0.5, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        check_number("least", least, least=0)
        check_number("most", most, above=least)
        self.least = least
        self.most = most

    def draw(self, shape):
        shape = (shape[0], 1, shape[2])
        size = keras.random.uniform(
            shape, self.least, self.most, seed=self.seed_generator
        )
        is_up = keras.random.uniform(shape, seed=self.seed_generator) < 0.5
        return 1.0 + ops.where(is_up, size, -size)

    def apply(self, x, draw):
        return x * draw

    def get_config(self):
        return {**super().get_config(), "least": self.least, "most": self.most}


@keras.saving.register_keras_serializable(package="keras_relcon")
class LongSegmentPermutation(SegmentPermutation):
    """Shuffles segments that are all longer than a minimum.

    The cuts are uniform among those that leave every segment longer than
    `minimum_length`; the order is uniform, the order before among them.

    Args:
        num_cuts: int. Makes `num_cuts + 1` segments. Defaults to `3`.
        minimum_length: int, samples. Each segment is longer. Defaults to `10`.
        seed: int or `None`.

    Raises:
        ValueError: if `minimum_length` is no int of 0 or more, or the windows
            are too short for such segments.
    """

    def __init__(self, num_cuts=3, minimum_length=10, seed=None, **kwargs):
        super().__init__(num_cuts, seed=seed, **kwargs)
        check_whole("minimum_length", minimum_length, least=0)
        self.minimum_length = minimum_length

    def build(self, input_shape):
        super().build(input_shape)
        self._check_length(input_shape[1])

    def _check_length(self, length):
        shortest = (self.num_cuts + 1) * (self.minimum_length + 1)
        if isinstance(length, int) and length < shortest:
            raise ValueError(
                f"Windows must have at least {shortest} samples, for "
                f"{self.num_cuts + 1} segments longer than "
                f"{self.minimum_length}. Received: {length} samples. Use "
                "longer windows."
            )

    def draw(self, shape):
        """Returns the cuts and the segments' order, first segment first."""
        self._check_length(shape[1])
        # Segments that fill up a window, longer than the minimum, are places
        # of bars among stars: distinct, any set as likely as any other.
        least = self.minimum_length + 1
        num_places = shape[1] - (self.num_cuts + 1) * least + self.num_cuts
        chance = keras.random.uniform(
            (shape[0], num_places), seed=self.seed_generator
        )
        places = ops.sort(ops.argsort(chance, axis=1)[:, : self.num_cuts])
        bars = ops.arange(self.num_cuts, dtype="int32")
        # Before bar i: i bars, and i + 1 segments' least length.
        cuts = ops.cast(places, "int32") - bars + (bars + 1) * least
        order = ops.argsort(
            keras.random.uniform(
                (shape[0], self.num_cuts + 1), seed=self.seed_generator
            )
        )
        return cuts, order

    def get_config(self):
        return {**super().get_config(), "minimum_length": self.minimum_length}


@keras.saving.register_keras_serializable(package="keras_relcon")
class AxisPermutation(ChannelShuffle):
    """Reorders the three axes by any of the 6 permutations, none included.

    Args:
        seed: int or `None`.
    """

    PERMUTATIONS = np.array(list(itertools.permutations(range(3))))
