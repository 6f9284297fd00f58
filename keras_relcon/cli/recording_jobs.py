"""The recordings that a command is given, file by file."""

from pathlib import Path

from keras_relcon import cohort
from keras_relcon.checks import message, some_of
from keras_relcon.cli.messages import report_error
from keras_relcon.cli.options import read_options
from keras_relcon.cohort import RecordingJob
from keras_relcon.cohort.file_work import FAILURES_TABLE, check_is_own_table
from keras_relcon.cohort.jobs import check_names
from keras_relcon.data.readers import written_tables
from keras_relcon.data.readers.file_kinds import stem_of
from keras_relcon.kept_files import write_file
from keras_relcon.markup import csv_text


def add_files_argument(parser):
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a file, or a folder of files"
    )


def recording_jobs(args):
    """A `RecordingJob` for each file, each with a name of its own."""
    given = read_options(args)
    is_any_folder = any(Path(path).is_dir() for path in args.files)
    if args.subject_pattern is not None and not is_any_folder:
        raise ValueError(
            message(
                "--subject-pattern is of the files of a folder.",
                f"{args.subject_pattern!r} for {some_of(args.files)}",
                "Say whose a file is by --subject.",
            )
        )
    jobs = [job for path in args.files for job in _jobs_of(args, path, given)]
    check_names(jobs)
    return jobs


def add_workers_argument(parser):
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="files that are worked on at a time, each in a process of its "
        "own (1)",
    )


def shown_progress(args):
    """`verbose` of what is done with a file: a bar, where there is one job."""
    return False if args.quiet or args.json or args.workers > 1 else "auto"


def run_jobs(args, console, jobs, work):
    """Does something with each recording; goes on after one that fails.

    The errors are reported when all is done, and kept for the answer; of a
    folder they are a table in the output too, `failures.csv`.

    Args:
        args: `argparse.Namespace` of the command.
        console: `Console`.
        jobs: list of `RecordingJob`.
        work: `FileWork`.

    Returns:
        list of `Done`, of the jobs that did not fail, in their order; and int,
        how many failed.
    """
    failures_table = args.output / FAILURES_TABLE
    is_of_folder = any(job.is_in_folder for job in jobs)
    if is_of_folder:  # before the work
        check_is_own_table(
            failures_table, written_tables.FAILURES, "of failures"
        )
    outcomes = {}
    for job, outcome in cohort.run(work, jobs, args.workers):
        outcomes[job.name] = outcome
        if isinstance(outcome, Exception):
            if args.traceback:
                raise outcome
            console.progress(f"{job.file}: failed")
            continue
        for line in outcome.lines:
            # What is found is a result; where it was written is progress.
            (console.result if outcome.rows else console.progress)(line)
    found, failures = [], []
    for job in jobs:
        outcome = outcomes[job.name]
        if isinstance(outcome, Exception):
            error = report_error(outcome, args, about=str(job.file))
            failures.append({"file": str(job.file), "error": error})
        else:
            found.append(outcome)
    console.answer(failures=failures)
    if is_of_folder:
        _write_failures(failures, failures_table)
    return found, len(failures)


def _write_failures(failures, path):
    """Writes a table; an empty one takes the place of an earlier run's."""
    if failures or path.exists():
        write_file(path, csv_text(failures, ["file", "error"]))


def _jobs_of(args, path, given):
    path = Path(path)
    if not path.is_dir():
        return [RecordingJob(path, stem_of(path), given, is_in_folder=False)]
    return cohort.find_jobs(path, args.subject_pattern, **given)
