"""Turns recordings into what a store keeps: one rate, one number type."""

import warnings
from dataclasses import dataclass

import numpy as np

from keras_relcon import checks
from keras_relcon.data.large_arrays import finite_rows
from keras_relcon.data.recording import Recording
from keras_relcon.data.resampling import (
    rate_ratio,
    resample_arrays,
    resampled_rate,
)
from keras_relcon.data.store.intervals import (
    CLIPPED,
    Interval,
    invalid_table,
    label_table,
    target_table,
    valid_stretches,
)
from keras_relcon.data.windows import recording_name

DTYPES = {"int16": "<i2", "float32": "<f4"}
LARGEST_CODE = 32767
ROWS_AT_ONCE = 2**20  # bounds the temporary arrays


@dataclass(frozen=True)
class SignalEncoding:
    """Resamples, finds what is invalid, and encodes.

    Samples that are not finite are missing. Samples at or beyond
    `full_scale_g` on any axis are clipped: those of the recording, with the
    resampled ones beside them, and resampled ones. Neither may lie in a window.

    Args:
        sample_rate_hz: float.
        dtype: str. `"int16"`, in steps of `full_scale_g / 32767`, or
            `"float32"`.
        full_scale_g: float. Range of the sensor, g.

    Raises:
        ValueError: if the type is unknown or the range is not positive.
    """

    sample_rate_hz: float
    dtype: str
    full_scale_g: float

    def __post_init__(self):
        checks.check_one_of("dtype", self.dtype, DTYPES)
        advice = "Pass the range of the sensor, in g."
        checks.check_number(
            "full_scale_g", self.full_scale_g, above=0, advice=advice
        )

    @property
    def number_type(self):
        return np.dtype(DTYPES[self.dtype])

    @property
    def scale_g(self):
        """What one unit of a stored number is, g."""
        is_integer = self.dtype == "int16"
        return self.full_scale_g / LARGEST_CODE if is_integer else 1.0

    def rate_of(self, recording):
        """Samples per second of the recording, once it is in the store."""
        return resampled_rate(recording.sample_rate_hz, self.sample_rate_hz)

    def encode(self, recording, intervals=()):
        """Returns `(samples, tables)`: `(num_samples, 3)`, and by name."""
        acceleration, labels = resample_arrays(recording, self.sample_rate_hz)
        rate = self.rate_of(recording)
        num_samples = len(acceleration)
        samples = np.empty((num_samples, 3), dtype=self.number_type)
        is_missing = np.empty(num_samples, dtype=bool)
        is_clipped = self._beside_clipped(recording, num_samples)
        for begin in range(0, num_samples, ROWS_AT_ONCE):
            rows = slice(begin, begin + ROWS_AT_ONCE)
            part = acceleration[rows]
            is_missing[rows] = ~finite_rows(part)
            is_clipped[rows] |= self._is_clipped(part)
            part = np.where(is_missing[rows, None], np.float32(0), part)
            samples[rows] = self._to_numbers(part)
        tables = {
            "invalid": invalid_table(is_missing, is_clipped),
            "labels": label_table(labels, intervals, rate, num_samples),
            "targets": target_table(intervals, rate, num_samples),
        }
        return samples, tables

    def _beside_clipped(self, recording, num_samples):
        """Which resampled samples lie on or beside a clipped one.

        The filter may bring a peak below the end of the scale.
        """
        is_beside = np.zeros(num_samples, dtype=bool)
        raw = recording.acceleration
        ratio = rate_ratio(recording.sample_rate_hz, self.sample_rate_hz)
        up, down = ratio.numerator, ratio.denominator
        reach = max(up, down)  # less than a sample, of the lower rate
        for begin in range(0, len(raw), ROWS_AT_ONCE):
            part = np.asarray(raw[begin : begin + ROWS_AT_ONCE])
            index = begin + np.flatnonzero(self._is_clipped(part))
            first = (index * up - reach) // down + 1
            last = (index * up + reach - 1) // down
            for offset in range(2 * reach // down + 1):
                place = np.minimum(first + offset, last)
                is_beside[place[(place >= 0) & (place < num_samples)]] = True
        return is_beside

    def _is_clipped(self, acceleration):
        return (np.abs(acceleration) >= self.full_scale_g).any(axis=1)

    def _to_numbers(self, acceleration):
        if self.dtype == "float32":
            return acceleration
        codes = np.rint(acceleration / np.float32(self.scale_g))
        return np.clip(codes, -LARGEST_CODE, LARGEST_CODE)


def encode_recordings(recordings, encoding, window_length, known=()):
    """Yields `(entry, samples, tables)` of each recording.

    Args:
        recordings: `Recording`, or iterable of `Recording` and of pairs of a
            `Recording` and a list of `Interval`.
        encoding: `SignalEncoding`.
        window_length: int. Shorter pieces are counted, and warned of.
        known: set of `(subject, recording)`. Ids that are taken.

    Yields:
        dict with `subject`, `recording`, `start_time` and `sample_rate_hz`;
        `(num_samples, 3)` array; dict of tables.

    Raises:
        TypeError: if an item is something else.
        ValueError: if there is none, two of a subject have the same id, or no
            piece is as long as a window.
    """
    if isinstance(recordings, Recording):
        recordings = [recordings]
    known, counts = set(known), {"short": 0, "kept": 0, "clipped": 0}
    num_known = len(known)
    for index, item in enumerate(recordings):
        recording, intervals = _recording_and_intervals(item)
        name = recording_name(recording, num_known + index)
        if (recording.subject, name) in known:
            raise ValueError(
                "Each recording of a subject must have an id of its own. "
                f"Received: {name!r} of subject {recording.subject!r} twice. "
                "Set `recording_id`."
            )
        known.add((recording.subject, name))
        samples, tables = encoding.encode(recording, intervals)
        _count(tables["invalid"], len(samples), window_length, counts)
        entry = {
            "subject": recording.subject,
            "recording": name,
            "start_time": recording.start_time,
            "sample_rate_hz": encoding.rate_of(recording),
            "time_zone": recording.time_zone,
            "placement": recording.placement,
            "is_labelled": recording.labels is not None,
        }
        yield entry, samples, tables
    if len(known) == num_known:
        raise ValueError(
            "`recordings` must hold at least one recording. Received: none."
        )
    _report(counts, window_length, encoding)


def _recording_and_intervals(item):
    recording, intervals = item, ()
    if isinstance(item, tuple) and len(item) == 2:
        recording, intervals = item
    is_right = isinstance(recording, Recording) and all(
        isinstance(interval, Interval) for interval in intervals
    )
    if not is_right:
        raise TypeError(
            "`recordings` must be one `Recording` or an iterable of them, or "
            "of pairs `(Recording, list of Interval)`. "
            f"Received: an item of type {type(item).__name__}. "
            "Make a `Recording` of each signal first."
        )
    return recording, intervals


def _count(invalid, num_samples, window_length, counts):
    for start, stop in valid_stretches(invalid, num_samples):
        counts["kept" if stop - start >= window_length else "short"] += 1
    clipped = invalid[invalid["reason"] == CLIPPED]
    counts["clipped"] += int(np.sum(clipped["stop"] - clipped["start"]))


def _report(counts, window_length, encoding):
    seconds = window_length / encoding.sample_rate_hz
    num_short, num_kept = counts["short"], counts["kept"]
    if not num_kept:
        raise ValueError(
            "At least one recording must hold a window without missing or "
            f"clipped samples: {window_length} samples at "
            f"{encoding.sample_rate_hz:g} Hz are {seconds:.2f} s. Received: "
            f"{num_short} pieces, all shorter. Use a smaller `window_length`."
        )
    if counts["clipped"]:
        warnings.warn(
            f"{counts['clipped']} samples reach {encoding.full_scale_g:g} g, "
            "the end of the scale: no window covers them. Set `full_scale_g` "
            "to the range of the sensor.",
            stacklevel=4,
        )
    if num_short:
        warnings.warn(
            f"{num_short} of {num_short + num_kept} continuous pieces are "
            f"shorter than a window ({seconds:.2f} s) and are left out.",
            stacklevel=4,
        )
