"""Drawings of the classes: a strip a day, bars, and the hours of the clock."""

import numpy as np

from keras_relcon.markup import Html, element
from keras_relcon.timeline import states
from keras_relcon.timeline.page_parts import drawing, words
from keras_relcon.timeline.page_parts.drawing import short
from keras_relcon.timeline.page_parts.palette import look

STRIP = 36  # pixels
_BAR = 20
_COLUMN = 150
_HOURS_A_NAME = 3
_BINS = 1440  # of a strip of the whole recording


def strips_of_days(timeline, edges):
    """A strip a day, of what lasted longest in each minute.

    Args:
        timeline: `Timeline`.
        edges: `(num_days + 1,)` float64, seconds.

    Returns:
        list of `(Html, height)`.
    """
    bins = drawing.bins(edges, 60.0)
    lasting = _lasting(timeline, bins)
    at = np.searchsorted(bins, edges)
    num_classes = len(timeline.classes)
    return [_strip(lasting[a:b], num_classes) for a, b in zip(at, at[1:])]


def strip_of_all(timeline):
    """A strip of all that was recorded, however short."""
    bins = np.linspace(0, timeline.duration, _BINS + 1)
    return _strip(_lasting(timeline, bins), len(timeline.classes))


def bars_of_days(timeline, edges, seconds):
    """A figure a day: how long each state lasted, as one bar.

    Args:
        timeline: `Timeline`.
        edges: `(num_days + 1,)` float64, seconds.
        seconds: `(num_days, num_states)` float64.
    """
    names = states.state_names(timeline)
    longest = np.diff(edges).max() / 60
    found = []
    for index, of_day in enumerate(seconds):
        box = drawing.box(
            _bar(of_day, names, len(timeline.classes)), longest, _BAR
        )
        found.append(
            drawing.figure(
                words.day_name(timeline.clock, edges[index], index),
                "",
                words.amounts(names, of_day),
                [box],
                _BAR,
            )
        )
    return found


def _bar(seconds, names, num_classes):
    shapes, at = [], 0.0
    for state, value in enumerate(seconds[:-1]):  # the last is not drawn
        if value <= 0:
            continue
        attributes, height = look(state, num_classes)
        title = f"{names[state]}: {words.minutes(value / 60)} min"
        shapes.append(
            element(
                "rect",
                element("title", title),
                x=short(at / 60),
                y=short(_BAR * (1 - height)),
                width=short(value / 60),
                height=short(_BAR * height),
                **attributes,
            )
        )
        at += value
    return shapes


def clock_hours(shares, names, num_classes):
    """A column for each hour of the clock, of what the hour was made of.

    Args:
        shares: `(24, num_states)`, parts of the time recorded in that hour;
            NaN where there is none.
        names: sequence of str, of the states.
        num_classes: int.
    """
    labels = words.CLOCK_HOURS
    shapes = [
        shape
        for hour, share in enumerate(np.nan_to_num(shares))
        for shape in _column(hour, share, labels[hour], names, num_classes)
    ]
    texts = []
    for hour in range(0, 24, _HOURS_A_NAME):
        kind = {"class_": "minor"} if hour % (2 * _HOURS_A_NAME) else {}
        x = f"{100 * (hour + 0.5) / 24:.2f}%"
        texts.append(
            drawing.text(x, _COLUMN + 14, labels[hour], "middle", **kind)
        )
    line = element(
        "line", x1=0, x2="100%", y1=_COLUMN, y2=_COLUMN, class_="tick"
    )
    said = []
    for name, share in zip(names, np.nan_to_num(shares[:, :num_classes]).T):
        top = int(share.argmax())
        if share[top] > 0:
            value = words.minutes(60 * share[top])
            said.append(f"most {name} at {labels[top]}, {value} min")
    return drawing.figure(
        "An hour of the clock",
        "minutes of 60, on average",
        "; ".join(said) or "nothing",
        [line, drawing.box(shapes, 24, _COLUMN), *texts],
        _COLUMN + drawing.AXIS,
    )


def _column(hour, share, label, names, num_classes):
    at = float(_COLUMN)
    for state, value in enumerate(share[:-1]):
        if value <= 0:
            continue
        attributes, part = look(state, num_classes)
        width = 0.86 * part
        at -= value * _COLUMN
        title = f"{label} {names[state]}: {words.minutes(60 * value)} min"
        yield element(
            "rect",
            element("title", title),
            x=f"{hour + (1 - width) / 2:.2f}",
            y=short(at),
            width=f"{width:.2f}",
            height=short(value * _COLUMN),
            **attributes,
        )


def _lasting(timeline, bins):
    num_states = len(states.state_names(timeline))
    return states.seconds_in_bins(*states.stretches(timeline), num_states, bins)


def _strip(lasting, num_classes):
    """What lasted longest in each bin: one path a state."""
    num_bins, num_states = lasting.shape
    found = lasting.argmax(axis=1)
    found[lasting.sum(axis=1) <= 0] = num_states - 1
    is_new = np.append(True, found[1:] != found[:-1])
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], num_bins)
    shapes = [element("rect", width=num_bins, height=STRIP, class_="track")]
    for state in range(num_states - 1):  # the last is not drawn
        of_state = found[first] == state
        if not of_state.any():
            continue
        attributes, height = look(state, num_classes)
        top, size = short(STRIP * (1 - height)), short(STRIP * height)
        path = "".join(
            f"M{a} {top}h{b - a}v{size}H{a}z"
            for a, b in zip(first[of_state], last[of_state])
        )
        shapes.append(element("path", d=Html(path), **attributes))
    box = drawing.box(shapes, num_bins, STRIP, class_="crisp")
    return box, STRIP
