"""Puts signals on a regular grid, and changes their sample rate."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

# Largest factor of the polyphase filter: the rate is met to 1 part in 10^6.
MAX_FACTOR = 1000


def resample(acceleration, from_hz, to_hz):
    """Changes the sample rate of a signal, without aliasing.

    A polyphase low-pass filter at the smaller Nyquist frequency. The signal is
    continued at both ends by its point reflection and the mean goes around the
    filter, so gravity keeps its value up to the edges. Samples that are not
    finite are bridged for the filter, and are NaN in the result.

    Args:
        acceleration: `(num_samples, channels)`.
        from_hz: float. Present rate.
        to_hz: float. Wanted rate.

    Returns:
        `(ceil(num_samples * to_hz / from_hz), channels)` float32, in the unit
        of `acceleration`.

    Raises:
        ValueError: if a rate is not positive.
    """
    if not (from_hz > 0 and to_hz > 0):
        raise ValueError(
            "`from_hz` and `to_hz` must be positive. "
            f"Received: from_hz={from_hz}, to_hz={to_hz}."
        )
    acceleration = np.asarray(acceleration, dtype=np.float32)
    ratio = Fraction(to_hz / from_hz).limit_denominator(MAX_FACTOR)
    if ratio == 1:
        return acceleration
    if ratio == 0:
        raise ValueError(
            f"`to_hz` must be at least `from_hz` / {MAX_FACTOR}. "
            f"Received: from_hz={from_hz}, to_hz={to_hz}."
        )
    is_missing = ~np.isfinite(acceleration).all(axis=1)
    if is_missing.all():
        num_samples = -(
            -len(acceleration) * ratio.numerator // ratio.denominator
        )
        return np.full((num_samples, acceleration.shape[1]), np.nan, np.float32)
    resampled = _filter(_bridge(acceleration, is_missing), ratio)
    if is_missing.any():
        position = np.arange(len(resampled)) / float(ratio)
        last = len(acceleration) - 1
        before = np.minimum(np.floor(position).astype(int), last)
        after = np.minimum(np.ceil(position).astype(int), last)
        resampled[is_missing[before] | is_missing[after]] = np.nan
    return resampled


def resample_labels(labels, from_hz, to_hz, num_samples):
    """Takes the nearest label for each of `num_samples` samples at `to_hz`."""
    labels = np.asarray(labels)
    if labels.strides == (0,):  # one label, spread over the recording
        return np.broadcast_to(labels[0], (num_samples,))
    # Half way between two samples, the earlier one.
    position = np.arange(num_samples) * (from_hz / to_hz)
    nearest = np.ceil(position - 0.5).astype(int)
    return labels[np.minimum(nearest, len(labels) - 1)]


def resample_arrays(recording, to_hz):
    """Returns `(acceleration, labels)` of a recording at `to_hz`."""
    from_hz = recording.sample_rate_hz
    acceleration = resample(recording.acceleration, from_hz, to_hz)
    labels = recording.labels
    if labels is not None:
        labels = resample_labels(labels, from_hz, to_hz, len(acceleration))
    return acceleration, labels


def resample_recording(recording, to_hz):
    """Returns the recording at `to_hz`: signal and labels, same start."""
    if recording.sample_rate_hz == to_hz:
        return recording
    acceleration, labels = resample_arrays(recording, to_hz)
    return replace(
        recording,
        acceleration=acceleration,
        sample_rate_hz=to_hz,
        labels=labels,
    )


def regularize(
    timestamps_s,
    acceleration,
    sample_rate_hz=None,
    labels=None,
    max_gap_seconds=1.0,
):
    """Puts irregularly timed samples on a regular grid, linearly.

    Args:
        timestamps_s: `(num_samples,)`, seconds, strictly increasing.
        acceleration: `(num_samples, channels)`.
        sample_rate_hz: float. Rate of the grid. Defaults to the median rate
            of the timestamps.
        labels: `(num_samples,)`. The nearest is taken. Defaults to `None`.
        max_gap_seconds: float. Grid points inside a longer gap are NaN: no
            motion is invented there. Defaults to `1.0`.

    Returns:
        `(acceleration, sample_rate_hz, labels)` on the grid that starts at the
        first timestamp.

    Raises:
        ValueError: if there are fewer than two samples, or the timestamps do
            not increase strictly; the first such row is named.
    """
    timestamps_s = np.asarray(timestamps_s, dtype=np.float64)
    acceleration = np.asarray(acceleration)
    steps = np.diff(timestamps_s)
    _check_increasing(timestamps_s, steps)
    if sample_rate_hz is None:
        sample_rate_hz = float(1.0 / np.median(steps))
    elapsed = timestamps_s - timestamps_s[0]
    # The small slack keeps a last sample that rounding put before the grid.
    num_samples = int(np.floor(elapsed[-1] * sample_rate_hz + 1e-3)) + 1
    grid = np.arange(num_samples) / sample_rate_hz
    on_grid = np.stack(
        [np.interp(grid, elapsed, channel) for channel in acceleration.T],
        axis=1,
    ).astype(np.float32)
    # Index of the sample at or before each grid point.
    before = np.searchsorted(elapsed, grid + 1e-9, side="right") - 1
    before = np.clip(before, 0, len(steps) - 1)
    is_in_gap = (steps[before] > max_gap_seconds) & (
        np.minimum(grid - elapsed[before], elapsed[before + 1] - grid) > 1e-6
    )
    on_grid[is_in_gap] = np.nan
    if labels is not None:
        is_after_middle = grid > (elapsed[before] + elapsed[before + 1]) / 2
        labels = np.asarray(labels)[before + is_after_middle]
    return on_grid, sample_rate_hz, labels


def _check_increasing(timestamps_s, steps):
    if len(timestamps_s) < 2:
        raise ValueError(
            "`timestamps_s` must hold at least 2 samples. "
            f"Received: {len(timestamps_s)}."
        )
    wrong = np.flatnonzero(~(steps > 0))
    if len(wrong):
        row = int(wrong[0]) + 1
        kind = "repeats" if steps[row - 1] == 0 else "does not follow"
        raise ValueError(
            "Timestamps must increase from row to row. Received: row "
            f"{row} (from 0; {timestamps_s[row]!r} s) {kind} row {row - 1} "
            f"({timestamps_s[row - 1]!r} s); {len(wrong)} such rows in all. "
            "Sort the rows and drop repeated timestamps first."
        )


def _filter(acceleration, ratio):
    up, down = ratio.numerator, ratio.denominator
    # scipy's filter reaches 10 samples of the slower rate to each side. A
    # multiple of `down` samples of padding is a whole number of output samples.
    padding = down * (10 * max(up, down) // (up * down) + 1)
    padded = np.pad(
        acceleration,
        ((padding, padding), (0, 0)),
        mode="reflect",
        reflect_type="odd",
    )
    resampled = resample_poly(padded, up, down, axis=0, padtype="mean")
    num_samples = -(-len(acceleration) * up // down)
    first = padding // down * up
    return resampled[first : first + num_samples].astype(np.float32)


def _bridge(acceleration, is_missing):
    if not is_missing.any():
        return acceleration
    index = np.arange(len(acceleration))
    known = ~is_missing
    return np.stack(
        [
            np.interp(index, index[known], channel[known])
            for channel in acceleration.T
        ],
        axis=1,
    ).astype(np.float32)
