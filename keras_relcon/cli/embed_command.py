import time
from dataclasses import dataclass
from pathlib import Path

from keras_relcon import data, evaluation, presets
from keras_relcon.cli.messages import USER_ERRORS, report_error
from keras_relcon.data.readers.folders import options_for
from keras_relcon.evaluation.embeddings import import_pyarrow, saved_key
from keras_relcon.kept_files import content_key
from keras_relcon.presets.from_preset import OUTPUTS

NAME = "embed"
HELP = "embed recordings: one vector per window"
DESCRIPTION = """\
Embeds every window of each file. The embeddings of walk.csv are written to
walk.embeddings.npz (or walk.embeddings.parquet) in the output folder.

Of a folder every file that can be read is embedded, also in the folders below;
the output has the same folders. The subject is the first folder below it, or
the name of the file where that is in none; or the group of --subject-pattern,
a regular expression that is searched in the path below the folder. A second
run leaves out the files whose embeddings are finished, made of the same file
by the same settings and version. Files that failed are listed at the end.

Files are .csv with a header, .npz, .parquet, .h5, or the .cwa, .bin and .gt3x
files of devices. Columns are guessed from their names unless you name them.
Signals are resampled to the rate of the preset.

  keras-relcon embed walk.csv
  keras-relcon embed *.csv --unit m/s2 --sample-rate-hz 50 --output out/
  keras-relcon embed study/ --subject-pattern "(s[0-9]+)_" --output out/
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
    "on_clock_change",
    "gravity_columns",
    "calibrate",
)


def add_arguments(parser):
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a file, or a folder of files"
    )
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
        help="correct the offset and gain of the axes by what they measure at "
        "rest (van Hees et al., 2014)",
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
    subject = group.add_mutually_exclusive_group()
    subject.add_argument(
        "--subject", help="who wore the device (default: the file's name)"
    )
    add_subject_pattern(subject)


def add_subject_pattern(group):
    group.add_argument(
        "--subject-pattern",
        metavar="REGEX",
        help="for a folder: its first group, or the one called `subject`, is "
        "the subject in the path below the folder (default: the first folder "
        "of that path, or the file's name)",
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
    group.add_argument(
        "--on-clock-change",
        choices=("error", "split"),
        help="where times step back: error (the default), or a new recording "
        "from there on",
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
    jobs = _jobs(args)
    if args.format == "parquet":
        import_pyarrow()  # raises before the work, which would be lost
    encoder = load_preset(args)
    make_output_folder(args.output)
    settings = content_key(encoder, [args.stride, args.without_gravity])
    failures, num_finished = [], 0
    for job in jobs:
        try:
            num_finished += not _embed(args, encoder, settings, job)
        except USER_ERRORS as error:
            if args.traceback:
                raise
            failures.append((job, error))
            print(f"{job.file}: failed", flush=True)
    if any(job.is_in_folder for job in jobs):
        print(
            f"{len(jobs)} files: {len(jobs) - num_finished - len(failures)} "
            f"embedded, {num_finished} finished before, {len(failures)} failed"
        )
    for job, error in failures:
        report_error(error, args, about=str(job.file))
    return 1 if failures else 0


@dataclass(frozen=True)
class _Job:
    """A file to embed, and where its embeddings are written."""

    file: Path
    target: Path
    options: dict
    is_in_folder: bool


def _jobs(args):
    """What is to be embedded, each with an output of its own."""
    given = {name: getattr(args, name) for name in READ_OPTIONS}
    given = {k: v for k, v in given.items() if v is not None}
    jobs = [job for path in args.files for job in _jobs_of(args, path, given)]
    targets = set()
    for target in (job.target for job in jobs):
        if target in targets:
            raise ValueError(
                "Files must have different names, because their embeddings are "
                f"written to one folder. Received: {target.name} twice. Embed "
                "them separately, with another --output."
            )
        targets.add(target)
    return jobs


def _jobs_of(args, path, given):
    path, ending = Path(path), f".embeddings.{args.format}"
    if not path.is_dir():
        target = args.output / f"{path.stem}{ending}"
        return [_Job(path, target, given, is_in_folder=False)]
    files = data.recording_files(path, args.subject_pattern)
    if not files:
        raise ValueError(
            "A folder must hold recordings. "
            f"Received: {str(path)!r}, without any that can be read."
        )
    return [
        _Job(
            file.path,
            args.output / f"{file.recording_id}{ending}",
            {
                "subject": file.subject,
                "recording_id": file.recording_id,
                **options_for(file.path, given),
            },
            is_in_folder=True,
        )
        for file in files
    ]


def _embed(args, encoder, settings, job):
    """Whether a file was embedded; not if that was finished before."""
    key = _key(settings, job)
    if job.target.exists() and not args.overwrite:
        if not job.is_in_folder:
            raise FileExistsError(
                f"{job.target} exists already. Pass --overwrite, or another "
                "--output."
            )
        if saved_key(job.target) != key:
            raise FileExistsError(
                f"{job.target} exists already, and was not made of this file "
                "by these settings and this version. Pass --overwrite, or "
                "another --output."
            )
        print(f"{job.target}: finished before", flush=True)
        return False
    started = time.perf_counter()
    result = evaluation.embed(
        encoder,
        job.file,
        stride=args.stride,
        batch_size=args.batch_size,
        verbose=False if args.quiet else "auto",
        without_gravity=args.without_gravity,
        read_options=job.options,
    )
    result.save(job.target, key)
    print(
        f"{job.target}: {len(result)} windows, {int(result.valid.sum())} "
        f"valid, {time.perf_counter() - started:.1f} s",
        flush=True,
    )
    return True


def _key(settings, job):
    """Of all that the embeddings of a file depend on."""
    content = []
    if job.file.exists():  # else its reader says what is wrong
        state = job.file.stat()
        content = [state.st_size, state.st_mtime_ns]
    return content_key(settings, content, job.options)
