import numpy as np

from keras_relcon.data.large_arrays import release
from keras_relcon.data.resampled_signal import ResampledSignal
from keras_relcon.data.resampling import resampled_rate
from keras_relcon.data.windows import check_stride, check_window, cut_windows


class WindowStream:
    """The windows of one recording, cut block by block.

    The windows are those of `make_windows`, but neither the resampled signal
    nor all windows are in memory at once.

    Args:
        recording: `Recording`.
        sample_rate_hz: float. Rate of the windows.
        window_length: int. Samples per window.
        stride: int. Samples from one window's start to the next.

    Raises:
        ValueError: if the sizes are not positive.
    """

    def __init__(self, recording, sample_rate_hz, window_length, stride):
        check_window(sample_rate_hz, window_length)
        check_stride(stride)
        self.recording = recording
        self._signal = ResampledSignal(
            recording.acceleration, recording.sample_rate_hz, sample_rate_hz
        )
        self._rate = resampled_rate(recording.sample_rate_hz, sample_rate_hz)
        self._length = int(window_length)
        self._stride = int(stride)

    def __len__(self):
        room = len(self._signal) - self._length
        return room // self._stride + 1 if room >= 0 else 0

    @property
    def start_seconds(self):
        """`(windows,)` float64, from the start of the recording."""
        return np.arange(len(self)) * (self._stride / self._rate)

    def blocks(self, num_windows):
        """Yields `(windows, valid)`, at most `num_windows` at a time.

        `windows` is `(block, window_length, 3)`, float32, g; `valid` is
        `(block,)` bool.
        """
        for first in range(0, len(self), num_windows):
            last = min(first + num_windows, len(self)) - 1
            samples = self._signal.read(
                first * self._stride, last * self._stride + self._length
            )
            columns = cut_windows(samples, None, self._length, self._stride)
            release(samples)
            yield columns["acceleration"], columns["valid"]
