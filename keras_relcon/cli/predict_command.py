from keras_relcon import cohort
from keras_relcon.cli.options import (
    add_output_argument,
    add_overwrite_argument,
    add_read_arguments,
    add_subject_arguments,
    make_output_folder,
)
from keras_relcon.cli.recording_jobs import (
    add_files_argument,
    add_workers_argument,
    recording_jobs,
    run_jobs,
    shown_progress,
)
from keras_relcon.cohort.file_work import check_is_free, check_is_own_table
from keras_relcon.cohort.predict_files import FINISHED, SUMMARY, write_summary
from keras_relcon.data.readers import written_tables

NAME = "predict"
HELP = "tell what a person does: a page and a table per recording"
DESCRIPTION = """\
Tells what a person does in each window of a recording. Of walk.csv it writes
walk.html, a page to read, and walk.csv, a table with one row per window; of all
recordings summary.csv, minutes of each class.

The model is a directory that `fit` wrote; of one that tells numbers page and
table have the numbers, and summary.csv the means. Without --model it is
activities_wrist, which comes with the package: everyday activities of a device
at the wrist. Of a folder every file that can be read is predicted, as by
`embed`: a second run leaves out what is finished, and failures.csv lists the
files that failed.

  keras-relcon predict monday.cwa
  keras-relcon predict new/ --model my_model --output answers/
"""
READY = "activities_wrist"


def add_arguments(parser):
    add_files_argument(parser)
    parser.add_argument(
        "--model",
        default=READY,
        metavar="NAME",
        help=f"a directory that `fit` wrote (default: {READY})",
    )
    add_output_argument(parser, "the answers are written", "answers")
    add_overwrite_argument(parser, "existing answers")
    add_workers_argument(parser)
    parser.add_argument(
        "--no-smoothing",
        action="store_true",
        help="do not smooth predictions over time",
    )
    group = parser.add_argument_group("what is in the files")
    add_read_arguments(group)
    add_subject_arguments(group)


def run(args, console):
    jobs = recording_jobs(args)
    work = cohort.PredictFiles(
        args.model,
        args.output,
        smoothing=not args.no_smoothing,
        overwrite=args.overwrite,
        verbose=shown_progress(args),
    )
    work.reserve(jobs)
    work.prepare()  # before the recordings are read
    if args.model == READY:
        console.progress(f"model: {READY}, {work.score}")
    make_output_folder(args.output)
    summary = args.output / SUMMARY
    if not (args.output / FINISHED).is_dir():  # else an earlier run's
        check_is_free(summary, args.overwrite)
    check_is_own_table(summary, written_tables.SUMMARY, "of a summary")
    console.answer(model=args.model, kind=work.kind, summary=None)
    found, num_failed = run_jobs(args, console, jobs, work)
    console.answer(
        recordings=[answer for done in found for answer in done.answers]
    )
    if found:
        rows = sorted(work.finished_rows(), key=lambda row: row["recording"])
        write_summary(rows, summary)
        console.progress(f"written to {args.output}/")
        console.answer(summary=str(summary))
    return 1 if num_failed else 0
