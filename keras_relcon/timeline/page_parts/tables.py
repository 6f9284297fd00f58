"""The tables of the page: every number that a drawing shows, and more."""

from collections import Counter

import numpy as np

from keras_relcon.markup import Html, element, table
from keras_relcon.reprs import counted
from keras_relcon.timeline import states
from keras_relcon.timeline.page_parts import words

MOST_DAYS_OF_HOURS = 31
_LONGEST_BOUTS = 3
_MOST_COLUMNS = 11
_DAYS_A_TABLE = 9
_LONGEST_STRETCHES = 10
_DAY = 86_400
_LOW = 0.1  # the part of windows that "low" tells apart


def minutes_of_days(timeline, edges, seconds):
    """Minutes of each state, a row a day and one of all.

    Many states do not fit on paper side by side: then a row is a state, and
    there is a table for each few days. Returns a list of `Html`.
    """
    names = states.state_names(timeline)
    days = [
        words.day_name(timeline.clock, start, index)
        for index, start in enumerate(edges[:-1])
    ]
    cells = [[words.minutes(value / 60) for value in row] for row in seconds]
    total = [words.minutes(value / 60) for value in seconds.sum(axis=0)]
    if len(names) <= _MOST_COLUMNS:
        rows = [[day, *row] for day, row in zip(days, cells)]
        rows.append(_strong(["all", *total]))
        return [table("Minutes of each day", ["day", *names], rows)]
    days.append("all")
    cells.append([element("strong", text) for text in total])
    found = []
    for first in range(0, len(days), _DAYS_A_TABLE):
        part = slice(first, first + _DAYS_A_TABLE)
        rows = [[name, *row] for name, row in zip(names, zip(*cells[part]))]
        caption = f"Minutes of each day, part {len(found) + 1}"
        found.append(table(caption, ["class", *days[part]], rows))
    return found


