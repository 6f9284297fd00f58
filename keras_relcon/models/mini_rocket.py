import itertools
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_relcon.checks import (
    check_all_finite,
    check_whole,
    check_windows_shape,
    message,
)
from keras_relcon.types import Shape, Tensor

KERNEL_LENGTH = 9
NUM_TWOS = 3
# One kernel for every choice of the places of the three twos.
NUM_KERNELS = 84
MAX_DILATIONS = 32
MAX_CHANNELS = 9
GOLDEN_RATIO = (np.sqrt(5) + 1) / 2


@keras.saving.register_keras_serializable(package="keras_relcon")
class MiniRocket(keras.Model):
    """Shares of time above thresholds, after many fixed convolutions.

    MiniRocket ([Dempster et al., 2021](https://doi.org/10.1145/3447548.3467231),
    section 3): 84 kernels of 9 samples, whose weights are three times 2 and
    six times -1, at dilations that grow from 1 to where the kernel spans the
    window. Each convolved window is compared with some thresholds; the share
    of samples above each is a feature. Nothing is learned but the thresholds,
    which are quantiles of convolved training windows. No label is used.

    Beside learned features it adds what they lack; by itself it is the
    baseline that a pretrained encoder has to beat.

    Args:
        num_features: int, at least 84. Rounded down to a multiple of 84.
            Defaults to `5000`, which gives 4,956.
        window_length: int, samples, at least 9. What the dilations are made
            for; a call may have longer windows. Defaults to `256`.
        seed: int. Draws the channels that each kernel adds up, and the windows
            of the quantiles. Defaults to `0`.

    Call arguments:
        x: `(batch, time, channels)`, g.

    Returns:
        `(batch, num_features)` float32, shares: for each dilation, for each
        half of the kernels, for each threshold, one of every kernel.

    Raises:
        ValueError: if an argument is no such int, or `x` is shorter than
            `window_length`.

    Differs from the paper: several channels are added up as in its authors'
    implementation; the random draws are others.

    Example:

    >>> mini_rocket = keras_relcon.models.MiniRocket()
    >>> mini_rocket.adapt(windows)
    >>> shares = mini_rocket.predict(windows)
    """

    def __init__(
        self,
        num_features: int = 5000,
        window_length: int = 256,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        # Whatever the global policy is: see what it returns.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        check_whole("num_features", num_features, NUM_KERNELS)
        check_whole("window_length", window_length, KERNEL_LENGTH)
        check_whole("seed", seed, 0)
        self.num_features = num_features // NUM_KERNELS * NUM_KERNELS
        self.window_length = window_length
        self.seed = seed
        self.dilations, self.num_thresholds = _dilations(
            window_length, self.num_features // NUM_KERNELS
        )

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "x", input_shape, "Add the batch axis with `window[None]`."
        )
        self._check_length(input_shape)
        self.input_spec = keras.layers.InputSpec(
            ndim=3, axes={-1: input_shape[-1]}
        )
        self.channels = self.add_weight(
            shape=(len(self.dilations), input_shape[-1], NUM_KERNELS),
            initializer="zeros",
            trainable=False,
            name="channels",
        )
        self.channels.assign(self._draw_channels(input_shape[-1]))
        self.thresholds = self.add_weight(
            shape=(self.num_features,),
            initializer="zeros",
            trainable=False,
            name="thresholds",
        )
        self.built = True

    def adapt(self, windows: ArrayLike) -> None:
        """Takes the thresholds from windows, such as those of a pretraining.

        Each kernel takes, at each dilation, one window by chance, and
        quantiles of what the convolution makes of it.

        Args:
            windows: `(windows, time, channels)` array, g.

        Raises:
            ValueError: if there is no window, `windows` is no such array, or
                has values that are not finite.
        """
        windows = np.asarray(windows, "float32")
        if windows.ndim != 3 or not len(windows):
            raise ValueError(
                message(
                    "`windows` must be (windows, time, channels).",
                    f"shape {windows.shape}",
                    "Pass a few hundred windows.",
                )
            )
        check_all_finite("windows", windows)
        if not self.built:
            self.build((None, *windows.shape[1:]))
        rng = np.random.default_rng([self.seed, 1])
        levels = self._levels()
        thresholds = []
        for index in range(len(self.dilations)):
            drawn = windows[rng.integers(len(windows), size=NUM_KERNELS)]
            responses = keras.ops.convert_to_numpy(
                self._convolve(ops.convert_to_tensor(drawn), index)
            )
            own = responses[np.arange(NUM_KERNELS), :, np.arange(NUM_KERNELS)]
            found = [np.quantile(*pair) for pair in zip(own, levels[index])]
            for half in np.split(np.stack(found), 2):
                thresholds.append(half.T.reshape(-1))
        self.thresholds.assign(np.concatenate(thresholds))

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        self._check_length(x.shape)
        x = ops.cast(x, "float32")
        num_samples = ops.shape(x)[1]
        features, first = [], 0
        for index, dilation in enumerate(self.dilations):
            responses = self._convolve(x, index)
            margin = KERNEL_LENGTH // 2 * dilation
            size = NUM_KERNELS // 2
            halves = responses[:, :, :size], responses[:, :, size:]
            for half, response in enumerate(halves):
                # Half of the kernels see the zeros beside the window.
                if (index + half) % 2:
                    response = response[:, margin : num_samples - margin]
                for _ in range(self.num_thresholds[index]):
                    threshold = self.thresholds[first : first + size]
                    above = ops.cast(response > threshold, "float32")
                    features.append(ops.mean(above, axis=1))
                    first += size
        return ops.concatenate(features, axis=-1)

    def _convolve(self, x, index):
        """All kernels at a dilation, `(batch, time, 84)`, g."""
        kernel = ops.convert_to_tensor(_KERNELS)[:, None, :]
        kernel = ops.reshape(kernel * self.channels[index], (-1, NUM_KERNELS))
        # As one product of matrices: dilated convolutions of few channels are
        # slow on a CPU.
        dilation, num_samples = self.dilations[index], ops.shape(x)[1]
        margin = KERNEL_LENGTH // 2 * dilation
        padded = ops.pad(x, ((0, 0), (margin, margin), (0, 0)))
        shifted = [
            padded[:, tap * dilation : tap * dilation + num_samples]
            for tap in range(KERNEL_LENGTH)
        ]
        return ops.matmul(ops.concatenate(shifted, axis=-1), kernel)

    def _draw_channels(self, num_channels):
        """Which channels each kernel adds up: 1 or 0.

        How many, is drawn with the logarithm uniform.
        """
        rng = np.random.default_rng([self.seed, 0])
        shape = len(self.dilations), NUM_KERNELS
        most = min(num_channels, MAX_CHANNELS)
        counts = 2 ** rng.uniform(0, np.log2(most + 1), shape)
        ranks = rng.permuted(
            np.broadcast_to(np.arange(num_channels), (*shape, num_channels)),
            axis=-1,
        )
        chosen = ranks < counts.astype(int)[..., None]
        return chosen.transpose(0, 2, 1).astype("float32")

    def _levels(self):
        """Of each dilation `(84, thresholds)`: which quantiles to take.

        Multiples of the golden ratio, without their whole part, fill the
        interval from 0 to 1 evenly, however many there are.
        """
        numbers = np.arange(1, self.num_features + 1)
        levels = np.split(
            (numbers * GOLDEN_RATIO) % 1,
            np.cumsum(self.num_thresholds)[:-1] * NUM_KERNELS,
        )
        return [each.reshape(NUM_KERNELS, -1) for each in levels]

    def _check_length(self, shape):
        if shape[1] is not None and shape[1] < self.window_length:
            raise ValueError(
                message(
                    "Windows must be as long as `window_length` or longer.",
                    f"shape={tuple(shape)}, that is {shape[1]} samples, with "
                    f"window_length={self.window_length}",
                    "Make the features for shorter windows.",
                )
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.num_features)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_features": self.num_features,
            "window_length": self.window_length,
            "seed": self.seed,
        }


def _kernels():
    """`(9, 84)`: -1, and 2 at three places; every second one comes first.

    So both halves have twos at all places.
    """
    places = list(itertools.combinations(range(KERNEL_LENGTH), NUM_TWOS))
    places = places[::2] + places[1::2]
    kernels = np.full((KERNEL_LENGTH, NUM_KERNELS), -1, "float32")
    kernels[np.transpose(places), np.arange(NUM_KERNELS)] = 2
    return kernels


_KERNELS = _kernels()


def _dilations(window_length, per_kernel):
    """Dilations, and how many thresholds a kernel has at each.

    The exponents are spread evenly, up to where the kernel is as long as the
    window; equal dilations are put together.
    """
    number = min(per_kernel, MAX_DILATIONS)
    longest = np.log2((window_length - 1) / (KERNEL_LENGTH - 1))
    exponents = np.linspace(0, longest, number)
    dilations, counts = np.unique(
        (2**exponents).astype(int), return_counts=True
    )
    counts = (counts * per_kernel / number).astype(int)
    # What rounding left goes to the first dilations.
    left = per_kernel - counts.sum()
    counts += (left + np.arange(len(counts))[::-1]) // len(counts)
    return dilations.tolist(), counts.tolist()
