"""What is done with a file: the base of embedding and predicting."""

import contextlib
from dataclasses import dataclass
from typing import Any

from keras_relcon import kept_files
from keras_relcon.cohort.jobs import RecordingJob
from keras_relcon.data.readers.written_tables import is_table_of

FAILURES_TABLE = "failures.csv"  # of what failed in a folder
# Errors that come from a file or a setting, and not from a bug.
FAILURES = (
    ValueError,
    TypeError,
    ImportError,
    OSError,
    FloatingPointError,
)


@dataclass(frozen=True)
class Done:
    """What was done with a recording.

    Attributes:
        answers: tuple of dict, which JSON can hold: of the file, or of each
            recording in it.
        lines: tuple of str, which say the same to a person.
        rows: tuple of dict, of a table of all recordings.
        finished_before: bool. Whether an earlier run had done it.
    """

    answers: tuple[dict[str, Any], ...]
    lines: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    finished_before: bool = False


class FileWork:
    """What is done with each recording, by a model that is loaded once.

    It goes to another process by its settings alone: there `prepare` loads the
    model anew.
    """

    _model: Any = None

    def prepare(self) -> None:
        """Loads the model, if it is not there yet.

        Raises:
            ValueError: if there is no such model, or it is damaged.
        """
        if self._model is None:
            self._model = self._load()

    def __call__(self, job: RecordingJob) -> Done:
        """Does it with one recording.

        Raises:
            any of `FAILURES`: if the file cannot be read, or its results are
                there already and may not be replaced.
        """
        self.prepare()
        return self._do(job)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_model": None}

    def _load(self):
        raise NotImplementedError

    def _do(self, job):
        raise NotImplementedError


def file_state(file):
    """Size and time of change of a file, which a key depends on."""
    if not file.exists():  # its reader says what is wrong
        return []
    state = file.stat()
    return [state.st_size, state.st_mtime_ns]


@contextlib.contextmanager
def alone_at(path):
    """For a writer of `path`; what a killed one left of it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with kept_files.lock(path):
        yield


def check_is_free(path, overwrite):
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path} exists already. Pass overwrite=True, or another `output`."
        )


def check_is_own_table(path, kind, about):
    """Raises a FileExistsError unless a table of that kind may be replaced.

    Args:
        path: path of what is written, which need not exist.
        kind: one of the patterns of `written_tables`.
        about: str. What such a table is of, as in "of answers".
    """
    if path.exists() and not is_table_of(kind, path):
        raise FileExistsError(
            f"{path} exists already, and is no table {about}. "
            "Pass another `output`, or move the file."
        )


def made_otherwise(path):
    """Says that a file is not what an earlier run left of this one."""
    return FileExistsError(
        f"{path} exists already, and was not made of this file by these "
        "settings and this version. Pass overwrite=True, or another `output`."
    )
