"""Labels of the recordings of a folder: which file's are whose."""

import collections
import warnings
from pathlib import Path

from keras_relcon.checks import message, some_of
from keras_relcon.data.label_intervals import LabelIntervals
from keras_relcon.data.readers.label_files import (
    ENDING,
    is_path,
    read_labels,
)


class FolderLabels:
    """The argument `labels` of `load_recordings`, for each file of a folder.

    Args:
        labels: as of `load_recordings`.
    """

    def __init__(self, labels):
        self._labels, self._at, self._is_folder = labels, None, False
        if is_path(labels):
            self._at = Path(labels).resolve()
            self._is_folder = self._at.is_dir()
            if not self._is_folder:
                self._labels = read_labels(labels)

    def is_at(self, path):
        """Whether a file is one of labels, inside of the folder."""
        path = path.resolve()
        return self._at is not None and (
            self._at == path or (self._is_folder and self._at in path.parents)
        )

    def check(self, files):
        """Raises where labels do not say which of several files they are of."""
        labels = self._labels
        if not isinstance(labels, LabelIntervals) or len(files) < 2:
            return
        if labels.recordings is None:
            raise ValueError(
                message(
                    "Labels of several recordings must have a column `subject` "
                    "or `recording`.",
                    f"{labels.source} without one for {len(files)} files",
                    "Add it, or write a file of labels for each recording.",
                )
            )
        known = {name for f in files for name in (f.subject, f.recording_id)}
        unknown = sorted(set(labels.recordings) - known)
        if unknown:
            raise ValueError(
                message(
                    "Labels must be of the recordings that are read.",
                    f"{labels.source} with labels of {some_of(unknown)}, which "
                    "is no subject and no recording of the folder",
                    "Name subjects, or paths below the folder without their "
                    "endings.",
                )
            )
        if labels.clock == "elapsed":
            _warn_of_several(labels, files)

    def of(self, file):
        """The argument `labels` of `read_recording` for a file."""
        if not self._is_folder:
            return self._labels
        return self._file_of(file) or ""

    def warn_of_none(self, files):
        """Warns of the files that a folder of labels has none of."""
        if not self._is_folder:
            return
        without = [f.recording_id for f in files if not self._file_of(f)]
        if without:
            warnings.warn(
                message(
                    f"A folder of labels must hold {self._at}/<recording>.csv "
                    "for each recording.",
                    f"none for {len(without)} of {len(files)}, which are read "
                    f"without a label: {some_of(without)}",
                ),
                stacklevel=4,
            )

    def _file_of(self, file):
        for ending in (ENDING, ".csv"):
            path = self._at / f"{file.recording_id}{ending}"
            if path.is_file():
                return path
        return None


def _warn_of_several(labels, files):
    """Seconds from the start of a recording are mostly of one recording."""
    num_files = collections.Counter(file.subject for file in files)
    several = sorted(n for n in set(labels.recordings) if num_files[n] > 1)
    if several:
        warnings.warn(
            f"{labels.source} has labels in seconds from the start for "
            f"{some_of(several)}: each of the recordings of a subject gets "
            "them. To label one, name its path below the folder without its "
            "ending.",
            stacklevel=4,
        )
