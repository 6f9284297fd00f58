"""The page of a recording: one HTML file that needs no network."""

import numpy as np

from keras_relcon.markup import (
    Html,
    document,
    element,
    section,
    table,
)
from keras_relcon.reprs import counted
from keras_relcon.timeline import states, strips

_MOST_BOUTS = 10
_MOST_NAMED = 4
_BOUT_SECONDS = 60
# Of longer recordings hours are in a part that opens.
_FEW_HOURS = 30


def to_html(timeline):
    """Returns the page of a `Timeline`, str.

    It holds the answer in a sentence, a strip of colour and the envelope of the
    signal for each day, minutes by day and hour, the longest bouts, ENMO and
    MAD, how sure the model is, and what was used.
    """
    names = states.state_names(timeline)
    edges, found = states.stretches(timeline)
    body = element(
        "main",
        strips.patterns(len(timeline.classes)),
        element("h1", timeline.name),
        element("p", _answer(timeline, names), class_="answer"),
        element("p", _about(timeline), class_="soft"),
        section(
            "Day by day",
            _legend(timeline, names, found),
            *_days(timeline, edges, found),
        ),
        section("Minutes", *_minutes(timeline)),
        section("Longest bouts", _bouts(timeline)),
        section("How sure the model is", *_certainty(timeline)),
        section("What was used", _facts(timeline)),
    )
    return document(f"{timeline.name}: what was done", body, CSS)


def _answer(timeline, names):
    """The result in a sentence."""
    minutes = timeline.minutes("recording").iloc[0]
    active = minutes[list(timeline.classes)]
    named = active[active > 0].sort_values(ascending=False)
    total = minutes.sum()
    worn = total - minutes[states.NOT_WORN] - minutes[states.NOT_MEASURED]
    days = len(timeline.minutes("day"))
    when = f"On {counted(days, 'day')}" if days > 1 else "In this recording"
    if not len(named):
        return f"{when}, no class was found in {_span(worn)} of worn time."
    parts = [f"{_span(m)} {n}" for n, m in named[:_MOST_NAMED].items()]
    rest = ""
    if len(named) > _MOST_NAMED:
        rest = f", and {_span(named[_MOST_NAMED:].sum())} in other classes"
    unknown = minutes[states.UNKNOWN]
    unsure = f"; {_span(unknown)} are unknown" if unknown > 0 else ""
    return (
        f"{when}, of {_span(worn)} of worn time: {', '.join(parts)}{rest}"
        f"{unsure}."
    )


def _about(timeline):
    minutes = timeline.minutes("recording").iloc[0]
    parts = [f"Subject {timeline.subject}."]
    if timeline.clock.has_clock:
        zone = timeline.time_zone
        first, last = timeline.clock.times([0.0, timeline.duration])
        shown = f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S}"
        clock = f"time zone {zone}" if zone else "as the device's clock showed"
        parts.append(f"{shown}, {clock}.")
    else:
        parts.append(
            "The recording has no clock: times count from its first sample."
        )
    for name in (states.NOT_WORN, states.NOT_MEASURED):
        if minutes[name] > 0:
            parts.append(f"{_span(minutes[name])} {name}.")
    return " ".join(parts)


def _legend(timeline, names, found):
    present = np.unique(found)
    items = [
        element(
            "li", strips.chip(state, len(timeline.classes)), " ", names[state]
        )
        for state in present
    ]
    return element("ul", *items, class_="legend")


def _days(timeline, edges, found):
    """Yields the strip and the envelope of each day."""
    if timeline.duration < 6 * 3600:  # too short to see in a day
        ends = [0.0, timeline.duration]
    else:
        ends = timeline.clock.day_edges(timeline.duration)
    minutes = timeline.minutes("day")
    num_classes = len(timeline.classes)
    for index, (start, end) in enumerate(zip(ends, ends[1:])):
        title = _day_name(timeline, index, start, end)
        row = minutes.iloc[min(index, len(minutes) - 1)]
        said = ", ".join(f"{_span(m)} {n}" for n, m in row.items() if m > 0)
        yield element(
            "figure",
            element("figcaption", title),
            strips.strip(
                *_thinned(edges, found, start, end),
                num_classes,
                start,
                end,
                f"{title}: {said}",
            ),
            strips.envelope(
                timeline,
                start,
                end,
                f"{title}: least and largest acceleration, 0 to "
                f"{strips.ENVELOPE_TOP_G:g} g",
            ),
            _ticks(timeline, start, end),
        )


