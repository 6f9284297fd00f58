"""Forms of dates that are not in ISO 8601, and tell one time all the same."""

import re
from datetime import datetime
from itertools import pairwise

from keras_relcon.checks import message

# A space before the offset from UTC is not in ISO 8601, but in files.
SPACED_OFFSET = re.compile(r"\s+(Z|[+-]\d\d:?\d\d)$")
SLASHES = re.compile(r"^(\d{4})/(\d\d?)/(\d\d?)(?=\D|$)")
TWO_DIGITS = r"^(\d{4})/(\d\d)/(\d\d)"
UTC_NAME = r"\s*(?:UTC|GMT)$"
FRACTION = re.compile(r"(.*\d)[.,](\d{1,6})(\D.*)?")
MIN_STEPS_BACK = 2


def parse_date(text):
    """The `datetime` of a date, or a ValueError.

    Dates are in ISO 8601; also the year first between slashes, a space before
    the offset from UTC, and `UTC` or `GMT` in its place.
    """
    text = SLASHES.sub(_with_dashes, text.strip())
    text = re.sub(UTC_NAME, "Z", text)
    return datetime.fromisoformat(SPACED_OFFSET.sub(r"\1", text))


def _with_dashes(match):
    year, month, day = match.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


def as_iso(texts):
    """A `pyarrow.Array` of dates in ISO 8601, by the form of the first."""
    from pyarrow.compute import replace_substring_regex as replace
    from pyarrow.compute import utf8_trim_whitespace

    texts = utf8_trim_whitespace(texts)
    first = (texts[0].as_py() or "") if len(texts) else ""
    if re.search(TWO_DIGITS, first):
        texts = replace(texts, TWO_DIGITS, r"\1-\2-\3")
    if re.search(UTC_NAME, first):
        texts = replace(texts, UTC_NAME, "Z")
    return texts


def check_fractions(texts, name):
    """Raises where milliseconds are written without leading zeros.

    `10:00:00.20` is then 20 ms. Read as it stands time goes back within each
    second; with the digits read as a whole number it does not.

    Args:
        texts: `(num_rows,)` str. The first times of a file.
        name: str. Their column.
    """
    found = [FRACTION.fullmatch(text.strip()) for text in texts]
    digits = [
        (before[2], after[2])
        for before, after in pairwise(found)
        if before and after and before.group(1, 3) == after.group(1, 3)
    ]
    back = [
        pair for pair in digits if float(f".{pair[1]}") < float(f".{pair[0]}")
    ]
    if len(back) < MIN_STEPS_BACK:
        return
    if all(int(before) <= int(after) for before, after in digits):
        raise ValueError(
            message(
                "Fractions of a second must be written with their leading "
                "zeros.",
                f"the column {name!r}, where .{back[0][1]} follows "
                f".{back[0][0]}: milliseconds are written without them",
                "Write three digits, as in 10:00:00.020.",
            )
        )
