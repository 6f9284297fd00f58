"""Puts irregularly timed samples on a regular grid."""

import numpy as np
from scipy.interpolate import Akima1DInterpolator

from keras_relcon.checks import check_number, some_of
from keras_relcon.data.units import warn_absurd

# A step this many times the usual one has lost samples: a straight line there.
LOST_SAMPLES_STEP = 2.5
# Steps within these factors of the median are those of single samples.
USUAL_STEPS = (0.5, 1.5)
# In rows that were shuffled more steps go back than these, or rows move by no
# more than so many places when they are sorted.
MAX_CLOCK_CHANGES = 0.05
MAX_MOVED_ROWS = 10
# A sparser grid than this has no use, and may not fit in memory.
MAX_GRID_PER_SAMPLE = 20
MIN_GRID_REFUSED = 1_000_000
CHUNK = 1 << 18  # grid points interpolated at a time
# A grid point so near a sample, in steps of the grid, is on it.
ON_SAMPLE = 0.01
# A rate so near one of three decimals is that one: times in ns, or in float64,
# carry such rounding. It is 0.02 s in a week.
RATE_ROUNDING = 3e-8
# A piece of an Akima spline depends on 3 samples to each side of it.
MARGIN = 4


def regularize(
    timestamps_s,
    acceleration,
    sample_rate_hz=None,
    labels=None,
    max_gap_seconds=1.0,
):
    """Puts irregularly timed samples on a regular grid.

    Between samples the signal follows an Akima spline (Akima, 1970), which
    depends on near samples only; a straight line damps a 3 Hz motion at 37 Hz
    by 3 %. Where samples are lost, for more than 2.5 times the usual step, it
    is a straight line. A grid point on a sample takes its value.

    Args:
        timestamps_s: `(num_samples,)`, seconds, strictly increasing.
        acceleration: `(num_samples, channels)`. Samples that are not finite
            are missing: so are the grid points between them and the next. So
            are samples of three axes beyond 100 g, with a warning.
        sample_rate_hz: float. Rate of the grid. Defaults to the usual rate of
            the timestamps: one over the mean of the steps from 0.5 to 1.5
            times the median step.
        labels: `(num_samples,)`. The nearest is taken. Defaults to `None`.
        max_gap_seconds: float. Grid points inside a longer gap are NaN: no
            motion is invented there. Defaults to `1.0`.

    Returns:
        `(acceleration, sample_rate_hz, labels)` on the grid that starts at the
        first timestamp: `(num_on_grid, channels)` float32, in the unit of
        `acceleration`; float; `(num_on_grid,)`, or `None`.

    Raises:
        ValueError: if there are fewer than two samples, the lengths differ,
            the timestamps do not increase strictly (the first such row is
            named), the rate is not positive, or almost all of the grid would
            be gaps.
    """
    timestamps_s = np.asarray(timestamps_s, dtype=np.float64)
    acceleration = np.asarray(acceleration)
    _check_columns(timestamps_s, acceleration, labels)
    check_increasing(timestamps_s)
    acceleration = warn_absurd(acceleration)
    if sample_rate_hz is None:
        sample_rate_hz = usual_rate_hz(timestamps_s)
    advice = "Leave it out for the rate of the timestamps."
    check_number("sample_rate_hz", sample_rate_hz, above=0, advice=advice)
    steps = np.diff(timestamps_s)
    elapsed = timestamps_s - timestamps_s[0]
    # The small slack keeps a last sample that rounding put before the grid.
    num_samples = int(np.floor(elapsed[-1] * sample_rate_hz + 1e-3)) + 1
    _check_grid(num_samples, len(elapsed))
    grid = np.arange(num_samples) / sample_rate_hz
    # Index of the sample at or before each grid point.
    before = np.searchsorted(elapsed, grid + 1e-9, side="right") - 1
    before = np.clip(before, 0, len(steps) - 1)
    on_grid = _interpolate(grid, before, elapsed, acceleration)
    is_in_gap = (steps[before] > max_gap_seconds) & (
        np.minimum(grid - elapsed[before], elapsed[before + 1] - grid)
        > max(ON_SAMPLE / sample_rate_hz, 1e-6)
    )
    on_grid[is_in_gap] = np.nan
    if labels is not None:
        is_after_middle = grid > (elapsed[before] + elapsed[before + 1]) / 2
        labels = np.asarray(labels)[before + is_after_middle]
    return on_grid, sample_rate_hz, labels


def usual_rate_hz(timestamps_s):
    """Returns the rate of `(num_samples,)` times, without gaps and bursts.

    One over the mean of the steps from 0.5 to 1.5 times the median step:
    rounded times (15 and 16 ms for 64 Hz) give the true rate, and neither lost
    samples nor gaps change it.
    """
    steps = np.diff(timestamps_s)
    median = np.percentile(steps, 50, method="lower")  # one of the steps
    low, high = np.multiply(USUAL_STEPS, median)
    is_usual = (steps >= low) & (steps <= high)
    rate_hz = float(1.0 / np.mean(steps[is_usual]))
    rounded = round(rate_hz, 3)
    is_rounding = abs(rate_hz - rounded) <= RATE_ROUNDING * rate_hz
    return rounded if is_rounding else rate_hz