def _thinned(edges, found, start, end):
    """Stretches of a day; of each minute the state that lasts longest.

    So a page stays small, whatever the windows do. Of less than six hours all
    stretches are kept.
    """
    if end - start < 6 * 3600:
        return edges, found
    cuts = np.append(np.arange(start, end, 60.0), end)
    num_states = found.max() + 1
    low = max(np.searchsorted(edges, start, side="right") - 1, 0)
    high = min(np.searchsorted(edges, end) + 1, len(edges))
    edges, found = edges[low:high], found[low : high - 1]
    inside = (cuts[1:] > edges[0]) & (cuts[:-1] < edges[-1])
    cuts = np.append(cuts[:-1][inside], cuts[1:][inside][-1])
    seconds = states.seconds_in_bins(edges, found, num_states, cuts)
    longest = seconds.argmax(axis=1)
    is_new = np.append(True, longest[1:] != longest[:-1])
    cuts = np.append(cuts[:-1][is_new], cuts[-1])
    return np.clip(cuts, edges[0], edges[-1]), longest[is_new]


def _day_name(timeline, index, start, end):
    if timeline.duration < 6 * 3600:
        return "The whole recording"
    if not timeline.clock.has_clock:
        return f"Day {index + 1}"
    moment = timeline.clock.moment((start + end) / 2)
    hours = (end - start) / 3600
    odd = f" ({hours:g} hours)" if abs(hours - 24) > 1e-6 else ""
    return f"{moment:%A, %d %B %Y}{odd}"


def _ticks(timeline, start, end):
    """Five times below a strip."""
    seconds = np.linspace(start, end, 5)
    if timeline.clock.has_clock:
        moments = [timeline.clock.moment(s) for s in seconds]
        is_short = end - start < 600
        form = "%H:%M:%S" if is_short else "%H:%M"
        texts = [f"{m:{form}}" for m in moments]
        if end - start >= 6 * 3600:
            texts[-1] = "24:00"
    else:
        texts = [_elapsed(s) for s in seconds]
    spans = [element("span", text) for text in texts]
    return element("div", *spans, class_="ticks", aria_hidden="true")


def _minutes(timeline):
    days = _minutes_table(timeline, "day")
    hours = timeline.minutes("hour")
    by_hour = _minutes_table(timeline, "hour")
    if len(hours) <= _FEW_HOURS:
        return [days, by_hour]
    return [
        days,
        element("details", element("summary", "Minutes by hour"), by_hour),
    ]


def _minutes_table(timeline, by):
    minutes = timeline.minutes(by)
    intensity = timeline.intensity(by)
    shown = [name for name in minutes.columns if minutes[name].sum() > 0]
    rows = []
    for at, (time, row) in enumerate(minutes.iterrows()):
        moved = [intensity[c].iloc[at] for c in ("enmo_mg", "mad_mg")]
        rows.append(
            [
                _bin_name(timeline, time, by),
                *(_number(row[name]) for name in shown),
                *(_number(value) for value in moved),
            ]
        )
    head = [by, *shown, "ENMO, mg", "MAD, mg"]
    caption = f"Minutes by {by}; ENMO and MAD are means over worn time"
    return table(caption, head, rows)


def _bin_name(timeline, time, by):
    if not timeline.clock.has_clock:
        seconds = time.total_seconds()
        if by == "day":
            return f"day {int(seconds // 86400) + 1}"
        return _elapsed(seconds)
    return f"{time:%a %d %b %Y}" if by == "day" else f"{time:%a %d %b, %H:%M}"


