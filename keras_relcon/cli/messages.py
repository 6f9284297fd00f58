"""Messages of the command on the standard error, one line each."""

import sys

from keras_relcon.cli.console import write_text

PROGRAM = "keras-relcon"
# Words in the errors of the package, the option that a command must have (or
# `None`), and the words for the command line.
OPTIONS = (
    ('`read_recording(..., unit="m/s2")`', "unit", "--unit m/s2"),
    ('unit="m/s2"', "unit", "--unit m/s2"),
    ('unit="g"', "unit", "--unit g"),
    ("`unit`", "unit", "--unit"),
    ("`sample_rate_hz`", "sample_rate_hz", "--sample-rate-hz"),
    (
        "pass `timestamp_column=False`",
        "timestamp_column",
        "pass --no-timestamps",
    ),
    ("`timestamp_column=False`", "timestamp_column", "--sample-rate-hz"),
    ("`timestamp_column`", "timestamp_column", "--timestamp-column"),
    ('timestamp_unit="iso"', "timestamp_unit", "--timestamp-unit iso"),
    ("`timestamp_unit`", "timestamp_unit", "--timestamp-unit"),
    ("`sort_timestamps=True`", "sort_timestamps", "--sort-timestamps"),
    ("check_unit=False", "check_unit", "--no-unit-check"),
    (
        '`without_gravity="accept"`',
        "without_gravity",
        "--without-gravity",
    ),
    ('without_gravity="accept"', "without_gravity", "--without-gravity"),
    ("`calibrate`", "calibrate", "--calibrate"),
    ("`delimiter`", "delimiter", "--delimiter"),
    ("`columns`", "columns", "--columns"),
    (
        '`read_recordings(..., on_clock_change="split")`',
        "on_clock_change",
        "--on-clock-change split",
    ),
    ("`gravity_columns=False`", "gravity_columns", "--no-gravity-columns"),
    ("`gravity_columns`", "gravity_columns", "--gravity-columns"),
    ("`subject_pattern`", "subject_pattern", "--subject-pattern"),
    ("`time_zone`", "time_zone", "--time-zone"),
    ("time_zone=", "time_zone", "--time-zone "),
    ("`labels`", "labels", "--labels"),
    ('`on_failure="warn"`', "on_failure", "--on-failure warn"),
    ("overwrite=True", "overwrite", "--overwrite"),
    ("another `output`", "output", "another --output"),
    ("`smoothing=False`", "no_smoothing", "--no-smoothing"),
    ("`num_folds`", "folds", "--folds"),
    ("num_folds=", "folds", "--folds "),
    ("`min_probability`", "min_probability", "--min-probability"),
    (
        "Use `MotionClassifier` for names",
        "numbers",
        "Leave out --numbers for names",
    ),
    ("use fewer workers", "workers", "use fewer --workers"),
    ("`keras_relcon.presets.list_presets()`", None, f"`{PROGRAM} presets`"),
)


def report_error(error, args, about=None):
    """Writes one line about an error.

    Args:
        error: exception. Arguments of Python functions in its message are
            replaced by the options of the command.
        args: `argparse.Namespace` of the command.
        about: str. The file that the error is about. Defaults to `None`.

    Returns:
        str, the line without the name of the program.
    """
    words = [str(error), *getattr(error, "__notes__", [])]
    if about is not None and about not in words[0]:
        words.insert(0, f"{about}:")
    text = _with_options(" ".join(words), args)
    say(f"error: {text}")
    return text


def report_warning(args, message, *more, **kwargs):
    """Writes one line about a warning; replaces `warnings.showwarning`.

    Args:
        args: `argparse.Namespace` of the command.
        message: the warning. Other arguments of `showwarning` are ignored.
    """
    say(f"warning: {_with_options(str(message), args)}")


def say(text):
    """Writes text as one line."""
    write_text(f"{PROGRAM}: {' '.join(text.split())}", sys.stderr)


def _with_options(text, args):
    for words, option, replacement in OPTIONS:
        if option is None or option in args:
            text = text.replace(words, replacement)
    return text
