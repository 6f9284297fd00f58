"""Puts irregularly timed samples on a regular grid."""

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import Akima1DInterpolator

from keras_relcon.checks import check_number, message, some_of
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.large_arrays import (
    CHUNK,
    chunks,
    empty,
    finite_rows,
    release,
)
from keras_relcon.data.units import warn_absurd

# A step this many times the usual one has lost samples: a straight line there.
LOST_SAMPLES_STEP = 2.5
# Steps within these factors of the median are those of single samples.
USUAL_STEPS = (0.5, 1.5)
# No device that people wear is slower: such times are in another unit.
SLOWEST_HZ = 1
# In rows that were shuffled more steps go back than these, or rows move by no
# more than so many places when they are sorted.
MAX_CLOCK_CHANGES = 0.05
MAX_MOVED_ROWS = 10
# A sparser grid than this has no use, and may not fit in memory.
MAX_GRID_PER_SAMPLE = 20
MIN_GRID_REFUSED = 1_000_000
# Of a longer recording every second, third, ... block tells the median step.
MAX_MEDIAN_BLOCKS = 32
# Times since 1970 are rounded to a quarter of a microsecond in float64.
ROUNDING_SECONDS = 1e-6
# A grid point so near a sample, in steps of the grid, is on it.
ON_SAMPLE = 0.01
# A rate so near one of three decimals is that one: times in ns, or in float64,
# carry such rounding. It is 0.02 s in a week.
RATE_ROUNDING = 3e-8
# A piece of an Akima spline depends on 3 samples to each side of it.
MARGIN = 4


