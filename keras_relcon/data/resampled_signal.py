import numpy as np
from scipy.signal import resample_poly

from keras_relcon.data.large_arrays import CHUNK, chunks, finite_rows, release
from keras_relcon.data.regularizing import bridge
from keras_relcon.data.resampling import (
    filter_padding,
    low_pass,
    next_to_missing,
    rate_ratio,
)


class ResampledSignal:
    """A signal at another rate, of which any stretch is computed alone.

    `ResampledSignal(x, from_hz, to_hz).read(start, stop)` is
    `resample(x, from_hz, to_hz)[start:stop]`, to float32 rounding: stretches
    joined have no seams. Beside the signal itself it keeps one byte per sample
    where samples are missing, and nothing where none are, so that weeks can be
    read in stretches.

    Args:
        acceleration: `(num_samples, channels)`. Rows that are not finite are
            missing. Not copied if it is float32.
        from_hz: float. Present rate.
        to_hz: float. Wanted rate.

    Raises:
        ValueError: if a rate is not positive, or the two are too far apart.

    Example:

    >>> signal = ResampledSignal(recording.acceleration, 50, 100)
    >>> signal.read(0, 256).shape
    (256, 3)
    """

    def __init__(self, acceleration, from_hz, to_hz):
        self._ratio = rate_ratio(from_hz, to_hz)
        self._signal = np.asarray(acceleration, dtype=np.float32)
        up, down = self._ratio.numerator, self._ratio.denominator
        self._num_samples = -(-len(self._signal) * up // down)
        if self._ratio == 1:
            return
        self._is_missing = _find_missing(self._signal)
        self._gaps = _gaps(self._is_missing)
        self._is_empty = self._is_missing is not None and self._is_missing.all()
        if not self._is_empty:
            self._mean = self._find_mean()

    def __len__(self):
        return self._num_samples

    def read(self, start, stop):
        """Returns the resampled samples from `start` up to `stop`.

        Args:
            start, stop: int. Resampled samples, `0 <= start < stop` and
                `stop <= len(signal)`.

        Returns:
            `(stop - start, channels)` float32. NaN beside missing samples.

        Raises:
            IndexError: if that is not a stretch of the signal.
        """
        if not 0 <= start < stop <= len(self):
            raise IndexError(
                f"A stretch must lie within {len(self)} samples. Received: "
                f"start={start}, stop={stop}. Read up to `len(signal)`."
            )
        if self._ratio == 1:
            return self._signal[start:stop]
        if self._is_empty:
            shape = (stop - start, self._signal.shape[1])
            return np.full(shape, np.nan, np.float32)
        resampled = self._filter(start, stop)
        release(self._signal)
        if self._is_missing is not None:
            positions = np.arange(start, stop)
            is_unknown = next_to_missing(
                positions, self._ratio, self._is_missing
            )
            resampled[is_unknown] = np.nan
        return resampled

    def _filter(self, start, stop):
        up, down = self._ratio.numerator, self._ratio.denominator
        padding = filter_padding(self._ratio)
        # From a multiple of `down`, which is a whole resampled sample.
        first = start // up * down - padding
        last = -(-stop * down // up) + padding
        resampled = resample_poly(
            self._padded(first, last) - self._mean,
            up,
            down,
            axis=0,
            window=low_pass(up, down),
        )
        skipped = start - first // down * up
        resampled = resampled[skipped : skipped + stop - start]
        return (resampled + self._mean).astype(np.float32)

    def _find_mean(self):
        """Mean of the bridged signal and its continuation at both ends."""
        padding = filter_padding(self._ratio)
        last = len(self._signal) + padding
        total = np.zeros(self._signal.shape[1])
        for first in range(-padding, last, CHUNK):
            rows = self._padded(first, min(first + CHUNK, last))
            total += rows.sum(axis=0, dtype=np.float64)
            release(self._signal)
        return (total / (last + padding)).astype(np.float32)

    def _padded(self, first, last):
        """Rows of the bridged signal, continued by its point reflection."""
        count = len(self._signal)
        before, after = max(-first, 0), max(last - count, 0)
        if max(before, after) >= count:
            # So short that the reflection is reflected again.
            rows = np.pad(
                self._bridged(0, count),
                ((before, after), (0, 0)),
                mode="reflect",
                reflect_type="odd",
            )
            return rows[max(first, 0) : max(first, 0) + last - first]
        inside = np.clip([first, last], 0, count)
        parts = [self._bridged(*inside)]
        if before:
            edge = self._bridged(0, before + 1)
            parts.insert(0, (2 * edge[:1] - edge)[:0:-1])
        if after:
            edge = self._bridged(count - after - 1, count)
            parts.append((2 * edge[-1:] - edge)[-2::-1])
        rows = np.concatenate(parts) if len(parts) > 1 else parts[0]
        # All of the continuation was made, also where it begins elsewhere.
        return rows[max(first - count, 0) : len(rows) - max(-last, 0)]

    def _bridged(self, first, last):
        """Rows of the signal, a straight line where they are missing."""
        rows = self._signal[first:last]
        if self._is_missing is None or not self._is_missing[first:last].any():
            return rows
        known = first + np.flatnonzero(~self._is_missing[first:last])
        known = np.concatenate(
            [self._known_before(first), known, self._known_from(last)]
        ).astype(int)
        return bridge(rows, np.arange(first, last), known, self._signal[known])

    def _known_before(self, row):
        """The last good sample before `row`, if there is one."""
        starts, stops = self._gaps
        index = np.searchsorted(stops, row)
        is_inside = index < len(starts) and starts[index] < row
        known = (starts[index] if is_inside else row) - 1
        return [known] if known >= 0 else []

    def _known_from(self, row):
        """The first good sample at or after `row`, if there is one."""
        starts, stops = self._gaps
        index = np.searchsorted(starts, row, side="right") - 1
        is_inside = index >= 0 and stops[index] > row
        known = stops[index] if is_inside else row
        return [known] if known < len(self._signal) else []


def _find_missing(signal):
    """`(num_samples,)` bool, or `None` where no sample is missing."""
    is_missing = None
    for rows in chunks(signal):
        is_finite = finite_rows(signal[rows])
        if not is_finite.all():
            if is_missing is None:
                is_missing = np.zeros(len(signal), bool)
            is_missing[rows] = ~is_finite
    return is_missing


def _gaps(is_missing):
    """First samples of the gaps, and the samples after their last ones."""
    if is_missing is None:
        return np.empty(0, int), np.empty(0, int)
    edges = np.flatnonzero(np.diff(is_missing)) + 1
    starts = edges[is_missing[edges]]
    stops = edges[~is_missing[edges]]
    if is_missing[0]:
        starts = np.concatenate([[0], starts])
    if is_missing[-1]:
        stops = np.concatenate([stops, [len(is_missing)]])
    return starts, stops
