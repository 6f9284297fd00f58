"""Puts signals on a regular grid, and changes their sample rate."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.signal import firwin, kaiser_beta, resample_poly

from keras_relcon.checks import check_number
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.large_arrays import finite_rows
from keras_relcon.data.regularizing import bridge, regularize
from keras_relcon.data.units import warn_absurd

if TYPE_CHECKING:
    from keras_relcon.data.recording import Recording


__all__ = [
    "regularize",
    "resample",
    "resample_arrays",
    "resample_labels",
    "resample_recording",
    "resampled_rate",
]

# Largest factor of the polyphase filter. Rates that no such ratio meets are
# missed by up to about 1 part in 2000: see `resampled_rate`.
MAX_FACTOR = 1000
# A rate this near the wanted one is that one: half a millisecond in a week.
RATE_TOLERANCE = 1e-9
# The filter reaches this many samples of the slower rate to each side. Its gain
# is a half at 0.9 of the smaller Nyquist frequency. At that frequency and above
# 69 dB are taken away, so nothing folds back; up to 0.8 of it the gain is 1
# within 4e-4.
FILTER_REACH = 24
FILTER_CUTOFF = 0.9
STOPBAND_DB = 70.0


def resample(
    acceleration: ArrayLike, from_hz: float, to_hz: float
) -> np.ndarray:
    """Changes the sample rate of a signal, without aliasing.

    A polyphase low-pass filter (Kaiser window) whose stop band of 69 dB begins
    at the smaller Nyquist frequency; frequencies up to 0.8 of it pass. The
    signal is continued at both ends by its point reflection and the mean goes
    around the filter, so gravity keeps its value up to the edges. Samples that
    are not finite are bridged for the filter, and are NaN in the result; so
    are those of three axes beyond 100 g, which no device measures, with a
    warning. At the same rate the signal is returned as it is.

    Args:
        acceleration: `(num_samples, channels)`.
        from_hz: float. Present rate.
        to_hz: float. Wanted rate. What is met is `resampled_rate`.

    Returns:
        `(ceil(num_samples * ratio), channels)` float32, in the unit of
        `acceleration`. The ratio is `to_hz / from_hz`, to a fraction with a
        denominator of at most 1000.

    Raises:
        ValueError: if a rate is not positive, the two are too far apart, or
            the signal has another shape.
    """
    ratio = rate_ratio(from_hz, to_hz)
    acceleration = np.asarray(acceleration, dtype=np.float32)
    if acceleration.ndim != 2:
        raise ValueError(
            "`acceleration` must have shape (num_samples, channels). "
            f"Received: acceleration.shape={acceleration.shape}. Add the axis "
            "of channels to a single one: acceleration[:, None]."
        )
    if ratio == 1:
        return acceleration
    acceleration = warn_absurd(acceleration)
    is_missing = ~finite_rows(acceleration)
    if is_missing.all():
        num_samples = -(
            -len(acceleration) * ratio.numerator // ratio.denominator
        )
        return np.full((num_samples, acceleration.shape[1]), np.nan, np.float32)
    bridged = acceleration
    if is_missing.any():
        index = np.arange(len(acceleration))
        known = index[~is_missing]
        bridged = bridge(acceleration, index, known, acceleration[known])
    resampled = _filter(bridged, ratio)
    if is_missing.any():
        positions = np.arange(len(resampled))
        resampled[next_to_missing(positions, ratio, is_missing)] = np.nan
    return resampled


def rate_ratio(from_hz, to_hz):
    """Returns `to_hz / from_hz` as the `Fraction` that the filter works in."""
    check_number("from_hz", from_hz, above=0, advice="Pass samples per second.")
    check_number("to_hz", to_hz, above=0, advice="Pass samples per second.")
    ratio = Fraction(to_hz / from_hz).limit_denominator(MAX_FACTOR)
    if ratio == 0:
        raise ValueError(
            f"`to_hz` must be at least `from_hz` / {MAX_FACTOR}. "
            f"Received: from_hz={from_hz}, to_hz={to_hz}. Resample in two "
            "steps."
        )
    return ratio


def resampled_rate(from_hz: float, to_hz: float) -> float:
    """Returns the rate that `resample` gives: `to_hz`, or very near it.

    A signal of 100.02 Hz is left as it is when 100 Hz are wanted. Whoever
    counts its samples as seconds must divide by 100.02: by 100 it is two
    minutes off after a week.

    Args:
        from_hz: float. Present rate.
        to_hz: float. Wanted rate.

    Returns:
        float, Hz.

    Raises:
        ValueError: if a rate is not positive, or the two are too far apart.
    """
    ratio = rate_ratio(from_hz, to_hz)
    rate_hz = from_hz * ratio.numerator / ratio.denominator
    is_met = math.isclose(rate_hz, to_hz, rel_tol=RATE_TOLERANCE)
    return float(to_hz if is_met else rate_hz)


def next_to_missing(positions, ratio, is_missing):
    """Whether resampled samples lie beside, or on, a missing one.

    Args:
        positions: `(num_positions,)` int. Resampled samples.
        ratio: `Fraction`. See `rate_ratio`.
        is_missing: `(num_samples,)` bool. Of the signal before resampling.

    Returns:
        `(num_positions,)` bool.
    """
    exact = positions / float(ratio)
    last = len(is_missing) - 1
    before = np.minimum(np.floor(exact).astype(int), last)
    after = np.minimum(np.ceil(exact).astype(int), last)
    return is_missing[before] | is_missing[after]


def resample_labels(
    labels: ArrayLike | CodedLabels,
    from_hz: float,
    to_hz: float,
    num_samples: int,
) -> np.ndarray | CodedLabels:
    """Takes the nearest label for each resampled sample; of two, the earlier.

    Args:
        labels: `(num_labels,)`, one per sample at the present rate.
        from_hz: float. Present rate.
        to_hz: float. Wanted rate.
        num_samples: int. Length of the signal that `resample` gave.

    Returns:
        `(num_samples,)`, of the type of `labels`.

    Raises:
        ValueError: if a rate is not positive, or the two are too far apart.
    """
    if not isinstance(labels, CodedLabels):
        labels = np.asarray(labels)
        if labels.strides == (0,):  # one label, spread
            return np.broadcast_to(labels[0], (num_samples,))
    ratio = rate_ratio(from_hz, to_hz)
    position = np.arange(num_samples) * ratio.denominator / ratio.numerator
    # Half way between two samples, the earlier one.
    nearest = np.ceil(position - 0.5).astype(int)
    rows = np.minimum(nearest, len(labels) - 1)
    if isinstance(labels, CodedLabels):
        return labels.take(rows)
    return labels[rows]


def resample_arrays(
    recording: Recording, to_hz: float
) -> tuple[np.ndarray, np.ndarray | CodedLabels | None]:
    """Returns `(acceleration, labels)` of a recording at `to_hz`."""
    from_hz = recording.sample_rate_hz
    acceleration = resample(recording.acceleration, from_hz, to_hz)
    labels = recording.labels
    if labels is not None:
        labels = resample_labels(labels, from_hz, to_hz, len(acceleration))
    return acceleration, labels


def resample_recording(recording: Recording, to_hz: float) -> Recording:
    """Brings a recording to another rate: signal and labels, same start.

    Args:
        recording: `Recording`.
        to_hz: float. Wanted rate.

    Returns:
        `Recording`. Its `sample_rate_hz` is what was met: see
        `resampled_rate`.

    Raises:
        ValueError: if the rate is not positive, or too far from that of the
            recording, or fewer than two samples are left.
    """
    from_hz = recording.sample_rate_hz
    if from_hz == to_hz:
        return recording
    acceleration, labels = resample_arrays(recording, to_hz)
    return replace(
        recording,
        acceleration=acceleration,
        sample_rate_hz=resampled_rate(from_hz, to_hz),
        labels=labels,
    )


def _filter(acceleration, ratio):
    up, down = ratio.numerator, ratio.denominator
    padding = filter_padding(ratio)
    padded = np.pad(
        acceleration,
        ((padding, padding), (0, 0)),
        mode="reflect",
        reflect_type="odd",
    )
    resampled = resample_poly(
        padded, up, down, axis=0, window=low_pass(up, down), padtype="mean"
    )
    num_samples = -(-len(acceleration) * up // down)
    first = padding // down * up
    return resampled[first : first + num_samples].astype(np.float32)


def filter_padding(ratio):
    """Samples before resampling that the filter reaches to each side.

    A multiple of the denominator: a whole number of resampled samples.
    """
    up, down = ratio.numerator, ratio.denominator
    return down * (FILTER_REACH * max(up, down) // (up * down) + 1)


@lru_cache(maxsize=16)
def low_pass(up, down):
    """Taps at `up` times the present rate, with a gain of 1 at 0 Hz."""
    slower = max(up, down)
    return firwin(
        2 * FILTER_REACH * slower + 1,
        FILTER_CUTOFF / slower,
        window=("kaiser", kaiser_beta(STOPBAND_DB)),
    ).astype(np.float32)
