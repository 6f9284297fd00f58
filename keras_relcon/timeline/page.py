"""The page of a recording: one HTML file that needs no network."""

import numpy as np

from keras_relcon.markup import (
    anchor_of,
    bullets,
    document,
    element,
    section,
)
from keras_relcon.timeline import states
from keras_relcon.timeline.page_parts import (
    drawing,
    movement,
    palette,
    strips,
    style,
    tables,
    words,
)

_SHORT = 6 * 3600  # seconds: little of the strip of a day
_BOUT_SECONDS = 60


def to_html(timeline):
    """Returns the page of a timeline.

    Args:
        timeline: `Timeline`.

    Returns:
        str.
    """
    clock, names = timeline.clock, states.state_names(timeline)
    num_classes = len(timeline.classes)
    edges = clock.day_edges(timeline.duration)
    seconds = timeline.minutes(by="day").to_numpy() * 60
    totals = seconds.sum(axis=0)
    amounts = [f"{words.minutes(value / 60)} min" for value in totals]
    parts = [
        _days(timeline, edges, seconds),
        section(
            "Minutes of each class",
            element(
                "div",
                *strips.bars_of_days(timeline, edges, seconds),
                class_="bars",
            ),
            *tables.minutes_of_days(timeline, edges, seconds),
        ),
        _hours(timeline),
        _bouts(timeline),
        _worn(timeline, edges, seconds),
        _movement(timeline, edges),
        _sureness(timeline, edges, seconds),
        section("What was used", tables.facts(timeline)),
    ]
    sentences = words.answer(timeline, names, totals / 60)
    body = element(
        "main",
        palette.patterns(num_classes),
        element("h1", timeline.name),
        element("p", sentences[0], class_="answer"),
        element("p", " ".join(sentences[1:])),
        element("p", _when(timeline), class_="soft"),
        _contents(),
        palette.legend(names, num_classes, amounts),
        palette.explained(num_classes),
        *parts,
    )
    return document(timeline.name, body, style.STYLE)


_TITLES = (
    "Days",
    "Minutes of each class",
    "Hours",
    "Longest bouts",
    "Worn time",
    "Movement",
    "How sure the model is",
    "What was used",
)


def _contents():
    links = [
        element("a", title, href=f"#{anchor_of(title)}") for title in _TITLES
    ]
    return element("nav", bullets(links), aria_label="Contents")


def _when(timeline):
    clock = timeline.clock
    start, end = (words.moment_name(clock, at) for at in (0, timeline.duration))
    return (
        f"Subject {timeline.subject}, from {start} to {end}. "
        f"{words.zone_sentence(timeline)}"
    )


def _days(timeline, edges, seconds):
    envelopes, top = movement.envelopes_of_days(timeline, edges)
    shown = strips.strips_of_days(timeline, edges)
    names = states.state_names(timeline)
    rows = []
    for index, (start, end) in enumerate(zip(edges, edges[1:])):
        hours = (end - start) / 3600
        is_changed = abs(hours - 24) > 0.01
        rows.append(
            drawing.row(
                timeline.clock,
                words.day_name(timeline.clock, start, index),
                words.amounts(names, seconds[index]),
                [shown[index], envelopes[index]],
                start,
                end,
                f"{hours:g} hours: the clock was changed" if is_changed else "",
            )
        )
    about = (
        "Each minute has the colour of what took most of it. Below it is the "
        "envelope of the signal, the least and largest magnitude of the "
        f"acceleration, from 0 to {top} g, with a line at 1 g."
    )
    if timeline.duration < _SHORT:
        row = drawing.row(
            timeline.clock,
            "All that was recorded",
            words.amounts(names, seconds.sum(axis=0)),
            [
                strips.strip_of_all(timeline),
                movement.envelope_of_all(timeline, top),
            ],
            0.0,
            timeline.duration,
        )
        rows.insert(0, row)
    return section("Days", element("p", about, class_="soft"), *rows)


def _hours(timeline):
    clock, names = timeline.clock, states.state_names(timeline)
    hours = clock.hour_edges(timeline.duration)
    minutes = timeline.minutes(by="hour")
    of_clock = [
        int(words.clock_name(clock, start)[:-3]) % 24 for start in hours[:-1]
    ]
    total = np.zeros((24, len(names)))
    np.add.at(total, of_clock, minutes.to_numpy())
    with np.errstate(invalid="ignore"):
        shares = total / total.sum(axis=1, keepdims=True)
    labels = [f"{hour:02d}:00" for hour in range(24)]
    chart = strips.clock_hours(shares, labels, names, len(timeline.classes))
    about = (
        "What the time recorded in each hour of the clock was made of, over "
        "all days."
    )
    folded = [
        _folded("Hours of the clock", tables.clock_hours(shares, labels, names))
    ]
    if timeline.duration <= tables.MOST_DAYS_OF_HOURS * 86_400:
        of_hours = tables.minutes_of_hours(
            timeline, hours, minutes, timeline.intensity(by="hour")
        )
        folded.append(_folded("Every hour of the recording", of_hours))
    else:
        note = (
            f"A recording of more than {tables.MOST_DAYS_OF_HOURS} days has "
            'no table of hours here: `minutes(by="hour")` gives it.'
        )
        folded.append(element("p", note, class_="note"))
    return section("Hours", element("p", about, class_="soft"), chart, *folded)


def _bouts(timeline):
    found = timeline.bouts(min_seconds=_BOUT_SECONDS)
    about = (
        "A bout is time of one class without a break, of at least "
        f"{words.lasting(_BOUT_SECONDS)}."
    )
    if len(found):
        content = tables.bouts(timeline, found)
    else:
        content = element("p", "There is none.")
    return section("Longest bouts", element("p", about, class_="soft"), content)


def _worn(timeline, edges, seconds):
    about = (
        "Not worn is time in an hour in which at least two axes did not move: "
        "a standard deviation below 13 mg, or a range below 50 mg (van Hees "
        "et al., 2011 and 2013). Shorter recordings count as worn."
    )
    return section(
        "Worn time",
        element("p", about, class_="soft"),
        tables.worn_of_days(timeline, edges, seconds),
        tables.not_worn(timeline),
    )


def _movement(timeline, edges):
    hours = timeline.clock.hour_edges(timeline.duration)
    rows, top = movement.hours_of_days(
        timeline, edges, hours, timeline.intensity(by="hour")
    )
    about = (
        "Means over the worn time, in mg: ENMO, the part of the magnitude "
        "above 1 g (van Hees et al., 2013), as bars; MAD, the mean amplitude "
        "deviation (Vähä-Ypyä et al., 2015), as a line. By the hour, from 0 "
        f"to {top:g} mg."
    )
    days = tables.movement_of_days(timeline, edges, timeline.intensity("day"))
    return section(
        "Movement",
        element("p", about, class_="soft"),
        *rows,
        days,
        element("p", "Numbers of each hour: see Hours.", class_="soft"),
    )


def _sureness(timeline, edges, seconds):
    about = (
        "The probability that the model gives to the label of a window, or its "
        "largest one where the label is unknown. It holds for people, devices "
        "and places on the body like those that the model was fitted on; a "
        "model that is sure may still be wrong."
    )
    return section(
        "How sure the model is",
        element("p", about, class_="soft"),
        tables.sureness_of_classes(timeline),
        tables.sureness_of_days(timeline, edges, seconds),
    )


def _folded(title, content):
    return element("details", element("summary", title), content)
