"""MiniRocket of aeon as a representation, where it is installed."""

import importlib.util

from keras_relcon.cores import num_cores

# 84 kernels with 59 pairs of dilation and threshold each: 4,956 columns.
NUM_KERNELS = 5000


def has_aeon():
    """Whether aeon is installed; it is not imported."""
    return importlib.util.find_spec("aeon") is not None


class MiniRocketFeatures:
    """Shares of time above thresholds, after many fixed convolutions.

    [Dempster et al., 2021](https://doi.org/10.1145/3447548.3467231). Nothing
    is learned but the thresholds (biases), which are quantiles of the
    convolved training windows. No label is used.

    Args:
        num_kernels: int. Defaults to `5000`, which gives 4,956 columns.
        seed: int. Draws the windows of the quantiles, and which axes each
            kernel adds up.
    """

    def __init__(self, num_kernels=NUM_KERNELS, seed=0):
        self.num_kernels = num_kernels
        self.seed = seed
        self._transform = None

    @property
    def is_fitted(self):
        return self._transform is not None

    def fitted(self, acceleration):
        """Returns one with the thresholds of `(windows, time, 3)`, g."""
        from aeon.transformations.collection.convolution_based import (
            MiniRocket,
        )

        fitted = MiniRocketFeatures(self.num_kernels, self.seed)
        fitted._transform = MiniRocket(
            self.num_kernels, n_jobs=num_cores(), random_state=self.seed
        )
        fitted._transform.fit(_channels_first(acceleration))
        return fitted

    def __call__(self, acceleration):
        """Returns `(windows, columns)` float32, shares of time."""
        columns = self._transform.transform(_channels_first(acceleration))
        return columns.astype("float32")


def _channels_first(acceleration):
    return acceleration.transpose(0, 2, 1).astype("float32")
