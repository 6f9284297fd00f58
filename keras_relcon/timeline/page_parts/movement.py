"""Drawings of the signal: its envelope, and ENMO and MAD of each hour."""

import numpy as np

from keras_relcon.markup import Html, element
from keras_relcon.timeline.page_parts import drawing, words
from keras_relcon.timeline.page_parts.drawing import short

_ENVELOPE = 44  # pixels
_HOURS = 64
_WIDTH = 1440  # of an envelope, in units of its drawing
_BIN_SECONDS = 120.0
_TOPS_G = (2, 4, 8, 16, 32)
_SHOWN_PEAKS = 0.995
_GAP = 4  # minutes beside a bar of an hour


def envelopes_of_days(timeline, edges):
    """The envelope of the magnitude, a drawing a day.

    Args:
        timeline: `Timeline`.
        edges: `(num_days + 1,)` float64, seconds.

    Returns:
        `(parts, top)`: list of `(Html, height)`, and the g at the top of each.
    """
    bins = drawing.bins(edges, max(_BIN_SECONDS, 2 * timeline.window_seconds))
    found = envelope(timeline, bins)
    highest = found[1][np.isfinite(found[1])]
    peak = np.quantile(highest, _SHOWN_PEAKS) if len(highest) else 0
    top = next((g for g in _TOPS_G if g >= peak), _TOPS_G[-1])
    parts = [
        _part(bins, *found, start, end, top)
        for start, end in zip(edges, edges[1:])
    ]
    return parts, top


def envelope_of_all(timeline, top):
    """The envelope of all that was recorded, however short, up to `top` g."""
    most = timeline.duration / (2 * timeline.window_seconds)
    bins = np.linspace(0, timeline.duration, int(np.clip(most, 1, _WIDTH)) + 1)
    return _part(bins, *envelope(timeline, bins), 0.0, timeline.duration, top)


def _part(bins, lowest, highest, start, end, top):
    inside = (bins[:-1] >= start) & (bins[:-1] < end)
    at = np.stack([bins[:-1][inside], bins[1:][inside]]) - start
    at *= _WIDTH / (end - start)
    high, low = (
        _ENVELOPE * (1 - np.clip(values[inside], 0, top) / top)
        for values in (highest, lowest)
    )
    path = drawing.ranges(at, high, low)
    rest = short(_ENVELOPE * (1 - 1 / top))
    shapes = [
        element("path", d=path, class_="signal"),
        element("path", d=f"M0 {rest}H{_WIDTH}", class_="rest"),
    ]
    return drawing.box(shapes, _WIDTH, _ENVELOPE), _ENVELOPE


def envelope(timeline, bins):
    """Least and largest magnitude in bins of time, as of `ranges`, g."""
    return ranges(
        timeline,
        timeline.valid,
        timeline.magnitude_min,
        timeline.magnitude_max,
        bins,
    )


def ranges(timeline, counts, low, high, bins):
    """The range of a value in bins of time.

    A window counts where its middle is.

    Args:
        timeline: `WindowTimeline`.
        counts: `(num_windows,)` bool. Which windows count.
        low, high: `(num_windows,)`, the range in each window; NaN does not
            count.
        bins: `(num_bins + 1,)` float64, seconds.

    Returns:
        `(lowest, highest)`: `(num_bins,)` float64 each; NaN where no window
        counts.
    """
    middle = (timeline.start_seconds + timeline.end_seconds) / 2
    counts = counts & np.isfinite(high)
    at = np.searchsorted(bins, middle[counts], side="right") - 1
    lowest = np.full(len(bins) - 1, np.inf)
    highest = np.full(len(bins) - 1, -np.inf)
    np.minimum.at(lowest, at, low[counts])
    np.maximum.at(highest, at, high[counts])
    is_empty = np.isinf(highest)
    lowest[is_empty] = highest[is_empty] = np.nan
    return lowest, highest


def hours_of_days(timeline, edges, hours, intensity):
    """A figure a day with ENMO and MAD of each hour.

    Args:
        timeline: `Timeline`.
        edges: `(num_days + 1,)` float64, seconds.
        hours: `(num_hours + 1,)` float64, seconds.
        intensity: `pandas.DataFrame`, a row an hour.

    Returns:
        `(rows, top)`: list of `Html`, and the mg at the top of each.
    """
    enmo, mad = intensity["enmo_mg"].to_numpy(), intensity["mad_mg"].to_numpy()
    top = _round_up(max(np.nan_to_num([enmo, mad]).max(), 1.0))
    middle = (hours[:-1] + hours[1:]) / 2
    rows = []
    for index, (start, end) in enumerate(zip(edges, edges[1:])):
        inside = (middle >= start) & (middle < end)
        at = np.stack([hours[:-1][inside], hours[1:][inside]]) - start
        shapes = [
            element("path", d=_bars(at / 60, enmo[inside], top), class_="enmo"),
            element(
                "path",
                d=drawing.steps(at / 60, _HOURS * (1 - mad[inside] / top)),
                class_="mad",
            ),
        ]
        said = ", ".join(
            f"{name} {_span(values[inside])}"
            for name, values in (("ENMO", enmo), ("MAD", mad))
            if np.isfinite(values[inside]).any()
        )
        rows.append(
            drawing.row(
                timeline.clock,
                words.day_name(timeline.clock, start, index),
                said or "not worn",
                [(drawing.box(shapes, (end - start) / 60, _HOURS), _HOURS)],
                start,
                end,
            )
        )
    return rows, top


def _bars(at, values, top):
    path = []
    for start, end, value in zip(*at, values):
        if np.isfinite(value):
            y = short(_HOURS * (1 - value / top))
            a, b = short(start + _GAP), short(end - _GAP)
            path.append(f"M{a} {_HOURS}V{y}H{b}V{_HOURS}z")
    return Html("".join(path))


def _span(values):
    return f"{np.nanmin(values):.0f} to {np.nanmax(values):.0f} mg"


def _round_up(value):
    """The next of 1, 2, 5, 10, 20, 50, ..."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= value))
