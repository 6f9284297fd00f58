"""Drawings of a timeline as SVG: strips of colour, and the signal's envelope.

A class has the colour of its place among the classes of the model, so that all
pages of a model agree. There are seven colours, of Okabe and Ito (2008), which
people with colour blindness tell apart; the classes beyond have them again with
stripes.
"""

import numpy as np

from keras_relcon.markup import Html, element, markup

COLORS = (
    "#0072b2",  # blue
    "#e69f00",  # orange
    "#009e73",  # green
    "#cc79a7",  # purple
    "#56b4e9",  # sky
    "#d55e00",  # vermilion
    "#f0e442",  # yellow
)
UNKNOWN_COLOR = "#8c8c8c"
NOT_WORN_COLOR = "#c8c8c8"
STRIP_HEIGHT = 24
ENVELOPE_HEIGHT = 40
ENVELOPE_TOP_G = 3.0


def fill_of(state, num_classes):
    """What fills a state: a colour, a pattern, or nothing."""
    if state < num_classes:
        if state < len(COLORS):
            return COLORS[state]
        return f"url(#s{state})"
    names = (UNKNOWN_COLOR, NOT_WORN_COLOR, "none")
    return names[state - num_classes]


def patterns(num_classes):
    """The stripes that classes beyond the colours have."""
    found = []
    for state in range(len(COLORS), num_classes):
        turned = 45 * (2 * (state // len(COLORS)) - 1)
        ground = element(
            "rect", width="6", height="6", fill=COLORS[state % len(COLORS)]
        )
        line = element("rect", width="2", height="6", fill="#000")
        found.append(
            element(
                "pattern",
                ground,
                line,
                id=f"s{state}",
                width="6",
                height="6",
                patternUnits="userSpaceOnUse",
                patternTransform=f"rotate({turned})",
            )
        )
    if not found:
        return Html("")
    return element(
        "svg",
        element("defs", *found),
        width="0",
        height="0",
        aria_hidden="true",
        class_="defs",
    )


def strip(edges, states, num_classes, start, end, description):
    """Stretches of states from `start` to `end`, as a strip of colour.

    Args:
        edges, states: `(stretches + 1,)`, seconds, and `(stretches,)` int.
        num_classes: int.
        start, end: float, seconds.
        description: str. For those who do not see it.
    """
    paths = []
    width = end - start
    left = np.clip((edges[:-1] - start) / width * 1440, 0, 1440)
    right = np.clip((edges[1:] - start) / width * 1440, 0, 1440)
    for state in np.unique(states):
        fill = fill_of(state, num_classes)
        is_drawn = (states == state) & (right > left)
        if fill == "none" or not is_drawn.any():
            continue
        boxes = "".join(
            f"M{_short(a)} 0H{_short(b)}V{STRIP_HEIGHT}H{_short(a)}z"
            for a, b in zip(left[is_drawn], right[is_drawn])
        )
        paths.append(element("path", d=boxes, fill=fill))
    return _picture(paths, STRIP_HEIGHT, description, "strip")


def envelope(timeline, start, end, description, num_points=288):
    """Between the least and the largest magnitude of the acceleration.

    From 0 g to 3 g; what is beyond is drawn at 3 g.
    """
    middle = (timeline.start_seconds + timeline.end_seconds) / 2
    place = ((middle - start) / (end - start) * num_points).astype(int)
    is_inside = (
        (middle >= start) & (middle < end) & np.isfinite(timeline.magnitude_max)
    )
    place = place[is_inside]
    low = np.full(num_points, np.inf)
    high = np.full(num_points, -np.inf)
    np.minimum.at(low, place, timeline.magnitude_min[is_inside])
    np.maximum.at(high, place, timeline.magnitude_max[is_inside])
    step = 1440 / num_points
    boxes = "".join(
        f"M{_short(i * step)} {_level(high[i])}h{_short(step)}"
        f"V{_level(low[i])}h-{_short(step)}z"
        for i in np.flatnonzero(np.isfinite(low))
    )
    one_g = element(
        "path",
        d=f"M0 {_level(1.0)}H1440",
        class_="one-g",
        vector_effect="non-scaling-stroke",
    )
    drawn = [element("path", d=boxes, class_="envelope"), one_g]
    return _picture(drawn, ENVELOPE_HEIGHT, description, "signal")


def chip(state, num_classes):
    """A small square of the fill of a state, for legends."""
    square = element(
        "rect",
        width="14",
        height="14",
        fill=fill_of(state, num_classes),
        stroke="currentColor",
    )
    return element(
        "svg",
        square,
        width="14",
        height="14",
        aria_hidden="true",
        class_="chip",
    )


def _picture(children, height, description, kind):
    return element(
        "svg",
        element("title", description),
        *children,
        viewBox=f"0 0 1440 {height}",
        preserveAspectRatio="none",
        role="img",
        aria_label=markup(description),
        class_=kind,
    )


def _level(magnitude_g):
    share = min(max(float(magnitude_g), 0.0), ENVELOPE_TOP_G) / ENVELOPE_TOP_G
    return _short(ENVELOPE_HEIGHT * (1 - share))


def _short(value):
    return f"{value:.1f}".removesuffix(".0")
