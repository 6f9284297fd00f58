from typing import Any

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.data.resampling import resample
from keras_relcon.data.units import G_PER_UNIT
from keras_relcon.evaluation.embed_windows import (
    check_acceleration,
    check_finite,
    map_batches,
)
from keras_relcon.evaluation.suite.load_sets import SAMPLE_RATE_HZ
from keras_relcon.types import Unit


class RivalEncoder:
    """Lets the suite score a network with a rate and a length of its own.

    The windows of the suite, at 100 Hz, are resampled to the rate of
    the network. A window that is then shorter than the network's is continued
    by its own reflection, to and fro, until it is as long; so no jump and no
    other rate comes in. Of a longer one, pieces that cover it are embedded,
    and the mean is taken. The network is in inference mode.

    Args:
        network: `torch.nn.Module`, whatever the Keras backend is, or Keras
            model or layer. Returns one array, whose axes but the first are
            flattened.
        sample_rate_hz: float. Rate that the network was trained at.
        window_length: int. Samples that the network takes.
        channels_first: bool. Whether it takes `(batch, 3, time)`. Defaults to
            `None`: PyTorch networks do, Keras models take
            `(batch, time, 3)`.
        unit: str. Unit that the network takes, `"g"` or `"m/s2"`. Defaults to
            `"g"`.
        clip_g: float. Values beyond are cut, g. Defaults to `None`.
        batch_size: int. Windows per forward pass. Defaults to `256`.

    Call arguments:
        acceleration: `(windows, time, 3)`, g, at 100 Hz.

    Returns:
        `(windows, dim)` float32, unitless.

    Raises:
        TypeError: if the network is neither.
        ValueError: if a number is out of its range, or what goes in or comes
            out is not finite.

    Example:

    ```python
    rival = RivalEncoder(network, sample_rate_hz=30, window_length=300)
    result = keras_relcon.evaluation.suite({"rival": rival}, data="data")
    ```
    """

    def __init__(
        self,
        network: Any,
        sample_rate_hz: float,
        window_length: int,
        channels_first: bool | None = None,
        unit: Unit = "g",
        clip_g: float | None = None,
        batch_size: int = 256,
    ) -> None:
        # On PyTorch a Keras layer is a PyTorch module too.
        self.is_keras = isinstance(network, keras.layers.Layer)
        if not self.is_keras:
            _check_module(network)
        check_number("sample_rate_hz", sample_rate_hz, above=0)
        check_whole("window_length", window_length, least=2)
        check_one_of("channels_first", channels_first, (None, True, False))
        check_one_of("unit", unit, list(G_PER_UNIT))
        if clip_g is not None:
            check_number("clip_g", clip_g, above=0)
        check_whole("batch_size", batch_size)
        self.network = network
        self.sample_rate_hz = sample_rate_hz
        self.window_length = window_length
        self.channels_first = (
            not self.is_keras if channels_first is None else channels_first
        )
        self.unit = unit
        self.clip_g = clip_g
        self.batch_size = batch_size

    def __call__(self, acceleration: np.ndarray) -> np.ndarray:
        check_acceleration("acceleration", acceleration)
        check_finite(acceleration, "window", "Keep the valid windows only.")
        pieces = self.prepare(acceleration)
        vectors = [self._embed(piece) for piece in pieces]
        return np.mean(vectors, axis=0, dtype="float32")

    def prepare(self, acceleration: np.ndarray) -> list[np.ndarray]:
        """Makes what the network takes of windows at 100 Hz.

        Args:
            acceleration: `(windows, time, 3)`, g.

        Returns:
            list of `(windows, window_length, 3)`, or with the last two axes
            the other way round, float32 in the network's unit: one piece or,
            of windows longer than the network's, several.
        """
        num_windows, num_samples, _ = acceleration.shape
        # Each axis of each window is a channel of one long signal.
        columns = np.moveaxis(acceleration, 1, 0).reshape(num_samples, -1)
        columns = resample(columns, SAMPLE_RATE_HZ, self.sample_rate_hz)
        windows = columns.reshape(len(columns), num_windows, 3)
        windows = np.moveaxis(windows, 0, 1)  # (windows, time, 3)
        missing = self.window_length - windows.shape[1]
        if missing > 0:
            pad = ((0, 0), (0, missing), (0, 0))
            windows = np.pad(windows, pad, mode="reflect")
        if self.clip_g is not None:
            windows = np.clip(windows, -self.clip_g, self.clip_g)
        windows = windows / np.float32(G_PER_UNIT[self.unit])
        if self.channels_first:
            windows = np.moveaxis(windows, 1, 2)
        time = 2 if self.channels_first else 1
        last = windows.shape[time] - self.window_length
        num_pieces = -(-windows.shape[time] // self.window_length)
        starts = np.linspace(0, last, num_pieces).round().astype(int)
        return [
            np.take(windows, range(s, s + self.window_length), axis=time)
            for s in starts
        ]

    def _embed(self, windows):
        predict = self._keras if self.is_keras else self._torch
        vectors = map_batches(predict, windows, self.batch_size)
        vectors = vectors.reshape(len(vectors), -1).astype("float32")
        check_finite(vectors, "embedding", "Check the network's weights.")
        return vectors

    def _keras(self, batch):
        return ops.convert_to_numpy(self.network(batch, training=False))

    def _torch(self, batch):
        import torch

        # Parts may be frozen in a network that trains.
        in_training = [m for m in self.network.modules() if m.training]
        self.network.eval()
        device = next((p.device for p in self.network.parameters()), "cpu")
        batch = torch.from_numpy(np.ascontiguousarray(batch)).to(device)
        try:
            with torch.no_grad():
                return self.network(batch).cpu().numpy()
        finally:
            for module in in_training:
                module.training = True


def _check_module(network):
    # Told by what it does: PyTorch may be absent.
    needed = ("parameters", "eval", "train", "state_dict")
    if not all(callable(getattr(network, name, None)) for name in needed):
        raise TypeError(
            message(
                "`network` must be a PyTorch module, or a Keras model or "
                "layer.",
                f"network of type {type(network).__name__}",
                "Pass other functions from windows to vectors to `suite` as "
                "they are.",
            )
        )
