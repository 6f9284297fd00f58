"""Knows the raw .csv files that ActiGraph's ActiLife exports."""

import re
from dataclasses import dataclass

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.readers.axis_names import axis_groups, split_axis
from keras_relcon.data.readers.csv_layout import is_number
from keras_relcon.data.readers.text_columns import as_arrow

RATE = re.compile(r"\bat (\d+) ?Hz", re.IGNORECASE)
DATE_FORM = re.compile(r"date format\s+(\S+)", re.IGNORECASE)
START_TIME = re.compile(r"Start Time\W+([\d:.,]+(?: ?[AP]M)?)", re.IGNORECASE)
START_DATE = re.compile(r"Start Date\W+([\d./-]+)", re.IGNORECASE)
EPOCH = re.compile(r"Epoch Period.*?\)\W*(\d+:\d+:\d+)", re.IGNORECASE)
RAW_EPOCH = "00:00:00"
MOMENT = (
    r"^\s*(?P<d0>\d+)\D(?P<d1>\d+)\D(?P<d2>\d+)\s+(?P<h>\d+):(?P<m>\d+)"
    r":(?P<s>\d+)(?P<f>[.,]\d+)?\s*(?P<p>[AaPp][Mm])?\s*$"
)


@dataclass(frozen=True)
class ExportFacts:
    """What the lines above the names say.

    Args:
        rate_hz: float.
        start: float. Seconds of the device's clock, as if it showed UTC.
        date_form: str, such as `"dd/MM/yyyy"`.
    """

    rate_hz: float
    start: float
    date_form: str


def export_facts(preamble):
    """Returns the `ExportFacts`, or `None` for a table of another kind."""
    # A spreadsheet ends each line with delimiters.
    text = "\n".join(line.rstrip(' ,;\t"') for line in preamble)
    found = [p.search(text) for p in (RATE, DATE_FORM, START_DATE, START_TIME)]
    epoch = EPOCH.search(text)
    if not all(found) or (epoch and epoch[1] != RAW_EPOCH):
        return None
    rate, date_form, date, time = (match[1] for match in found)
    (start,) = moments([f"{date} {time}"], date_form)
    return ExportFacts(float(rate), float(start), date_form)


def export_names(header):
    """`("time", "x", "y", "z", ...)` in the file's order, or `None`."""
    if holds_samples(header):
        names = {3: ("x", "y", "z"), 4: ("time", "x", "y", "z")}
        return names.get(len(header))
    axes = axis_groups(header, split_axis)
    if len(axes) != 1:
        return None
    known = dict(zip(axes[0], "xyz"))
    known |= {n: "time" for n in header if n.lower() == "timestamp"}
    return tuple(known.get(n, f"other {k}") for k, n in enumerate(header))


def holds_samples(header):
    """Whether the file has no names: then its first row is a sample."""
    return sum(is_number(cell, ",") for cell in header) >= 3


def with_export_times(blocks, date_form):
    """Yields blocks with the column `time` in seconds."""
    for block in blocks:
        yield {**block, "time": moments(block["time"], date_form)}


def moments(values, date_form):
    """Seconds of dates and times, as if they were UTC.

    Args:
        values: `(num_rows,)` of str, such as `"27/06/2012 10:00:00.033"`.
        date_form: str, such as `"dd/MM/yyyy"` or `"M/d/yyyy"`.

    Raises:
        ValueError: if a value is of another form.
    """
    import pyarrow
    import pyarrow.compute

    # Floats hold the fraction; without a match all are null.
    parts = pyarrow.compute.extract_regex(as_arrow(values), MOMENT)
    is_wrong = np.asarray(parts.is_null())
    if is_wrong.any():
        raise _other_form(values[np.argmax(is_wrong)], date_form)

    def number(name):
        texts = pyarrow.compute.struct_field(parts, name)
        texts = pyarrow.compute.replace_substring(texts, ",", ".")
        is_empty = pyarrow.compute.equal(texts, "")
        texts = pyarrow.compute.if_else(is_empty, "0", texts)
        return texts.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)

    order = re.sub(r"(.)\1*", r"\1", re.sub("[^dMy]", "", date_form))
    if sorted(order) != sorted("dMy"):
        raise _other_form(values[0], date_form)
    date = {key: number(f"d{k}").astype(int) for k, key in enumerate(order)}
    years = date["y"] + 2000 * (date["y"] < 100)  # "yy"
    months = (years - 1970) * 12 + date["M"] - 1
    days = months.astype("M8[M]").astype("M8[D]").astype(int) + date["d"] - 1
    hours = number("h")
    half = pyarrow.compute.utf8_lower(pyarrow.compute.struct_field(parts, "p"))
    half = np.asarray(half.to_pylist())
    hours = np.where(half == "", hours, hours % 12 + 12 * (half == "pm"))
    fraction = number("f")
    return (
        days * 86400.0
        + hours * 3600
        + number("m") * 60
        + number("s")
        + (fraction)
    )


def _other_form(value, date_form):
    return ValueError(
        message(
            f"Times of an ActiGraph export must have the form {date_form} "
            "hh:mm:ss of its first line.",
            repr(str(value)),
            "Export the file again, or without times.",
        )
    )