def check_increasing(timestamps_s):
    """Raises on fewer than two times, or the first that does not increase."""
    if len(timestamps_s) < 2:
        raise ValueError(
            "`timestamps_s` must hold at least 2 samples. "
            f"Received: {len(timestamps_s)}. Leave such recordings out."
        )
    steps = np.diff(timestamps_s)
    wrong = np.flatnonzero(~((steps > 0) & np.isfinite(steps)))
    if len(wrong):
        row = int(wrong[0]) + 1
        kind = "repeats" if steps[row - 1] == 0 else "does not follow"
        raise ValueError(
            "Timestamps must increase from row to row. Received: row "
            f"{row} (from 0; {timestamps_s[row].item()!r} s) {kind} row "
            f"{row - 1} ({timestamps_s[row - 1].item()!r} s); {len(wrong)} "
            f"such rows in all{_more_rows(wrong + 1)}. "
            f"{_order_advice(timestamps_s, steps)}"
        )


def sorting_mixes(timestamps_s):
    """Whether rows sorted by time would lie between those of another time.

    So it is where a clock was put back, and what was recorded before and after
    has the same times. Rows that were shuffled, and pieces of a recording in
    another order, are put right by sorting.
    """
    goes_back = np.diff(timestamps_s) < 0
    if not goes_back.any() or goes_back.mean() > MAX_CLOCK_CHANGES:
        return False
    if _moves_little(timestamps_s):
        return False
    starts = np.concatenate([[0], np.flatnonzero(goes_back) + 1])
    stops = np.append(starts[1:], len(timestamps_s)) - 1
    first, last = timestamps_s[starts], timestamps_s[stops]
    order = np.argsort(first)
    return bool((last[order][:-1] >= first[order][1:]).any())


def _more_rows(rows):
    return "" if len(rows) == 1 else f": {some_of(rows)}"


def _order_advice(timestamps_s, steps):
    if not np.isfinite(timestamps_s).all():
        return (
            "Correct the times that are missing or infinite, or leave these "
            "rows out with `sort_timestamps=True`."
        )
    if (steps >= 0).all():
        return (
            "If each row is a sample of its own, pass `sample_rate_hz` and "
            "`timestamp_column=False`; if rows were written twice, read the "
            "file with `sort_timestamps=True`, which keeps the first of each."
        )
    if np.mean(steps < 0) > MAX_CLOCK_CHANGES or _moves_little(timestamps_s):
        return (
            "Sort the rows and drop repeated timestamps first, or read the "
            "file with `sort_timestamps=True`."
        )
    advice = (
        "The clock was put back: read the file with `read_recordings(..., "
        'on_clock_change="split")`, which begins a new piece there.'
    )
    if sorting_mixes(timestamps_s):
        advice += " Sorting would mix what was recorded before and after."
    return advice


def _moves_little(timestamps_s):
    """Whether sorting moves each row by a few places alone."""
    order = np.argsort(timestamps_s, kind="stable")
    return np.abs(order - np.arange(len(order))).max() <= MAX_MOVED_ROWS


def _check_columns(timestamps_s, acceleration, labels):
    shapes = [timestamps_s.shape, acceleration.shape]
    shapes += [] if labels is None else [np.shape(labels)]
    is_matrix = acceleration.ndim == 2
    if not is_matrix or {s[:1] for s in shapes} != {timestamps_s.shape}:
        raise ValueError(
            "`timestamps_s` and `labels` must have one value for each row of "
            "`acceleration`, (num_samples, channels). Received: the shapes "
            f"{shapes}. Put time first, and cut all to one length."
        )


def _check_grid(num_on_grid, num_samples):
    if num_on_grid > max(MIN_GRID_REFUSED, MAX_GRID_PER_SAMPLE * num_samples):
        raise ValueError(
            "The timestamps must not be almost all gaps. Received: "
            f"{num_samples} samples over the time of {num_on_grid}. Correct "
            "stray timestamps, or read the file with `read_recordings`, which "
            "splits it at the gaps."
        )


def _interpolate(grid, before, elapsed, acceleration):
    """`(len(grid), channels)` float32; NaN next to missing samples."""
    is_missing = ~np.isfinite(acceleration).all(axis=1)
    on_grid = np.full((len(grid), acceleration.shape[1]), np.nan, np.float32)
    if is_missing.all():
        return on_grid
    acceleration = bridge(acceleration, is_missing, elapsed)
    for first in range(0, len(grid), CHUNK):
        points = slice(first, min(first + CHUNK, len(grid)))
        rows = slice(
            max(before[points.start] - MARGIN, 0),
            before[points.stop - 1] + MARGIN + 2,
        )
        spline = Akima1DInterpolator(elapsed[rows], acceleration[rows])
        # The last grid point may lie behind the last sample, by rounding.
        on_grid[points] = spline(np.minimum(grid[points], elapsed[-1]))
    steps = np.diff(elapsed)
    is_long = steps[before] > LOST_SAMPLES_STEP * np.median(steps)
    for channel, values in zip(on_grid.T, acceleration.T):
        channel[is_long] = np.interp(grid[is_long], elapsed, values)
    if is_missing.any():
        # A grid point on a good sample is known, whatever lies beside it.
        is_after = grid - elapsed[before] > 1e-6
        is_ahead = elapsed[before + 1] - grid > 1e-6
        on_grid[is_missing[before] & is_ahead] = np.nan
        on_grid[is_missing[before + 1] & is_after] = np.nan
    return on_grid


def bridge(acceleration, is_missing, positions):
    """Replaces missing samples by a straight line between the good ones."""
    if not is_missing.any():
        return acceleration
    known = ~is_missing
    return np.stack(
        [
            np.interp(positions, positions[known], channel[known])
            for channel in acceleration.T
        ],
        axis=1,
    ).astype(np.float32)
