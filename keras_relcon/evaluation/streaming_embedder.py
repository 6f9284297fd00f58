import dataclasses
import math

import keras
import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_number, check_whole, message
from keras_relcon.data.resampled_signal import ResampledSignal
from keras_relcon.data.resampling import (
    filter_padding,
    rate_ratio,
    resampled_rate,
)
from keras_relcon.data.units import check_windows_in_g, warn_absurd
from keras_relcon.data.windows import check_stride, check_window, cut_windows
from keras_relcon.evaluation.embed_input import expected_input
from keras_relcon.evaluation.embed_windows import (
    as_model,
    check_weights,
    embed_batches,
    power_of_two,
)

# Of a stream, before its unit is judged: a hand may shake for some of them.
SECONDS_TO_JUDGE = 10


@dataclasses.dataclass(frozen=True)
class StreamedWindows:
    """The windows that a piece of a stream has completed, in order.

    Attributes:
        start_seconds: `(windows,)` float64, from the start of the stream.
        valid: `(windows,)` bool. False where samples are missing.
        embeddings: `(windows, dim)` float32. NaN where not valid.
    """

    start_seconds: np.ndarray
    valid: np.ndarray
    embeddings: np.ndarray

    def __len__(self) -> int:
        return len(self.valid)


class StreamingEmbedder:
    """Embeds a live stream of samples, a piece at a time.

    Pieces of any size, pushed one after the other, give the windows of `embed`
    on the whole recording, whatever the pieces are. Resampled samples agree
    within 1e-4 g: the filter goes around the mean of the signal, which a stream
    does not know in advance. A window is given as soon as the samples that it
    depends on are there: beside its own, those within the reach of the filter
    that resamples, half a second at 50 Hz. A window beside a gap waits for the
    end of the gap. Kept are the samples of the window that comes next. With a
    preset the unit is checked once, when ten seconds are there, or at the end.

    Args:
        encoder: `keras.Model` from `(batch, time, 3)`, g, to `(batch, dim)`:
            an encoder, or `MotionClassifier.to_keras()` for probabilities.
        recorded_hz: float. Rate of the stream.
        sample_rate_hz: number. Rate at which the encoder was trained. Defaults
            to that of the encoder's preset, else to `100`.
        window_length: int. Samples in a window. Defaults to that of the
            encoder's preset, else to `256`.
        stride: int or None. Samples from one start to the next, at the rate of
            the encoder. Defaults to `None`: windows without overlap.
        batch_size: int. Most windows per forward pass. Defaults to `256`.

    Raises:
        ValueError: if a rate or a size is not positive, or contradicts the
            encoder's preset; or as `embed_windows`.

    Example:
    ```python
    stream = keras_relcon.evaluation.StreamingEmbedder(encoder, recorded_hz=50)
    for samples in device:  # (n, 3), g
        windows = stream.push(samples)
        windows.embeddings[windows.valid]
    stream.finish()
    ```
    """

    def __init__(
        self,
        encoder: keras.Model,
        recorded_hz: float,
        sample_rate_hz: float | None = None,
        window_length: int | None = None,
        stride: int | None = None,
        batch_size: int = 256,
    ) -> None:
        rate, length = expected_input(encoder, sample_rate_hz, window_length)
        check_number("recorded_hz", recorded_hz, above=0)
        check_window(rate, length)
        stride = length if stride is None else stride
        check_stride(stride)
        check_whole("batch_size", batch_size, advice="Use 256.")
        self.recorded_hz = float(recorded_hz)
        self._encoder = encoder
        self._model = as_model(encoder)
        check_weights(self._model)
        self._rates = self.recorded_hz, rate
        self._ratio = rate_ratio(*self._rates)
        self._rate = resampled_rate(*self._rates)
        self._padding = 0 if self._ratio == 1 else filter_padding(self._ratio)
        self._length, self._stride = int(length), int(stride)
        self._batch_size = batch_size
        # Also compiles the encoder, so that the first window does not wait.
        empty = np.zeros((1, self._length, 3), "float32")
        self._dim = embed_batches(self._model, empty, 1, None).shape[1]
        self.reset()

    def reset(self) -> None:
        """Begins a new stream."""
        self._samples = np.empty((0, 3), np.float32)
        self._first = 0  # of the kept samples, in the stream
        self._num_windows = 0  # that were given
        self._is_finished = False
        self._to_judge = np.empty((0, 3), np.float32)
        # Without a preset nothing is known of the unit.
        preset = getattr(self._encoder, "preset_metadata", None)
        self._is_judged = preset is None

    def push(self, samples: ArrayLike) -> StreamedWindows:
        """Takes the next samples, and gives the windows that they complete.

        Args:
            samples: `(n, 3)`, g, `n` from 0 on. Rows that are not finite are
                missing.

        Returns:
            `StreamedWindows`, often none.

        Raises:
            ValueError: if the samples have another shape, the stream was
                finished, or a preset is given samples in m/s2.
        """
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 2 or samples.shape[1] != 3:
            raise ValueError(
                message(
                    "`samples` must be of shape (n, 3), in g.",
                    f"shape={samples.shape}",
                    "Push a single sample as one row.",
                )
            )
        if self._is_finished:
            raise ValueError(
                message(
                    "Samples must come before `finish`.",
                    f"{len(samples)} samples after it",
                    "Call `reset` to begin a new stream.",
                )
            )
        if len(samples):
            # A lone sample is judged beside those before it.
            together = np.concatenate([self._samples, samples])
            self._samples = warn_absurd(together)
        self._judge_unit(samples)
        return self._give(self._num_ready(self._num_settled()))

    def finish(self) -> StreamedWindows:
        """Ends the stream, and gives the windows that waited for more."""
        self._is_finished = True
        self._judge_unit(np.empty((0, 3), np.float32))
        count = self._first + len(self._samples)
        num_resampled = math.ceil(count * self._ratio)
        return self._give(self._num_within(num_resampled))

    def _judge_unit(self, samples):
        """Raises where the first seconds of the stream cannot be in g."""
        if self._is_judged:
            return
        enough = math.ceil(SECONDS_TO_JUDGE * self.recorded_hz)
        known = samples[np.isfinite(samples).all(axis=1)]
        first = np.concatenate([self._to_judge, known])[:enough]
        self._to_judge = first
        if len(first) == enough or (self._is_finished and len(first)):
            check_windows_in_g(first[None], "")
            self._is_judged = True

    def _num_settled(self):
        """Samples of the stream that no later sample has a part in."""
        known = np.flatnonzero(np.isfinite(self._samples).all(axis=1))
        # What is in a gap at the end depends on what comes after it.
        return self._first + (known[-1] + 1 if len(known) else 0)

    def _num_ready(self, num_settled):
        """Windows of which each resampled sample is settled."""
        if self._ratio == 1:
            return self._num_within(num_settled)
        return self._num_within(
            math.floor((num_settled - self._padding) * self._ratio)
        )

    def _num_within(self, num_resampled):
        room = num_resampled - self._length
        return room // self._stride + 1 if room >= 0 else 0

    def _give(self, num_windows):
        count = max(num_windows - self._num_windows, 0)
        index = self._num_windows + np.arange(count)
        valid = np.zeros(count, bool)
        embeddings = np.full((count, self._dim), np.nan, np.float32)
        if count:
            first, last = index[0] * self._stride, index[-1] * self._stride
            windows, valid = self._cut(first, last + self._length)
            if valid.any():
                embeddings[valid] = self._embed(windows[valid])
            self._num_windows += count
            self._forget()
        seconds = index * (self._stride / self._rate)
        return StreamedWindows(seconds, valid, embeddings)

    def _cut(self, start, stop):
        up, down = self._ratio.numerator, self._ratio.denominator
        skipped = self._first // down * up
        signal = ResampledSignal(self._samples, *self._rates)
        samples = signal.read(start - skipped, stop - skipped)
        columns = cut_windows(samples, None, self._length, self._stride)
        return columns["acceleration"], columns["valid"]

    def _embed(self, windows):
        size = min(self._batch_size, power_of_two(len(windows)))
        return embed_batches(self._model, windows, size, None)

    def _forget(self):
        """Drops the samples in which no later window has a part."""
        up, down = self._ratio.numerator, self._ratio.denominator
        start = self._num_windows * self._stride
        first = start // up * down - self._padding - self._first
        first = min(max(first, 0), len(self._samples))
        # A gap is bridged from the last sample before it.
        known = np.flatnonzero(np.isfinite(self._samples[:first]).all(axis=1))
        first = self._first + (known[-1] if len(known) else 0)
        first = first // down * down  # a whole resampled sample
        self._samples = self._samples[max(first - self._first, 0) :]
        self._first = max(first, self._first)