def of_hours(clock, hours, caption, head, cells):
    """A table with a row for each hour of the recording.

    Args:
        clock: `ClockTimes`.
        hours: `(num_hours + 1,)` float64, seconds.
        caption: str.
        head: sequence of str, the columns before ENMO and MAD.
        cells: list of lists of str, those of each hour.
    """
    days = [
        words.day_name(clock, start, int(start // _DAY)) for start in hours[:-1]
    ]
    groups = [
        (index, day)
        for index, day in enumerate(days)
        if index == 0 or days[index - 1] != day
    ]
    labels = [words.clock_name(clock, start) for start in hours[:-1]]
    times = Counter(zip(days, labels))
    for index, start in enumerate(hours[:-1]):
        # The clock shows this hour twice: its offset tells which one it is.
        if times[days[index], labels[index]] > 1:
            labels[index] += f" {clock.moment(start):%z}"
    rows = [[label, *of_hour] for label, of_hour in zip(labels, cells)]
    return table(caption, ["hour", *head, "ENMO, mg", "MAD, mg"], rows, groups)


def clock_hours(shares, names):
    """Minutes of an hour of the clock, on average."""
    rows = [
        [label, *("–" if np.isnan(v) else words.minutes(60 * v) for v in share)]
        for label, share in zip(words.CLOCK_HOURS, shares)
    ]
    caption = "Minutes of an hour of the clock, on average"
    return table(caption, ["hour", *names], rows)


def means_of_days(timeline, edges, days):
    """Mean of each day, and of all.

    Args:
        timeline: `NumberTimeline`.
        edges: `(num_days + 1,)` float64, seconds.
        days: `pandas.DataFrame`, of `means(by="day")`.
    """
    rows = [
        [words.day_name(timeline.clock, start, index), *_mean_cells(*of_day)]
        for index, (start, of_day) in enumerate(zip(edges, days.to_numpy()))
    ]
    whole = timeline.means(by="recording").to_numpy()[0]
    rows.append(_strong(["all", *_mean_cells(*whole)]))
    head = ["day", timeline.quantity, "worn"]
    return table("Mean over the worn time of each day", head, rows)


def means_of_clock(timeline, mean, minutes):
    """Mean of each hour of the clock, `(24,)` each."""
    rows = [
        [label, *_mean_cells(*of_hour)]
        for label, *of_hour in zip(words.CLOCK_HOURS, mean, minutes)
    ]
    head = ["hour", timeline.quantity, "worn"]
    return table("Mean of each hour of the clock", head, rows)


def _mean_cells(mean, minutes):
    return [words.significant(mean), words.of_day(60 * minutes)]


def bouts(timeline, found):
    """The longest bouts of each class.

    Args:
        timeline: `Timeline`.
        found: `pandas.DataFrame`, of `Timeline.bouts`.
    """
    label = found["label"].to_numpy()
    seconds = found["seconds"].to_numpy()
    probability = found["probability"].to_numpy()
    # From the first sample, as of the page's other times.
    first = _from_start(timeline, found["start"])
    last = _from_start(timeline, found["end"])
    rows, groups = [], []
    for name in timeline.classes:
        own = np.flatnonzero(label == name)
        if not len(own):
            continue
        total = words.minutes(seconds[own].sum() / 60)
        groups.append(
            (len(rows), f"{name}: {counted(len(own), 'bout')}, {total} min")
        )
        longest = own[np.argsort(-seconds[own], kind="stable")]
        for index in longest[:_LONGEST_BOUTS]:
            rows.append(
                [
                    *words.span_names(
                        timeline.clock, first[index], last[index]
                    ),
                    words.lasting(seconds[index]),
                    words.number(probability[index], 2),
                ]
            )
    head = ["from", "to", "length", "mean probability"]
    caption = f"Up to {_LONGEST_BOUTS} bouts of each class"
    return table(caption, head, rows, groups)


def _from_start(timeline, times):
    times = times.array
    zero = timeline.clock.times([0.0])[0]
    return np.array([(time - zero).total_seconds() for time in times])


def worn_of_days(timeline, edges, seconds):
    """Worn, not worn, not measured: hours and minutes of each day."""
    rows = []
    for index, of_day in enumerate(seconds):
        name = words.day_name(timeline.clock, edges[index], index)
        rows.append([name, *_worn_cells(of_day)])
    rows.append(_strong(["all", *_worn_cells(seconds.sum(axis=0))]))
    head = ["day", "worn", "share", states.NOT_WORN, states.NOT_MEASURED]
    return table("Worn time of each day", head, rows)


def _worn_cells(seconds):
    *worn, not_worn, not_measured = seconds.tolist()
    worn = sum(worn)
    whole = worn + not_worn + not_measured
    return [
        words.of_day(worn),
        words.percent(worn / whole if whole else np.nan),
        words.of_day(not_worn),
        words.of_day(not_measured),
    ]


def not_worn(timeline):
    """The longest stretches without wear; nothing where there is none."""
    edges, found = states.stretches(timeline)
    index = states.state_names(timeline).index(states.NOT_WORN)
    own = np.flatnonzero(found == index)
    if not len(own):
        return Html("")
    length = np.diff(edges)[own]
    longest = own[np.argsort(-length, kind="stable")][:_LONGEST_STRETCHES]
    rows = [
        [
            *words.span_names(timeline.clock, edges[at], edges[at + 1]),
            words.lasting(edges[at + 1] - edges[at]),
        ]
        for at in sorted(longest)
    ]
    caption = f"Not worn: the longest {len(rows)} of {len(own)}"
    return table(caption, ["from", "to", "length"], rows)


def movement_of_days(timeline, edges, intensity):
    """ENMO and MAD of each day."""
    rows = [
        [
            words.day_name(timeline.clock, edges[index], index),
            *map(words.number, values),
        ]
        for index, values in enumerate(intensity.to_numpy())
    ]
    head = ["day", "ENMO, mg", "MAD, mg"]
    return table("Mean over the worn time of each day", head, rows)


def sureness_of_classes(timeline):
    """Probabilities of the windows of each class."""
    found = states.state_of_windows(timeline)
    rows = []
    for index, name in enumerate((*timeline.classes, states.UNKNOWN)):
        own = timeline.probability[found == index].astype(np.float64)
        own = own[np.isfinite(own)]
        cells = ["0", "–", "–"]
        if len(own):
            cells = [
                f"{len(own):,}",
                words.number(own.mean(), 2),
                words.number(np.quantile(own, _LOW), 2),
            ]
        rows.append([name, *cells])
    head = [
        "label",
        "windows",
        "mean probability",
        f"{100 * _LOW:.0f} % are below",
    ]
    return table("How sure the model is, by class", head, rows)


def sureness_of_days(timeline, edges, seconds):
    """Mean probability and what is unknown, of each day."""
    mean = states.mean_in_bins(
        timeline, timeline.probability, timeline.worn, edges
    )
    unknown = states.state_names(timeline).index(states.UNKNOWN)
    rows = []
    for index, of_day in enumerate(seconds):
        worn = of_day[: unknown + 1].sum()
        part = of_day[unknown] / worn if worn else np.nan
        rows.append(
            [
                words.day_name(timeline.clock, edges[index], index),
                words.number(mean[index], 2),
                words.percent(part),
            ]
        )
    head = ["day", "mean probability", "unknown, of the worn time"]
    return table("How sure the model is, by day", head, rows)


def facts(timeline):
    """What was used, as it was given, and what the page is made of."""
    rows = [[name, value] for name, value in timeline.facts.items()]
    windows = counted(len(timeline), "window")
    rows += [
        ["windows", f"{windows} of {timeline.window_seconds:g} s"],
    ]
    content = table("Model, windows and classes", ["what", "value"], rows)
    return Html(element("div", content, class_="words"))


def _strong(cells):
    return [element("strong", cell) for cell in cells]
