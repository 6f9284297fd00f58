"""The frame of a page, and the sections that every page has."""

from keras_relcon.markup import (
    anchor_of,
    bullets,
    document,
    element,
    section,
)
from keras_relcon.timeline.page_parts import (
    drawing,
    movement,
    style,
    tables,
    words,
)

_SHORT = 6 * 3600  # seconds: little of the strip of a day


def page(timeline, sentences, before, parts):
    """The whole page.

    Args:
        timeline: `WindowTimeline`.
        sentences: list of str. The first is the answer.
        before: list of `Html`, what stands before the first section.
        parts: dict of title to list of `Html`, the sections.

    Returns:
        `Html`.
    """
    links = [element("a", name, href=f"#{anchor_of(name)}") for name in parts]
    body = element(
        "main",
        element("h1", timeline.name),
        element("p", sentences[0], class_="answer"),
        element("p", " ".join(sentences[1:])),
        element("p", _when(timeline), class_="soft"),
        element("nav", bullets(links), aria_label="Contents"),
        *before,
        *(section(title, *content) for title, content in parts.items()),
    )
    return document(timeline.name, body, style.STYLE)


def _when(timeline):
    clock = timeline.clock
    start, end = (words.moment_name(clock, at) for at in (0, timeline.duration))
    return (
        f"Subject {timeline.subject}, from {start} to {end}. "
        f"{words.zone_sentence(timeline)}"
    )


def soft(text):
    """A paragraph that explains."""
    return element("p", text, class_="soft")


def folded(title, content):
    """What is shown when it is asked for."""
    return element("details", element("summary", title), content)


def days(timeline, edges, said, found, of_all):
    """A figure a day of what was found, with the envelope of the signal.

    Args:
        timeline: `WindowTimeline`.
        edges: `(num_days + 1,)` float64, seconds.
        said: list of str, of each day and of all, in words.
        found: list of `(Html, height)`, one a day.
        of_all: function that returns the same of all that was recorded, which
            is shown where that is short.

    Returns:
        `(rows, about)`: list of `Html`, and what the envelope is, in words.
    """
    clock = timeline.clock
    envelopes, top = movement.envelopes_of_days(timeline, edges)
    rows = []
    for index, (start, end) in enumerate(zip(edges, edges[1:])):
        hours = (end - start) / 3600
        is_changed = abs(hours - 24) > 0.01
        rows.append(
            drawing.row(
                clock,
                words.day_name(clock, start, index),
                said[index],
                [found[index], envelopes[index]],
                start,
                end,
                f"{hours:g} hours: the clock was changed" if is_changed else "",
            )
        )
    if timeline.duration < _SHORT:
        row = drawing.row(
            clock,
            "All that was recorded",
            said[-1],
            [of_all(), movement.envelope_of_all(timeline, top)],
            0.0,
            timeline.duration,
        )
        rows.insert(0, row)
    about = (
        "Below it is the envelope of the signal, the least and largest "
        f"magnitude of the acceleration, from 0 to {top} g, with a line at 1 g."
    )
    return rows, about


def every_hour(timeline, name, table):
    """A table of the hours, folded; or how to get one of a long recording.

    Args:
        timeline: `WindowTimeline`.
        name: str, of the method that gives the numbers.
        table: function that returns the `Html`.
    """
    if timeline.duration <= tables.MOST_DAYS_OF_HOURS * 86_400:
        return folded("Every hour of the recording", table())
    note = (
        f"A recording of more than {tables.MOST_DAYS_OF_HOURS} days has "
        f'no table of hours here: `{name}(by="hour")` gives it.'
    )
    return element("p", note, class_="note")


def worn(timeline, edges, seconds):
    """What the section of the worn time holds."""
    about = (
        "Not worn is time in an hour in which at least two axes did not move: "
        "a standard deviation below 13 mg, or a range below 50 mg (van Hees "
        "et al., 2011 and 2013). Shorter recordings count as worn."
    )
    return [
        soft(about),
        tables.worn_of_days(timeline, edges, seconds),
        tables.not_worn(timeline),
    ]


def moved(timeline, edges):
    """What the section of the movement holds."""
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
    of_days = timeline.intensity("day")
    return [
        soft(about),
        *rows,
        tables.movement_of_days(timeline, edges, of_days),
        soft("Numbers of each hour: see Hours."),
    ]
