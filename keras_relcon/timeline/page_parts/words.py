"""Numbers, times and the answer in words."""

import numpy as np

from keras_relcon.reprs import duration
from keras_relcon.timeline.states import NOT_MEASURED, NOT_WORN, OTHERS, UNKNOWN

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
CLOCK_HOURS = tuple(f"{hour:02d}:00" for hour in range(24))
_ROUNDING = 5e-4  # seconds, lest midnight is shown as 23:59
_LEAST = 0.05  # minutes that are worth a word
_MOST = 8  # classes in the first sentence


def minutes(value):
    """`"1,440"`, `"4.5"`, `"0"`."""
    if value >= 9.95:
        return f"{value:,.0f}"
    if 0 < value < _LEAST:
        return "<0.1"
    return f"{value:.1f}" if value >= _LEAST else "0"


def amount(value):
    """Minutes with their unit: `"12 min"`, or `"5.1 s"` of less than one."""
    return f"{minutes(value)} min" if value >= 1 else lasting(60 * value)


def number(value, digits=1):
    """A number, or a dash where there is none."""
    return f"{value:,.{digits}f}" if np.isfinite(value) else "–"


def significant(value):
    """Four digits of a number of any size, or a dash where there is none."""
    return f"{value:#.4g}".rstrip(".") if np.isfinite(value) else "–"


def percent(value):
    return f"{100 * value:.1f} %" if np.isfinite(value) else "–"


def day_name(clock, seconds, index):
    """`"Mon 29 Apr 2024"`, or `"day 1"` without a clock."""
    if not clock.has_clock:
        return f"day {index + 1}"
    at = _moment(clock, seconds)
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"


def clock_name(clock, seconds, with_seconds=False):
    """`"14:05"`, or the time from the start without a clock."""
    if clock.has_clock:
        at = _moment(clock, seconds)
        hour, minute, second = at.hour, at.minute, at.second
    else:
        minute, second = divmod(int(seconds + _ROUNDING), 60)
        hour, minute = divmod(minute, 60)
    text = f"{hour:02d}:{minute:02d}"
    return text + (f":{second:02d}" if with_seconds else "")


def hours_of_clock(clock, hours):
    """The hour of the clock, 0 to 23, of each hour that begins at these edges
    but the last, list of int.
    """
    return [int(clock_name(clock, start)[:-3]) % 24 for start in hours[:-1]]


def _moment(clock, seconds):
    return clock.moment(seconds + _ROUNDING)


def moment_name(clock, seconds):
    """`"Mon 29 Apr 2024, 14:05:30"`, the time alone without a clock."""
    time = clock_name(clock, seconds, with_seconds=True)
    if not clock.has_clock:
        return time
    return f"{day_name(clock, seconds, 0)}, {time}"


def span_names(clock, start, end):
    """From when to when; the day of the end only where it is another one."""
    first, last = moment_name(clock, start), moment_name(clock, end)
    if clock.has_clock and first.split(",")[0] == last.split(",")[0]:
        last = clock_name(clock, end, with_seconds=True)
    return first, last


def zone_sentence(timeline):
    clock = timeline.clock
    if not clock.has_clock:
        return (
            "The recording has no clock: times count from its first sample, "
            "and a day is 24 hours from there."
        )
    if timeline.time_zone is None:
        return (
            "Times are what the device's clock showed; its offset from UTC is "
            "not known."
        )
    return f"Times are those of {timeline.time_zone}."


def lasting(seconds):
    """`"5 h 3 min"`, `"7 days"`, `"0"`."""
    if seconds < _ROUNDING:
        return "0"
    text = duration(seconds)
    whole, space, rest = text.rpartition(" 0 ")
    return whole if space else text


def of_day(seconds):
    """`"24 h"`, `"21 h 52 min"`: a part of a day, or of many."""
    if seconds < 3600:
        return lasting(seconds)
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def answer(timeline, names, totals):
    """The answer in one sentence, and what it rests on in others.

    Args:
        timeline: `Timeline`.
        names: sequence of str, of the states.
        totals: `(num_states,)` float64, minutes.

    Returns:
        list of str.
    """
    found = dict(zip(names, totals.tolist()))
    others = {name: found.pop(name) for name in OTHERS}
    lines = [
        f"In {lasting(timeline.duration)}: {_found(found, others)}.",
        _worn(timeline, found, others),
    ]
    never = [name for name, value in found.items() if not value]
    if len(never) < len(found) and never:
        lines.append(f"Not found: {', '.join(never)}.")
    sure = sureness(timeline)
    if np.isfinite(sure):
        part = others[UNKNOWN] / (sum(found.values()) + others[UNKNOWN])
        lines.append(
            f"Mean probability {sure:.2f}; {percent(part)} of the worn time is "
            "unknown."
        )
    return lines


def answer_of_numbers(timeline, totals):
    """The answer in one sentence, and what it rests on in others.

    Args:
        timeline: `NumberTimeline`.
        totals: `(3,)` float64, minutes that were worn, not worn, not measured.

    Returns:
        list of str.
    """
    names = ("worn", NOT_WORN, NOT_MEASURED)
    totals = dict(zip(names, totals.tolist()))
    others = {UNKNOWN: 0.0, **totals}
    found = {"worn": others.pop("worn")}
    lasts = f"In {lasting(timeline.duration)}"
    values = timeline.values[timeline.worn]
    if not len(values):
        none = _found({}, others)
        return [f"{lasts}: {none}.", _worn(timeline, found, others)]
    mean = timeline.means(by="recording")["mean"].iloc[0]
    low, high = np.quantile(values, (0.25, 0.75))
    lines = [
        f"{lasts}: mean {timeline.quantity} {significant(mean)}.",
        _worn(timeline, found, others),
        f"Half of the windows are between {significant(low)} and "
        f"{significant(high)}.",
    ]
    if timeline.half_width is not None:
        lines.append(
            "For nine of ten windows of people left out, the true number was "
            f"within {significant(timeline.half_width)} of what the model said."
        )
    return lines


def _found(found, others):
    """What there is most of comes first."""
    is_short = sum(found.values()) < 1
    least = 1e-9 if is_short else _LEAST
    seen = [name for name, value in found.items() if value >= least]
    seen.sort(key=found.get, reverse=True)
    parts = [f"{amount(found[name])} {name}" for name in seen[:_MOST]]
    if seen[_MOST:]:
        rest = sum(found[name] for name in seen[_MOST:])
        parts.append(f"{amount(rest)} of others")
    if others[UNKNOWN] >= least:
        parts.append(f"{amount(others[UNKNOWN])} unknown")
    if parts:
        return ", ".join(parts)
    if others[NOT_WORN] >= _LEAST:
        return "the device was not worn"
    return "nothing was measured"


def _worn(timeline, found, others):
    worn = sum(found.values()) + others[UNKNOWN]
    rest = [
        f"{lasting(60 * others[name])} {name}"
        for name in (NOT_WORN, NOT_MEASURED)
        if others[name] >= _LEAST
    ]
    text = f"Worn for {lasting(60 * worn)} of {lasting(timeline.duration)}"
    return text + (f" ({', '.join(rest)})." if rest else ".")


def sureness(timeline):
    """Mean probability over the worn windows; NaN without any."""
    found = timeline.probability[timeline.worn]
    return float(found.mean(dtype=np.float64)) if len(found) else np.nan


def amounts(names, seconds):
    """`"412 min walking, 30 min sitting"`, of what lasted a while."""
    found = [
        f"{amount(value / 60)} {name}"
        for name, value in zip(names, seconds)
        if value >= 60 * _LEAST
    ]
    return ", ".join(found) or "nothing"
