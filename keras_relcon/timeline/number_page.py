"""The page of the numbers of a recording: one HTML file, as `page.py`."""

import numpy as np

from keras_relcon.timeline import states
from keras_relcon.timeline.page_parts import (
    curves,
    sections,
    tables,
    words,
)


def to_html(timeline):
    """Returns the page of numbers in time.

    Args:
        timeline: `NumberTimeline`.

    Returns:
        str.
    """
    edges = timeline.clock.day_edges(timeline.duration)
    num_states = len(states.state_names(timeline))
    found = states.stretches(timeline)
    seconds = states.seconds_in_bins(*found, num_states, edges)
    days = timeline.means(by="day")
    parts = {
        "Days": _days(timeline, edges, days),
        "Mean of each day": [tables.means_of_days(timeline, edges, days)],
        "Hours": _hours(timeline),
        "Worn time": sections.worn(timeline, edges, seconds),
        "Movement": sections.moved(timeline, edges),
        "What was used": [tables.facts(timeline)],
    }
    sentences = words.answer_of_numbers(timeline, seconds.sum(axis=0) / 60)
    return sections.page(timeline, sentences, [], parts)


def _days(timeline, edges, days):
    whole = timeline.means(by="recording")
    means = [*days["mean"], whole["mean"].iloc[0]]
    parts, of_all, (bottom, top) = curves.of_days(timeline, edges)
    rows, about = sections.days(
        timeline,
        edges,
        [f"mean {words.significant(mean)}" for mean in means],
        parts,
        of_all,
    )
    drawn = (
        f"The line is the mean {timeline.quantity} of each few minutes, the "
        "area the least and the largest of their windows, from "
        f"{bottom:g} to {top:g}. There is nothing where the device was not "
        "worn or nothing was measured."
    )
    return [sections.soft(f"{drawn} {about}"), *rows]


def _hours(timeline):
    clock = timeline.clock
    hours = clock.hour_edges(timeline.duration)
    means = timeline.means(by="hour")
    of_clock = words.hours_of_clock(clock, hours)
    total = (means["mean"] * means["minutes"]).fillna(0)
    minutes = np.bincount(of_clock, means["minutes"], 24)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(of_clock, total, 24) / minutes
    about = "Means over the worn time of each hour of the clock, over all days."

    def every_hour():
        intensity = timeline.intensity(by="hour").to_numpy()
        cells = [
            [
                words.significant(mean),
                words.minutes(lasting),
                *map(words.number, movement),
            ]
            for (mean, lasting), movement in zip(means.to_numpy(), intensity)
        ]
        caption = "Mean and movement of each hour"
        head = [timeline.quantity, "worn, min"]
        return tables.of_hours(clock, hours, caption, head, cells)

    return [
        sections.soft(about),
        tables.means_of_clock(timeline, mean, minutes),
        sections.every_hour(timeline, "means", every_hour),
    ]
