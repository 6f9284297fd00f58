"""The curve of a number, a drawing a day."""

import functools

import numpy as np

from keras_relcon.markup import element
from keras_relcon.timeline import states
from keras_relcon.timeline.page_parts import drawing, movement
from keras_relcon.timeline.page_parts.drawing import short

_HEIGHT = 96  # pixels
_WIDTH = 1440  # units of the drawing
_BIN_SECONDS = 300.0
_MOST_BINS = 480  # of a whole recording
_SHOWN = (0.005, 0.995)  # of the windows, between the ends of the axis
_STEPS = (0.25, 0.5, 1, 2, 2.5)


def of_days(timeline, edges):
    """The curve of each day: means of a few minutes, and their range.

    Args:
        timeline: `NumberTimeline`.
        edges: `(num_days + 1,)` float64, seconds.

    Returns:
        `(parts, of_all, limits)`: list of `(Html, height)`; a function that
        returns the same of all that was recorded, however short; and the
        numbers at the bottom and the top.
    """
    limits = axis_limits(timeline.values)
    bins = drawing.bins(edges, max(_BIN_SECONDS, 2 * timeline.window_seconds))
    parts = [
        _part(timeline, bins, start, end, limits)
        for start, end in zip(edges, edges[1:])
    ]
    return parts, functools.partial(_of_all, timeline, limits), limits


def _of_all(timeline, limits):
    most = timeline.duration / (2 * timeline.window_seconds)
    num_bins = int(np.clip(most, 1, _MOST_BINS))
    bins = np.linspace(0, timeline.duration, num_bins + 1)
    return _part(timeline, bins, 0.0, timeline.duration, limits)


def axis_limits(values):
    """Round numbers that nearly all values lie between.

    Args:
        values: `(num_windows,)` float64. NaN does not count.

    Returns:
        `(bottom, top)`, floats; one is 0 where all values are on one side of
        it.
    """
    values = values[np.isfinite(values)]
    low, high = np.quantile(values, _SHOWN) if len(values) else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    power = 10.0 ** np.floor(np.log10(high - low))
    step = next(s * power for s in _STEPS if 4 * s * power >= high - low)
    bottom, top = step * np.floor(low / step), step * np.ceil(high / step)
    return float(bottom), float(top)


def _part(timeline, bins, start, end, limits):
    lowest, highest = movement.ranges(
        timeline, timeline.worn, timeline.values, timeline.values, bins
    )
    mean = states.mean_in_bins(timeline, timeline.values, timeline.worn, bins)
    inside = (bins[:-1] >= start) & (bins[:-1] < end)
    at = np.stack([bins[:-1][inside], bins[1:][inside]]) - start
    at *= _WIDTH / (end - start)
    low, middle, high = (
        _pixels(values[inside], limits) for values in (lowest, mean, highest)
    )
    zero = short(_pixels(np.array([0.0]), limits)[0])
    shapes = [
        element("path", d=drawing.ranges(at, high, low), class_="range"),
        element("path", d=f"M0 {zero}H{_WIDTH}", class_="rest"),
        element("path", d=drawing.steps(at, middle), class_="mean"),
    ]
    return drawing.box(shapes, _WIDTH, _HEIGHT), _HEIGHT


def _pixels(values, limits):
    bottom, top = limits
    return _HEIGHT * (top - np.clip(values, bottom, top)) / (top - bottom)
