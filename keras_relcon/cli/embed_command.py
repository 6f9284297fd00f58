import time
from pathlib import Path

from keras_relcon import evaluation, presets
from keras_relcon.cli.messages import USER_ERRORS, report_error
from keras_relcon.evaluation.embeddings import import_pyarrow
from keras_relcon.presets.from_preset import OUTPUTS

NAME = "embed"
HELP = "embed recordings: one vector per window"
DESCRIPTION = """\
Embeds every window of each file. The embeddings of walk.csv are written to
walk.embeddings.npz (or walk.embeddings.parquet) in the output folder.

Files are .csv with a header, .npz, .parquet, .h5, or the .cwa, .bin and .gt3x
files of devices. Columns are guessed from their names unless you name them.
Signals are resampled to the rate of the preset.

  keras-relcon embed walk.csv
  keras-relcon embed *.csv --unit m/s2 --sample-rate-hz 50 --output out/
  keras-relcon embed week.cwa --preset ./my_preset --format parquet

An NPZ file has the arrays embeddings, start_seconds, valid, subjects and
recordings. A Parquet file is a table with one row per window. Windows with
missing samples have valid = False and no embedding (NaN).
"""
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
)


def add_arguments(parser):
    parser.add_argument("files", nargs="+", metavar="FILE")
    add_preset_argument(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("."),
        metavar="FOLDER",
        help="where the embeddings are written (default: this folder)",
    )
    parser.add_argument(
        "--format",
        choices=("npz", "parquet"),
        default="npz",
        help="format of the embeddings (npz)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace existing embeddings"
    )
    parser.add_argument(
        "--stride",
        type=int,
        metavar="SAMPLES",
        help="from window to window, at the preset's rate (default: no "
        "overlap)",
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        default=256,
        metavar="WINDOWS",
        help="windows per forward pass (256)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    group = parser.add_argument_group("what is in the files")
    _add_read_arguments(group)
    _add_timestamp_arguments(group)


def add_preset_argument(parser):
    parser.add_argument(
        "--preset",
        default="relcon_base",
        metavar="NAME",
        help="a preset of `keras-relcon presets`, a directory, or "
        "hf://user/repo (default: relcon_base)",
    )
    parser.add_argument(
        "--readout",
        choices=OUTPUTS,
        help="what the preset gives of a window (default: compact, where it "
        "has that, else embedding)",
    )


def load_preset(args):
    """The model of `--preset` and `--readout`."""
    readout = args.readout
    if readout is None:
        has_compact = "compact" in presets.preset_outputs(args.preset)
        readout = "compact" if has_compact else "embedding"
    return presets.from_preset(args.preset, output=readout)


def _add_read_arguments(group):
    group.add_argument(
        "--unit",
        choices=("g", "m/s2"),
        default="g",
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
    group.add_argument(
        "--no-unit-check",
        dest="check_unit",
        action="store_false",
        help="do not compare --unit with the names and values of the axes",
    )
    group.add_argument(
        "--without-gravity",
        action="store_const",
        const="accept",
        default="error",
        help="go on with a signal that is near 0 g at rest",
    )
    group.add_argument(
        "--delimiter",
        type=_delimiter,
        metavar="CHARACTER",
        help=r"between the cells of a .csv file (default: ,); \t is a tab",
    )
    group.add_argument(
        "--subject", help="who wore the device (default: the file's name)"
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
        help="sort the rows by time",
    )


def _delimiter(text):
    return text.replace(r"\t", "\t")


def make_output_folder(path):
    """Called before the work, which would be lost without the folder."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            "--output must be a folder that can be written. "
            f"Received: {str(path)!r}: {error.strerror}. Choose another."
        ) from None


def run(args):
    targets = _targets(args)
    if args.format == "parquet":
        import_pyarrow()  # raises before the work, which would be lost
    encoder = load_preset(args)
    make_output_folder(args.output)
    num_failed = 0
    for file, target in targets.items():
        try:
            _embed(args, encoder, file, target)
        except USER_ERRORS as error:
            if args.traceback:
                raise
            num_failed += 1
            report_error(error, args, about=file)
    return 1 if num_failed else 0


def _embed(args, encoder, file, target):
    if target.exists() and not args.overwrite:
        raise FileExistsError(
            f"{target} exists already. Pass --overwrite, or another --output."
        )
    started = time.perf_counter()
    options = {name: getattr(args, name) for name in READ_OPTIONS}
    result = evaluation.embed(
        encoder,
        file,
        stride=args.stride,
        batch_size=args.batch_size,
        verbose=False if args.quiet else "auto",
        without_gravity=args.without_gravity,
        read_options={k: v for k, v in options.items() if v is not None},
    )
    result.save(target)
    print(
        f"{target}: {len(result)} windows, {int(result.valid.sum())} valid, "
        f"{time.perf_counter() - started:.1f} s",
        flush=True,
    )


def _targets(args):
    """Maps each file to its output, which must have a unique name."""
    targets = {}
    for file in args.files:
        name = f"{Path(file).stem}.embeddings.{args.format}"
        target = args.output / name
        if target in targets.values():
            raise ValueError(
                "Files must have different names, because their embeddings are "
                f"written to one folder. Received: {target.name} twice. Embed "
                "them separately, with another --output."
            )
        targets[file] = target
    return targets
