"""The recordings that a command is given, file by file."""

from dataclasses import dataclass
from pathlib import Path

from keras_relcon import data
from keras_relcon.cli.messages import USER_ERRORS, report_error
from keras_relcon.cli.options import read_options
from keras_relcon.data.readers.file_kinds import stem_of
from keras_relcon.data.readers.folders import options_for


@dataclass(frozen=True)
class RecordingJob:
    """A file to read, and what its results are called.

    Attributes:
        file: `Path`.
        name: str. Of the results, below the output folder, without an ending.
        options: dict. Arguments of `read_recording`.
        is_in_folder: bool. Whether a folder was given that holds it.
    """

    file: Path
    name: str
    options: dict
    is_in_folder: bool


def add_files_argument(parser):
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a file, or a folder of files"
    )


def recording_jobs(args):
    """A `RecordingJob` for each file, each with a name of its own."""
    given = read_options(args)
    jobs = [job for path in args.files for job in _jobs_of(args, path, given)]
    names = set()
    for name in (job.name for job in jobs):
        if name in names:
            raise ValueError(
                "Files must have different names, because their results are "
                f"written to one folder. Received: {name} twice. Run the "
                "command on each, with another --output."
            )
        names.add(name)
    return jobs


def run_jobs(args, console, jobs, work):
    """Does something with each recording; goes on after one that fails.

    The errors are reported when all is done, and kept for the answer.

    Args:
        args: `argparse.Namespace` of the command.
        console: `Console`.
        jobs: list of `RecordingJob`.
        work: callable. Takes a job.

    Returns:
        list of what `work` returned, of those that did not fail; and int, how
        many failed.
    """
    found, failures = [], []
    for job in jobs:
        try:
            found.append(work(job))
        except USER_ERRORS as error:
            if args.traceback:
                raise
            failures.append((job, error))
            console.progress(f"{job.file}: failed")
    console.answer(
        failures=[
            {
                "file": str(job.file),
                "error": report_error(error, args, about=str(job.file)),
            }
            for job, error in failures
        ]
    )
    return found, len(failures)


def _jobs_of(args, path, given):
    path = Path(path)
    if not path.is_dir():
        return [RecordingJob(path, stem_of(path), given, is_in_folder=False)]
    files = data.recording_files(path, args.subject_pattern)
    output = args.output.resolve()
    if path.resolve() in output.parents:  # not what an earlier run has written
        files = [f for f in files if output not in f.path.resolve().parents]
    if not files:
        raise ValueError(
            "A folder must hold recordings. "
            f"Received: {str(path)!r}, without any that can be read."
        )
    return [
        RecordingJob(
            file.path,
            file.recording_id,
            {
                "subject": file.subject,
                "recording_id": file.recording_id,
                **options_for(file.path, given),
            },
            is_in_folder=True,
        )
        for file in files
    ]
