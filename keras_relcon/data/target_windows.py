"""Cuts windows that lie inside an interval, and have its targets."""

import numpy as np

from keras_relcon.data.resampling import resample_arrays, resampled_rate
from keras_relcon.data.store.intervals import sample_range
from keras_relcon.data.windows import (
    Windows,
    check_stride,
    check_window,
    recording_name,
    warn_if_short,
    window_clock,
)


def cut_intervals(items, sample_rate_hz=100, window_length=256, stride=128):
    """Cuts each interval into windows, from its first sample on.

    Args:
        items: iterable of `(Recording, list of Interval)`. Only the intervals
            are cut; a window lies inside one of them.
        sample_rate_hz: float. Rate of the windows. Defaults to `100`.
        window_length: int. Samples per window. Defaults to `256`.
        stride: int. Samples from one window's start to the next. Defaults to
            `128`.

    Returns:
        `Windows` without labels, with the targets of their intervals: NaN
        where an interval has no such target.

    Raises:
        ValueError: if the sizes are not positive, or no interval is as long
            as a window.
    """
    check_window(sample_rate_hz, window_length)
    check_stride(stride)
    window_length, stride = int(window_length), int(stride)
    parts, lengths = [], []
    for index, (recording, intervals) in enumerate(items):
        acceleration, _ = resample_arrays(recording, sample_rate_hz)
        rate_hz = resampled_rate(recording.sample_rate_hz, sample_rate_hz)
        name = recording_name(recording, index)
        for interval in intervals:
            span = sample_range(interval, rate_hz, len(acceleration))
            lengths.append(span[1] - span[0])
            starts = np.arange(span[0], span[1] - window_length + 1, stride)
            samples = starts[:, None] + np.arange(window_length)
            place = recording.subject, name, interval.targets
            clock = window_clock(recording, starts / rate_hz)
            parts.append(
                (acceleration[samples], starts / rate_hz, *place, clock)
            )
    _check_lengths(lengths, window_length, sample_rate_hz)
    return _join(parts, sample_rate_hz)


def _check_lengths(lengths, window_length, sample_rate_hz):
    if not lengths:
        raise ValueError(
            "There must be at least one interval with targets. Received: "
            "none. Give each recording the intervals to cut."
        )
    num_short = sum(length < window_length for length in lengths)
    warn_if_short(num_short, len(lengths), window_length, sample_rate_hz)


def _join(parts, sample_rate_hz):
    counts = [len(starts) for _, starts, *_ in parts]
    acceleration = np.concatenate([part[0] for part in parts])
    is_finite = np.isfinite(acceleration)
    acceleration[~is_finite] = 0.0
    names = sorted({name for part in parts for name in part[4]})
    targets = {
        name: np.repeat(
            [float(part[4].get(name, np.nan)) for part in parts], counts
        )
        for name in names
    }
    return Windows(
        acceleration=acceleration,
        subjects=np.repeat([part[2] for part in parts], counts),
        labels=None,
        recordings=np.repeat([part[3] for part in parts], counts),
        start_seconds=np.concatenate([part[1] for part in parts]),
        valid=is_finite.all(axis=(1, 2)),
        sample_rate_hz=float(sample_rate_hz),
        targets=targets,
        **{
            key: np.concatenate([part[5][key] for part in parts])
            for key in parts[0][5]
        },
    )
