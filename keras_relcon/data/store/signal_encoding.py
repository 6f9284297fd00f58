"""Turns a recording into what a store keeps: one rate, one number type."""

from dataclasses import dataclass

import numpy as np

from keras_relcon.data.resampling import resample_arrays, resampled_rate
from keras_relcon.data.store.intervals import (
    invalid_table,
    label_table,
    target_table,
)

DTYPES = {"int16": "<i2", "float32": "<f4"}
LARGEST_CODE = 32767
ROWS_AT_ONCE = 2**20  # bounds the temporary arrays


@dataclass(frozen=True)
class SignalEncoding:
    """Resamples, finds what is invalid, and encodes.

    Samples that are not finite are missing. Samples at or beyond
    `full_scale_g` on any axis are clipped. Neither may lie in a window.

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
        if self.dtype not in DTYPES:
            raise ValueError(
                f"`dtype` must be one of {list(DTYPES)}. "
                f"Received: dtype={self.dtype!r}."
            )
        if not 0 < self.full_scale_g < np.inf:
            raise ValueError(
                "`full_scale_g` must be the positive range of the sensor, g. "
                f"Received: full_scale_g={self.full_scale_g}."
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
        is_clipped = np.empty(num_samples, dtype=bool)
        for begin in range(0, num_samples, ROWS_AT_ONCE):
            rows = slice(begin, begin + ROWS_AT_ONCE)
            part = acceleration[rows]
            is_missing[rows] = ~np.isfinite(part).all(axis=1)
            is_clipped[rows] = (np.abs(part) >= self.full_scale_g).any(axis=1)
            part = np.where(is_missing[rows, None], np.float32(0), part)
            samples[rows] = self._to_numbers(part)
        tables = {
            "invalid": invalid_table(is_missing, is_clipped),
            "labels": label_table(labels, intervals, rate, num_samples),
            "targets": target_table(intervals, rate, num_samples),
        }
        return samples, tables

    def _to_numbers(self, acceleration):
        if self.dtype == "float32":
            return acceleration
        codes = np.rint(acceleration / np.float32(self.scale_g))
        return np.clip(codes, -LARGEST_CODE, LARGEST_CODE)
