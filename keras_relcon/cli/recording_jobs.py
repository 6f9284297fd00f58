"""The recordings that a command is given, file by file."""

from dataclasses import dataclass
from pathlib import Path

from keras_relcon import data
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


def _jobs_of(args, path, given):
    path = Path(path)
    if not path.is_dir():
        return [RecordingJob(path, stem_of(path), given, is_in_folder=False)]
    files = data.recording_files(path, args.subject_pattern)
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