def regularize(
    timestamps_s: ArrayLike,
    acceleration: ArrayLike,
    sample_rate_hz: float | None = None,
    labels: ArrayLike | CodedLabels | None = None,
    max_gap_seconds: float = 1.0,
) -> tuple[np.ndarray, float, np.ndarray | CodedLabels | None]:
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
            named), the rate is not positive, or, where it is not passed, below
            1 Hz, or almost all of the grid would be gaps.
    """
    timestamps_s = np.asarray(timestamps_s, dtype=np.float64)
    acceleration = np.asarray(acceleration)
    _check_columns(timestamps_s, acceleration, labels)
    check_increasing(timestamps_s)
    acceleration = warn_absurd(acceleration)
    if sample_rate_hz is None:
        sample_rate_hz = usual_rate_hz(timestamps_s)
        if sample_rate_hz < SLOWEST_HZ:
            raise ValueError(
                message(
                    "`timestamps_s` must be in seconds, of a signal of "
                    f"{SLOWEST_HZ:g} Hz or more.",
                    f"steps of {1 / sample_rate_hz:.4g}, which would be "
                    f"{sample_rate_hz:.3g} Hz",
                    "Divide milliseconds by 1,000; or pass the "
                    "`sample_rate_hz` of the grid.",
                )
            )
    advice = "Leave it out for the rate of the timestamps."
    check_number("sample_rate_hz", sample_rate_hz, above=0, advice=advice)
    span = timestamps_s[-1] - timestamps_s[0]
    # The small slack keeps a last sample that rounding put before the grid.
    num_samples = int(np.floor(span * sample_rate_hz + 1e-3)) + 1
    _check_grid(num_samples, len(timestamps_s))
    usual_step = median_step(timestamps_s)
    on_grid = empty((num_samples, acceleration.shape[1]), np.float32)
    nearest = []
    for points in chunks(on_grid):
        grid = np.arange(points.start, points.stop) / sample_rate_hz
        stretch = _Stretch(timestamps_s, acceleration, grid)
        values = stretch.values(usual_step)
        is_in_gap = stretch.is_in_gap(max_gap_seconds, sample_rate_hz)
        values[is_in_gap] = np.nan
        on_grid[points] = values
        if labels is not None:
            nearest.append(_pick(labels, stretch.nearest_rows()))
        release(timestamps_s)
        release(acceleration)
    on_grid_labels = None if labels is None else _join(nearest)
    return on_grid, sample_rate_hz, on_grid_labels


def usual_rate_hz(timestamps_s):
    """Returns the rate of `(num_samples,)` times, without gaps and bursts.

    One over the mean of the steps from 0.5 to 1.5 times the median step:
    rounded times (15 and 16 ms for 64 Hz) give the true rate, and neither lost
    samples nor gaps change it.
    """
    low, high = np.multiply(USUAL_STEPS, median_step(timestamps_s, "lower"))
    total, count = 0.0, 0
    for _, steps in step_blocks(timestamps_s):
        is_usual = (steps >= low) & (steps <= high)
        total += np.sum(steps[is_usual])
        count += np.count_nonzero(is_usual)
    rate_hz = float(count / total)
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
    wrong = steps_where(
        timestamps_s, lambda steps: ~((steps > 0) & np.isfinite(steps))
    )
    if len(wrong):
        row = int(wrong[0]) + 1
        steps = np.diff(timestamps_s)
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
    if not len(steps_where(timestamps_s, lambda steps: steps < 0)):
        return False
    goes_back = np.diff(timestamps_s) < 0
    if goes_back.mean() > MAX_CLOCK_CHANGES:
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


class _Stretch:
    """The rows around some points of the grid, and those to each side.

    Args:
        timestamps_s, acceleration: of the whole recording.
        grid: `(num_points,)`, seconds from the first row.
    """

    def __init__(self, timestamps_s, acceleration, grid):
        start = timestamps_s[0]
        edges = np.searchsorted(timestamps_s, start + grid[[0, -1]])
        # The rows that an Akima spline depends on, and one for rounding.
        first = max(edges[0] - MARGIN - 2, 0)
        last = min(edges[1] + MARGIN + 3, len(timestamps_s))
        self._first, self._grid = first, grid
        self._elapsed = np.asarray(timestamps_s[first:last]) - start
        self._rows = np.asarray(acceleration[first:last])
        self._is_missing = ~finite_rows(self._rows)
        self._known = _known_around(acceleration, first, self._is_missing)
        self._known_times = np.asarray(timestamps_s[self._known]) - start
        self._known_rows = np.asarray(acceleration[self._known])

    @cached_property
    def _before(self):
        """`(num_points,)`, the row here that is at or before each point."""
        return self._row_before(self._grid)

    def _row_before(self, points):
        rows = np.searchsorted(self._elapsed, points + 1e-9, side="right") - 1
        return np.clip(rows, 0, len(self._elapsed) - 2)

    def nearest_rows(self):
        """`(num_points,)`, rows of the recording."""
        before, elapsed = self._before, self._elapsed
        middle = (elapsed[before] + elapsed[before + 1]) / 2
        return self._first + before + (self._grid > middle)

    def is_in_gap(self, max_gap_seconds, sample_rate_hz):
        """`(num_points,)` bool."""
        is_long = np.diff(self._elapsed) > max_gap_seconds
        if not is_long.any():
            return np.zeros(len(self._grid), bool)
        before, elapsed = self._before, self._elapsed
        is_long = is_long[before]
        from_before = self._grid - elapsed[before]
        to_next = elapsed[before + 1] - self._grid
        on_sample = max(ON_SAMPLE / sample_rate_hz, 1e-6)
        return is_long & (np.minimum(from_before, to_next) > on_sample)

    def values(self, usual_step):
        """`(num_points, channels)` float32; NaN next to missing samples."""
        on_samples = self._on_samples()
        if on_samples is None:
            return self._interpolated(usual_step)
        return on_samples

    def _on_samples(self):
        """The rows themselves, if each lies on its point of the grid."""
        first = self._row_before(self._grid[0])
        is_next = self._elapsed[first + 1] - self._grid[0] <= ROUNDING_SECONDS
        first += is_next
        stop = first + len(self._grid)
        if stop > len(self._elapsed):
            return None
        difference = np.abs(self._elapsed[first:stop] - self._grid)
        if not difference.max() <= ROUNDING_SECONDS:
            return None
        values = self._rows[first:stop].astype(np.float32)
        values[self._is_missing[first:stop]] = np.nan
        return values

    def _interpolated(self, usual_step):
        grid, before, elapsed = self._grid, self._before, self._elapsed
        is_missing = self._is_missing
        num_channels = self._rows.shape[1]
        if is_missing.all():
            return np.full((len(grid), num_channels), np.nan, np.float32)
        bridged = self._rows
        if is_missing.any():
            bridged = bridge(
                bridged, elapsed, self._known_times, self._known_rows
            )
        spline = Akima1DInterpolator(elapsed, bridged)
        # The last grid point may lie behind the last sample, by rounding.
        points = np.minimum(grid, elapsed[-1])
        on_grid = spline(points).astype(np.float32)
        is_long = np.diff(elapsed)[before] > LOST_SAMPLES_STEP * usual_step
        for channel, values in zip(on_grid.T, bridged.T):
            channel[is_long] = np.interp(grid[is_long], elapsed, values)
        if is_missing.any():
            # A grid point on a good sample is known, whatever lies beside it.
            is_after = grid - elapsed[before] > 1e-6
            is_ahead = elapsed[before + 1] - grid > 1e-6
            on_grid[is_missing[before] & is_ahead] = np.nan
            on_grid[is_missing[before + 1] & is_after] = np.nan
        return on_grid


def _known_around(acceleration, first, is_missing):
    """Good rows from `first` on, and the next one to each side of these."""
    known, last = first + np.flatnonzero(~is_missing), first + len(is_missing)
    if not len(known) or len(known) == len(is_missing):
        return known
    before = _next_known(acceleration, first - 1, -1)
    after = _next_known(acceleration, last, 1)
    return np.concatenate([before, known, after]).astype(int)


def _next_known(acceleration, row, direction):
    """`[row]` of the first good row from here on; `[]` if there is none."""
    while 0 <= row < len(acceleration):
        end = max(row + direction * CHUNK, -1)
        low, high = (row, end) if direction > 0 else (end + 1, row + 1)
        is_good = finite_rows(acceleration[low:high])
        good = low + np.flatnonzero(is_good)
        if len(good):
            return [good[0] if direction > 0 else good[-1]]
        row = end
    return []


def _pick(labels, rows):
    if isinstance(labels, CodedLabels):
        return labels.take(rows)
    return np.asarray(labels)[rows]


def _join(parts):
    if isinstance(parts[0], CodedLabels):
        codes = np.concatenate([part.codes for part in parts])
        return CodedLabels(codes, parts[0].names)
    return np.concatenate(parts)


def step_blocks(timestamps_s):
    """Yields the number of the first step and the steps, block by block."""
    for first in range(0, len(timestamps_s) - 1, CHUNK):
        yield first, np.diff(timestamps_s[first : first + CHUNK + 1])
        release(timestamps_s)


def steps_where(timestamps_s, condition):
    """`(any,)` int: the steps that fulfil a condition, from 0."""
    found = [
        first + np.flatnonzero(condition(steps))
        for first, steps in step_blocks(timestamps_s)
    ]
    return np.concatenate(found) if found else np.empty(0, int)


def median_step(timestamps_s, method="linear"):
    """The median step; of very long recordings that of some blocks."""
    blocks = -(-len(timestamps_s) // CHUNK)
    every = -(-blocks // MAX_MEDIAN_BLOCKS) or 1
    steps = [
        steps
        for index, (_, steps) in enumerate(step_blocks(timestamps_s))
        if index % every == 0
    ]
    return np.percentile(np.concatenate(steps), 50, method=method)


def bridge(acceleration, positions, known_positions, known):
    """Replaces missing samples by a straight line between the good ones.

    Args:
        acceleration: `(num_samples, channels)`.
        positions: `(num_samples,)`.
        known_positions, known: `(num_known,)` and `(num_known, channels)`, the
            good samples, with those beyond the ends.
    """
    is_missing = ~finite_rows(acceleration)
    bridged = np.array(acceleration, dtype=np.float32)
    for channel, values in zip(bridged.T, known.T):
        channel[is_missing] = np.interp(
            positions[is_missing], known_positions, values
        )
    return bridged
