"""The recordings of a cohort."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_relcon.checks import message
from keras_relcon.data.readers.folders import options_for, recording_files
from keras_relcon.types import PathLike


@dataclass(frozen=True)
class RecordingJob:
    """A file to read, and what its results are called.

    Attributes:
        file: `Path`.
        name: str. Of the results, below the output folder, without an ending.
        options: dict. Arguments of `read_recording`.
        is_in_folder: bool. Whether it is one of a folder: what is finished of
            those is passed over in a second run.
    """

    file: Path
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    is_in_folder: bool = True


def find_jobs(
    folder: PathLike,
    subject_pattern: str | None = None,
    **options: Any,
) -> list[RecordingJob]:
    """A `RecordingJob` for each file of a folder that can be read.

    Args:
        folder: str or path.
        subject_pattern: str. See `data.recording_files`. Defaults to `None`.
        **options: Arguments of `read_recording`. Those that say what a device
            file brings itself are for the other files.

    Returns:
        list of `RecordingJob`, in the order of their paths.

    Raises:
        NotADirectoryError, ValueError: as `data.recording_files`; a ValueError
            too if there is none.

    Example:

    >>> jobs = keras_relcon.cohort.find_jobs("study/", unit="m/s2")
    """
    jobs = [
        RecordingJob(
            file.path,
            file.recording_id,
            {
                "subject": file.subject,
                "recording_id": file.recording_id,
                **options_for(file.path, options),
            },
        )
        for file in recording_files(folder, subject_pattern)
    ]
    if not jobs:
        raise ValueError(
            message(
                "A folder must hold recordings.",
                f"{str(folder)!r}, without any that can be read",
            )
        )
    return jobs


def check_names(jobs: Iterable[RecordingJob]) -> None:
    """Raises a ValueError where two jobs would write the same results."""
    names: set[str] = set()
    for name in (job.name for job in jobs):
        if name in names:
            raise ValueError(
                message(
                    "Files must have different names, because their results "
                    "are written to one folder.",
                    f"{name} twice",
                    "Take one after the other, each with another output.",
                )
            )
        names.add(name)
