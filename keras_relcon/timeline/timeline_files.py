"""The files of a timeline: a table as CSV, all of it as Parquet, a page."""

import json
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.kept_files import replacing

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
FORMS = {"probability": ".4f", "value": ".10g", "low": ".10g", "high": ".10g"}
# Of numbers in a .csv file.
FORMS = {"probability": ".4f", "value": ".10g", "low": ".10g", "high": ".10g"}
_PROBABILITY = "probability_"  # and the class


def save_timeline(timeline, path):
    """Does the work of `Timeline.save`."""
    writers = {".html": _html, ".csv": _csv, ".parquet": _parquet}
    _save(timeline, path, writers)


def save_table(timeline, path):
    """Does the work of `NumberTimeline.save`."""
    _save(timeline, path, {".csv": _csv, ".parquet": _table_parquet})


def _save(timeline, path, writers):
    path = Path(path)
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


def load_timeline(path):
    """Does the work of `Timeline.load`: returns its arguments."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        known = json.loads((table.schema.metadata or {})[_KEY])
        is_ours = known["format"] == _FORMAT
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError):
        is_ours = False
    try:
        if is_ours:
            return _arguments(table, known)
    except (KeyError, TypeError, AttributeError, pa.ArrowException):
        pass
    raise ValueError(
        message(
            "The file must be a timeline that `save` wrote as .parquet.",
            {"path": str(path)},
            "Save the timeline again.",
        )
    )


def _arguments(table, known):
    def column(name):
        return table.column(name).to_numpy()

    classes = tuple(known["classes"])
    probabilities = [column(_PROBABILITY + name) for name in classes]
    labels = table.column("label").to_pylist()
    return {
        **{name: known[name] for name in _FACTS},
        **{name: column(name) for name in _ARRAYS},
        "classes": classes,
        "labels": np.array(["" if x is None else x for x in labels], str),
        "probabilities": np.stack(probabilities, axis=1),
        "valid": column("valid"),
        "worn": column("worn"),
    }


def _parquet(timeline, path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = timeline.table
    columns = _time_columns(timeline, frame)
    labels = [label or None for label in timeline.labels.tolist()]
    columns["label"] = pa.array(labels, pa.string())
    for name in ("probability", "valid", "worn"):
        columns[name] = frame[name].to_numpy()
    columns |= {name: getattr(timeline, name) for name in _ARRAYS}
    for index, name in enumerate(timeline.classes):
        columns[_PROBABILITY + name] = timeline.probabilities[:, index]
    known = {name: getattr(timeline, name) for name in _FACTS}
    known |= {"format": _FORMAT, "classes": timeline.classes}
    table = pa.table(columns, metadata={_KEY: json.dumps(known)})
    pq.write_table(table, path)


def _table_parquet(timeline, path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = timeline.table
    columns = {name: frame[name].to_numpy() for name in frame}
    table = pa.table({**columns, **_time_columns(timeline, frame)})
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
    for name, form in FORMS.items():
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
    from keras_relcon.timeline.page import to_html

    path.write_text(to_html(timeline), encoding="utf-8", newline="\n")