def _bouts(timeline):
    bouts = timeline.bouts(min_seconds=_BOUT_SECONDS)
    if not len(bouts):
        text = f"No class lasted {_BOUT_SECONDS} seconds without a break."
        return element("p", text)
    longest = bouts.sort_values("seconds", ascending=False)[:_MOST_BOUTS]
    rows = [
        [
            bout.label,
            _moment(timeline, bout.start),
            _span(bout.seconds / 60),
            f"{100 * bout.probability:.0f} %",
        ]
        for bout in longest.itertuples()
    ]
    caption = (
        f"The longest of {len(bouts):,} stretches of one class without a "
        f"break, of {_BOUT_SECONDS} seconds or more"
    )
    head = ["class", "from", "length", "mean probability"]
    return table(caption, head, rows)


def _moment(timeline, time):
    if timeline.clock.has_clock:
        return f"{time:%a %d %b, %H:%M:%S}"
    return _elapsed(time.total_seconds())


def _certainty(timeline):
    if not timeline.worn.any():
        return [element("p", "Nothing was worn and measured.")]
    sure = timeline.probability[timeline.worn]
    labels = timeline.labels[timeline.worn]
    rows = []
    for name in (*timeline.classes, states.UNKNOWN):
        own = sure[labels == name]
        if len(own):
            rows.append(
                [
                    name,
                    f"{100 * np.mean(own):.0f} %",
                    f"{100 * np.quantile(own, 0.1):.0f} %",
                    f"{100 * len(own) / len(sure):.1f} %",
                ]
            )
    share = np.mean(labels == states.UNKNOWN)
    text = (
        f"The mean probability of what is shown is {100 * np.mean(sure):.0f} "
        f"%. {100 * share:.1f} % of the worn windows are unknown. A model that "
        "is sure may still be wrong: see below how it did on people whom it "
        "had not seen."
    )
    head = ["class", "mean probability", "one in ten is below", "of worn time"]
    return [element("p", text), table("Probability by class", head, rows)]


def _facts(timeline):
    pairs = [
        Html(element("dt", key) + element("dd", text))
        for key, text in timeline.facts.items()
    ]
    pairs.append(
        element("dt", "Not worn")
        + element(
            "dd",
            "60 minutes in which two axes stay within 50 mg, or vary by less "
            "than 13 mg (van Hees et al., 2013). Recordings of less than an "
            "hour count as worn.",
        )
    )
    pairs.append(
        element("dt", "ENMO, MAD")
        + element(
            "dd",
            "how much the device moved: mean of the magnitude above 1 g (van "
            "Hees et al., 2013), and mean distance of the magnitude from its "
            "mean (Vähä-Ypyä et al., 2015).",
        )
    )
    return element("dl", *map(Html, pairs))


def _span(minutes):
    """Minutes in words: "45 s", "12 min", "5 h 3 min"."""
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    if minutes < 10:
        return f"{minutes:.1f} min".replace(".0 ", " ")
    if minutes < 120:
        return f"{minutes:.0f} min"
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _number(value):
    if not np.isfinite(value):
        return "-"
    return f"{value:.1f}"


def _elapsed(seconds):
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


CSS = """
.answer { font-size: 1.25rem; line-height: 1.4; }
.legend {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none;
  padding: 0; max-width: none;
}
.chip { vertical-align: -2px; }
.defs { position: absolute; }
figure { margin: 1rem 0 1.5rem; }
figcaption { font-weight: 600; margin-bottom: 0.25rem; }
.strip, .signal {
  display: block; width: 100%; background: #f0f1f3;
  print-color-adjust: exact; -webkit-print-color-adjust: exact;
}
.strip { height: 2.25rem; border: 1px solid var(--line); }
.signal { height: 2.5rem; border: 1px solid var(--line); border-top: 0; }
.envelope { fill: #4a5560; }
.one-g { stroke: #b42318; stroke-width: 1; fill: none; }
.ticks {
  display: flex; justify-content: space-between; color: var(--soft);
  font-size: 0.8rem; font-variant-numeric: tabular-nums;
}
dl { max-width: 75ch; }
dt { font-weight: 600; margin-top: 0.5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
@media print {
  body { font-size: 10.5pt; }
  main { padding: 0; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; margin-top: 1.25rem; }
  .scroll { overflow: visible; }
  th, td { padding: 0.15rem 0.35rem; white-space: normal; }
}
@page { size: A4; margin: 15mm; }
"""
