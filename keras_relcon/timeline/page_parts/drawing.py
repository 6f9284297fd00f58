"""Pieces of drawings in SVG that are as wide as the page.

Shapes lie in a box of their own that is stretched across; text does not.
"""

import numpy as np

from keras_relcon.markup import Html, element
from keras_relcon.timeline.page_parts import words

AXIS = 18  # pixels below a drawing, for the names of ticks
_BETWEEN = 4  # pixels
_MOST_TICKS = 9
_STEPS = (1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800)
_SLACK = 1e-3  # seconds


def row(clock, title, said, parts, start, end, note=""):
    """A figure with parts below each other, and an axis of clock times.

    Args:
        clock: `ClockTimes`.
        title: str.
        said: str. In words, what the figure shows.
        parts: list of `(Html, height)`, boxes and their pixels.
        start, end: float, seconds.
        note: str, behind the title.
    """
    content, at = [], 0
    for part, height in parts:
        content.append(element("svg", part, y=at, width="100%", height=height))
        at += height + _BETWEEN
    axis = _axis(clock, start, end, at)
    return figure(title, note, said, [*axis, *content], at + AXIS)


def figure(title, note, said, content, height):
    """A drawing with a title above it, and its words for who cannot see it."""
    caption = element(
        "figcaption", title, element("span", note, class_="soft beside")
    )
    drawing = element(
        "svg",
        *content,
        role="img",
        aria_label=f"{title}: {said}",
        width="100%",
        height=height,
        class_="drawing",
    )
    return element("figure", caption, drawing, class_="day")


def box(shapes, width, height, **attributes):
    """A box of shapes that is stretched across to the width of the page."""
    return element(
        "svg",
        *shapes,
        viewBox=f"0 0 {short(width)} {height}",
        preserveAspectRatio="none",
        width="100%",
        height=height,
        **attributes,
    )


def text(x, y, content, anchor, **attributes):
    return element("text", content, x=x, y=y, text_anchor=anchor, **attributes)


def ranges(at, top, bottom):
    """A path of bars that float.

    Args:
        at: `(2, num_bars)`, where each begins and ends.
        top, bottom: `(num_bars,)`, pixels from above; NaN for none.

    Returns:
        `Html`.
    """
    bottom = np.maximum(bottom, top + 0.6)  # else it would not be seen
    path = "".join(
        f"M{short(a)} {short(c)}H{short(b)}V{short(d)}H{short(a)}z"
        for a, b, c, d in zip(*at, top, bottom)
        if np.isfinite(c)
    )
    return Html(path)


def steps(at, height):
    """A path of level pieces, joined where there is none missing between.

    Args:
        at: `(2, num_pieces)`, where each begins and ends.
        height: `(num_pieces,)`, pixels from above; NaN for none.

    Returns:
        `Html`.
    """
    path, is_open = [], False
    for start, end, value in zip(*at, height):
        if np.isfinite(value):
            y = short(value)
            path.append(f"V{y}" if is_open else f"M{short(start)} {y}")
            path.append(f"H{short(end)}")
        is_open = np.isfinite(value)
    return Html("".join(path))


def bins(edges, size):
    """Bins of a size that begin anew each day."""
    return np.unique(
        np.concatenate(
            [np.arange(a, b - 1e-6, size) for a, b in zip(edges, edges[1:])]
            + [edges[-1:]]
        )
    )


def short(value):
    """A number in as few characters as a drawing needs."""
    text = f"{float(value):.1f}"
    return text.removesuffix(".0")


def _axis(clock, start, end, top):
    """Ticks at hours of the clock, or at parts of them, and their names."""
    length = end - start
    step = _step(length)
    base = start - _past(clock, start, step)
    marks = []
    for count in range(int(length // step) + 2):
        at = base + count * step
        if not start - _SLACK <= at <= end + _SLACK:
            continue
        where = 100 * (at - start) / length
        name = words.clock_name(clock, at, with_seconds=step < 60)
        if name == "00:00" and where > 50:
            name = "24:00"
        anchor = "middle"
        if where < 3:
            anchor = "start"
        elif where > 97:
            anchor = "end"
        kind = {"class_": "minor"} if count % 2 else {}
        x = f"{where:.2f}%"
        marks.append(element("line", x1=x, x2=x, y1=0, y2=top, class_="tick"))
        marks.append(text(x, top + 14, name, anchor, **kind))
    return marks


def _step(length):
    """Seconds between the ticks of an axis."""
    return next((s for s in _STEPS if length / s <= _MOST_TICKS), _STEPS[-1])


def _past(clock, seconds, step):
    """Seconds since the last tick."""
    if not clock.has_clock:
        return seconds % step
    at = clock.moment(seconds + _SLACK / 2)
    shown = at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6
    return shown % step
