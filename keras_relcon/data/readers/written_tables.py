"""Tables that the package writes, which are no recordings."""

import re

# Their first lines, unlike those of recordings and labels: what `predict` says
# of a recording and of all, and what failed.
ANSWERS = re.compile(rb"start,end,.*valid,worn\r?\n?$")
SUMMARY = re.compile(rb"recording,subject,start,minutes\b")
FAILURES = re.compile(rb"file,error\r?\n?$")


def is_table_of(kind, path):
    """Whether a file is one of these tables: `ANSWERS`, and so on."""
    return kind.match(_first_line(path)) is not None


def is_written_table(path):
    """Whether a file is any of these tables."""
    if path.suffix != ".csv":
        return False
    line = _first_line(path)
    return any(kind.match(line) for kind in (ANSWERS, SUMMARY, FAILURES))


def _first_line(path):
    try:
        with open(path, "rb") as file:
            return file.readline(100_000)  # of many classes
    except OSError:  # told of where it is read as a recording
        return b""
