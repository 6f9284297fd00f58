"""The files of a timeline: a table as CSV, all of it as Parquet, a page."""

import json

import numpy as np

from keras_relcon.checks import message
from keras_relcon.kept_files import replacing
from keras_relcon.markup import spreadsheet_cell

_KEY = b"keras_relcon.timeline"
_FORMAT = 1
_ARRAYS = ("start_seconds", "enmo", "mad", "magnitude_min", "magnitude_max")
_FACTS = (
    "name",
    "subject",
    "duration",
    "start_time",
    "time_zone",
    "window_seconds",
    "facts",
)
# Of numbers in a .csv file.
_FORMS = {"probability": ".4f", "value": ".10g", "low": ".10g", "high": ".10g"}


def save_timeline(timeline, path):
    """Does the work of `WindowTimeline.save`."""
    writers = {".html": _html, ".csv": _csv, ".parquet": _parquet}
    if path.suffix.lower() not in writers:
        example = path.with_suffix(next(iter(writers)))
        raise ValueError(
            message(
                f"The path must end with one of {', '.join(writers)}.",
                {"path": str(path)},
                f"Write {str(example)!r}, for example.",
            )
        )
    with replacing(path) as temporary:
        writers[path.suffix.lower()](timeline, temporary)


def load_timeline(cls, path):
    """Does the work of `WindowTimeline.load`: returns its arguments."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        known = json.loads((table.schema.metadata or {})[_KEY])
        if known["format"] == _FORMAT:
            return _arguments(cls, table, known)
    except (
        pa.ArrowException,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ):
        pass
    raise ValueError(
        message(
            f"The file must be a `{cls.__name__}` that `save` wrote as "
            ".parquet.",
            {"path": str(path)},
            "Save it again.",
        )
    )


def _arguments(cls, table, known):
    def column(name):
        return table.column(name).to_numpy()

    return {
        **{name: known[name] for name in _FACTS},
        **{name: column(name) for name in (*_ARRAYS, "valid", "worn")},
        **cls._loaded(column, known),
    }


def _parquet(timeline, path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = timeline.table
    columns = {name: frame[name].to_numpy() for name in frame}
    if "label" in frame:
        columns["label"] = pa.array(frame["label"], pa.string())
    columns |= _time_columns(timeline, frame)
    columns |= {name: getattr(timeline, name) for name in _ARRAYS}
    columns |= timeline._saved_columns()
    facts = (*_FACTS, *timeline.saved_facts)
    known = {name: getattr(timeline, name) for name in facts}
    known["format"] = _FORMAT
    table = pa.table(columns, metadata={_KEY: json.dumps(known)})
    pq.write_table(table, path)


def _time_columns(timeline, frame):
    import pyarrow as pa

    return {
        name: pa.array(_moments(frame[name]), _type_of_times(timeline))
        for name in ("start", "end")
    }


def _type_of_times(timeline):
    import pyarrow as pa

    if not timeline.clock.has_clock:
        return pa.duration("ns")
    return pa.timestamp("ns", timeline.time_zone)


def _moments(times):
    """Of a column of times, without its time zone; UTC where it has one."""
    if times.dtype.kind == "M" and times.dt.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    return times.to_numpy()


def _csv(timeline, path):
    frame = timeline.table.copy()
    for name in ("start", "end"):
        frame[name] = clock_texts(frame[name])
    if "label" in frame:
        frame["label"] = frame["label"].map(
            spreadsheet_cell, na_action="ignore"
        )
    for name, form in _FORMS.items():
        if name in frame:
            frame[name] = [
                "" if np.isnan(value) else format(value, form)
                for value in frame[name]
            ]
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def clock_texts(times):
    """Times of a column as text, all of one form: ISO 8601, with the offset
    where it is known, or seconds from 0 without a clock.
    """
    if times.dtype.kind == "m":
        return [f"{seconds:.6f}" for seconds in times.dt.total_seconds()]
    if times.dt.tz is None:
        return np.datetime_as_string(times.to_numpy(), unit="us")
    local = times.dt.tz_localize(None).to_numpy()
    minutes = (local - _moments(times)) // np.timedelta64(60, "s")
    minutes = minutes.astype(int)
    offsets = {m: _offset(m) for m in np.unique(minutes).tolist()}
    return [
        text + offsets[m]
        for text, m in zip(
            np.datetime_as_string(local, unit="us"), minutes.tolist()
        )
    ]


def _offset(minutes):
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def _html(timeline, path):
    path.write_text(timeline._html(), encoding="utf-8", newline="\n")
