import time
from pathlib import Path

from keras_relcon import evaluation
from keras_relcon.cli.messages import USER_ERRORS, report_error
from keras_relcon.cli.options import (
    add_preset_argument,
    add_read_arguments,
    add_subject_pattern,
    load_preset,
    make_output_folder,
)
from keras_relcon.cli.recording_jobs import add_files_argument, recording_jobs
from keras_relcon.evaluation.embeddings import saved_key
from keras_relcon.kept_files import content_key

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

An NPZ file has the arrays embeddings, start_seconds, valid, subjects,
recordings, start_times (Unix seconds, NaN without a clock) and time_zones. A
Parquet file is a table with one row per window, and its start as text. Windows
with missing samples have valid = False and no embedding (NaN).
"""


def add_arguments(parser):
    add_files_argument(parser)
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
    add_read_arguments(group)
    group.add_argument(
        "--without-gravity",
        action="store_const",
        const="accept",
        default="error",
        help="go on with a signal that is near 0 g at rest",
    )
    subject = group.add_mutually_exclusive_group()
    subject.add_argument(
        "--subject", help="who wore the device (default: the file's name)"
    )
    add_subject_pattern(subject)


def run(args):
    jobs = recording_jobs(args)
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


def _embed(args, encoder, settings, job):
    """Whether a file was embedded; not if that was finished before."""
    key = _key(settings, job)
    target = args.output / f"{job.name}.embeddings.{args.format}"
    if target.exists() and not args.overwrite:
        if not job.is_in_folder:
            raise FileExistsError(
                f"{target} exists already. Pass --overwrite, or another "
                "--output."
            )
        if saved_key(target) != key:
            raise FileExistsError(
                f"{target} exists already, and was not made of this file "
                "by these settings and this version. Pass --overwrite, or "
                "another --output."
            )
        print(f"{target}: finished before", flush=True)
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
    result.save(target, key)
    print(
        f"{target}: {len(result)} windows, {int(result.valid.sum())} "
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
