"""Options that several commands share, and what they stand for."""

from pathlib import Path

from keras_relcon import data, presets
from keras_relcon.kept_files import check_can_write
from keras_relcon.presets.from_preset import OUTPUTS

PRESET = "relcon_small"
READ_OPTIONS = (
    "unit",
    "sample_rate_hz",
    "columns",
    "timestamp_column",
    "timestamp_unit",
    "sort_timestamps",
    "check_unit",
    "delimiter",
    "subject",
    "on_clock_change",
    "gravity_columns",
    "calibrate",
    "time_zone",
)


def add_preset_argument(parser, readout="embedding"):
    parser.add_argument(
        "--preset",
        default=PRESET,
        metavar="NAME",
        help="a preset of `keras-relcon presets`, a directory, or "
        f"hf://user/repo (default: {PRESET}, which suits a CPU; relcon_base "
        "takes ten times as long for a window)",
    )
    parser.add_argument(
        "--readout",
        choices=OUTPUTS,
        help=f"what the preset gives of a window (default: {readout})",
    )


def load_preset(args):
    """The model of `--preset` and `--readout`."""
    return presets.from_preset(args.preset, output=readout_of(args))


def readout_of(args):
    """`--readout`, or the one that takes least time."""
    return args.readout or "embedding"


def add_output_argument(parser, what, default=None):
    """Adds `--output`, a folder; without a default it must be given."""
    where = f" (default: {default})" if default else ""
    if default == ".":
        where = " (default: this folder)"
    parser.add_argument(
        "--output",
        type=Path,
        default=None if default is None else Path(default),
        required=default is None,
        metavar="FOLDER",
        help=f"where {what}{where}",
    )


def add_overwrite_argument(parser, what):
    parser.add_argument(
        "--overwrite", action="store_true", help=f"replace {what}"
    )


def add_read_arguments(group):
    """Adds what `read_options` takes from the arguments."""
    group.add_argument(
        "--unit",
        choices=("g", "m/s2"),
        help="unit of the axes (g)",
    )
    group.add_argument(
        "--sample-rate-hz",
        type=float,
        metavar="HZ",
        help="rate of the rows, if there are no timestamps",
    )
    group.add_argument(
        "--columns",
        nargs=3,
        metavar=("X", "Y", "Z"),
        help="names of the axes (default: guessed)",
    )
    gravity = group.add_mutually_exclusive_group()
    gravity.add_argument(
        "--gravity-columns",
        nargs=3,
        metavar=("X", "Y", "Z"),
        help="names of the axes of gravity, which are added to those without "
        "(default: guessed)",
    )
    gravity.add_argument(
        "--no-gravity-columns",
        dest="gravity_columns",
        action="store_const",
        const=False,
        help="add no gravity to the axes",
    )
    group.add_argument(
        "--calibrate",
        action="store_true",
        default=None,
        help="correct the offset and gain of the axes by what they measure at "
        "rest (van Hees et al., 2014)",
    )
    group.add_argument(
        "--no-unit-check",
        dest="check_unit",
        action="store_false",
        default=None,
        help="do not compare --unit with the names and values of the axes",
    )
    group.add_argument(
        "--delimiter",
        type=_delimiter,
        metavar="CHARACTER",
        help=r"between the cells of a .csv file (default: ,); \t is a tab",
    )
    _add_timestamp_arguments(group)


def read_options(args):
    """Those arguments of `read_recording` that were given."""
    given = {name: getattr(args, name, None) for name in READ_OPTIONS}
    return {k: v for k, v in given.items() if v is not None}


def add_subject_arguments(group):
    """Adds `--subject` and `--subject-pattern`, of which one may be given."""
    subject = group.add_mutually_exclusive_group()
    subject.add_argument(
        "--subject", help="who wore the device (default: the file's name)"
    )
    _add_subject_pattern(subject)


def _add_subject_pattern(group):
    group.add_argument(
        "--subject-pattern",
        metavar="REGEX",
        help="for a folder: its first group, or the one called `subject`, is "
        "the subject in the path below the folder (default: the first folder "
        "of that path, or the file's name)",
    )


def add_folder_arguments(parser):
    group = parser.add_argument_group("for a folder of recordings")
    add_read_arguments(group)
    _add_subject_pattern(group)
    group.add_argument(
        "--labels",
        type=Path,
        metavar="PATH",
        help="a .csv file of start, end, label and subject, or a folder of "
        "such files, one a recording (default: a column, or name.labels.csv "
        "beside name.csv)",
    )
    group.add_argument(
        "--on-failure",
        choices=("error", "warn"),
        default="error",
        help="whether to stop where files cannot be read, or to go on without "
        "them (error)",
    )


def labelled_recordings(args, folder=None):
    """The recordings of `DATA`, by the options of `add_folder_arguments`.

    Args:
        args: `argparse.Namespace`.
        folder: str. Read in place of `DATA`. Defaults to `None`.
    """
    return data.load_recordings(
        args.data if folder is None else folder,
        subject_pattern=args.subject_pattern,
        on_failure=args.on_failure,
        labels=args.labels,
        **read_options(args),
    )


def _add_timestamp_arguments(group):
    group.add_argument(
        "--timestamp-column",
        metavar="NAME",
        help="default: guessed, or none with --sample-rate-hz",
    )
    group.add_argument(
        "--no-timestamps",
        dest="timestamp_column",
        action="store_const",
        const=False,
        help="use --sample-rate-hz, and ignore the times of a file",
    )
    group.add_argument(
        "--timestamp-unit",
        choices=("s", "ms", "us", "ns", "iso"),
        help="default: s, or guessed if the column is",
    )
    group.add_argument(
        "--sort-timestamps",
        action="store_true",
        default=None,
        help="sort the rows by time",
    )
    group.add_argument(
        "--on-clock-change",
        choices=("error", "split"),
        help="where times step back: error (the default), or a new recording "
        "from there on",
    )
    group.add_argument(
        "--time-zone",
        metavar="ZONE",
        help="in which the clock was set at the start, such as Europe/Berlin "
        "or +02:00, of files that do not say it; of others, in which clock "
        "times are shown",
    )


def _delimiter(text):
    return text.replace(r"\t", "\t")


def make_output_folder(path):
    """Called before the work, which would be lost without the folder."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        check_can_write(path)
    except OSError as error:
        raise OSError(
            "--output must be a folder that can be written. "
            f"Received: {str(path)!r}: {error.strerror}. Choose another."
        ) from None
