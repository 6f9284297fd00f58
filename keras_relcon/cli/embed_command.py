from keras_relcon import cohort
from keras_relcon.cli.options import (
    add_output_argument,
    add_overwrite_argument,
    add_preset_argument,
    add_read_arguments,
    add_subject_arguments,
    make_output_folder,
    readout_of,
)
from keras_relcon.cli.recording_jobs import (
    add_files_argument,
    add_workers_argument,
    recording_jobs,
    run_jobs,
    shown_progress,
)
from keras_relcon.cohort.embed_files import POLICIES

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
by the same settings and version. Files that failed are listed at the end, and
in failures.csv. --workers 4 embeds four files at a time.

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
    add_output_argument(parser, "the embeddings are written", ".")
    parser.add_argument(
        "--format",
        choices=("npz", "parquet"),
        default="npz",
        help="format of the embeddings (npz)",
    )
    add_overwrite_argument(parser, "existing embeddings")
    add_workers_argument(parser)
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
    parser.add_argument(
        "--precision",
        choices=tuple(POLICIES),
        default="float32",
        help="bfloat16 is faster on TensorFlow where the processor has it, "
        "and differs by less than a hundredth of what embeddings differ by "
        "(float32)",
    )
    group = parser.add_argument_group("what is in the files")
    add_read_arguments(group)
    group.add_argument(
        "--without-gravity",
        action="store_const",
        const="accept",
        default="error",
        help="go on with a signal that is near 0 g at rest",
    )
    add_subject_arguments(group)


def run(args, console):
    jobs = recording_jobs(args)
    work = cohort.EmbedFiles(
        args.preset,
        args.output,
        readout=readout_of(args),
        format=args.format,
        stride=args.stride,
        batch_size=args.batch_size,
        without_gravity=args.without_gravity,
        precision=args.precision,
        overwrite=args.overwrite,
        verbose=shown_progress(args),
    )
    work.prepare()  # before the recordings are read
    make_output_folder(args.output)
    found, num_failed = run_jobs(args, console, jobs, work)
    num_before = sum(done.finished_before for done in found)
    if any(job.is_in_folder for job in jobs):
        console.result(
            f"{len(jobs)} files: {len(found) - num_before} embedded, "
            f"{num_before} finished before, {num_failed} failed"
        )
    console.answer(files=[answer for done in found for answer in done.answers])
    return 1 if num_failed else 0
