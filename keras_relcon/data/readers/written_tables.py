"""Tables that the package writes, which are no recordings."""

import re

# Their first lines, unlike those of recordings and labels.
ANSWERS = re.compile(rb"start,end,.*valid,worn\r?\n?$")
SUMMARY = re.compile(rb"recording,subject,start,minutes\b")
FAILURES = re.compile(rb"file,error\r?\n?$")


def is_table_of_answers(path):
    """Whether it is what `predict` writes of a recording."""
    return ANSWERS.match(_first_line(path)) is not None


def is_written_table(path):
    """Whether it is that, or what is written of many recordings."""
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
