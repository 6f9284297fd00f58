"""The page of a recording: one HTML file that needs no network."""

import numpy as np

from keras_relcon.markup import element
from keras_relcon.timeline import states
from keras_relcon.timeline.page_parts import (
    palette,
    sections,
    strips,
    tables,
    words,
)

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
    bars = strips.bars_of_days(timeline, edges, seconds)
    parts = {
        "Days": _days(timeline, edges, seconds),
        "Minutes of each class": [
            element("div", *bars, class_="bars"),
            *tables.minutes_of_days(timeline, edges, seconds),
        ],
        "Hours": _hours(timeline),
        "Longest bouts": _bouts(timeline),
        "Worn time": sections.worn(timeline, edges, seconds),
        "Movement": sections.moved(timeline, edges),
        "How sure the model is": _sureness(timeline, edges, seconds),
        "What was used": [tables.facts(timeline)],
    }
    before = [
        palette.patterns(num_classes),
        palette.legend(names, num_classes, amounts),
        palette.explained(num_classes),
    ]
    sentences = words.answer(timeline, names, totals / 60)
    return sections.page(timeline, sentences, before, parts)


def _days(timeline, edges, seconds):
    names = states.state_names(timeline)
    of_days = [*seconds, seconds.sum(axis=0)]
    rows, about = sections.days(
        timeline,
        edges,
        [words.amounts(names, each) for each in of_days],
        strips.strips_of_days(timeline, edges),
        lambda: strips.strip_of_all(timeline),
    )
    colours = "Each minute has the colour of what took most of it."
    return [sections.soft(f"{colours} {about}"), *rows]


def _hours(timeline):
    clock, names = timeline.clock, states.state_names(timeline)
    hours = clock.hour_edges(timeline.duration)
    minutes = timeline.minutes(by="hour").to_numpy()
    total = np.zeros((24, len(names)))
    np.add.at(total, words.hours_of_clock(clock, hours), minutes)
    with np.errstate(invalid="ignore"):
        shares = total / total.sum(axis=1, keepdims=True)
    about = (
        "What the time recorded in each hour of the clock was made of, over "
        "all days."
    )

    def every_hour():
        intensity = timeline.intensity(by="hour").to_numpy()
        cells = [
            [*map(words.minutes, of_hour), *map(words.number, movement)]
            for of_hour, movement in zip(minutes, intensity)
        ]
        caption = "Minutes and movement of each hour"
        return tables.of_hours(clock, hours, caption, names, cells)

    of_clock = tables.clock_hours(shares, names)
    return [
        sections.soft(about),
        strips.clock_hours(shares, names, len(timeline.classes)),
        sections.folded("Hours of the clock", of_clock),
        sections.every_hour(timeline, "minutes", every_hour),
    ]


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
    return [sections.soft(about), content]


def _sureness(timeline, edges, seconds):
    about = (
        "The probability that the model gives to the label of a window, or its "
        "largest one where the label is unknown. It holds for people, devices "
        "and places on the body like those that the model was fitted on; a "
        "model that is sure may still be wrong."
    )
    return [
        sections.soft(about),
        tables.sureness_of_classes(timeline),
        tables.sureness_of_days(timeline, edges, seconds),
    ]
