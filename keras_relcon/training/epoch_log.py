"""A table of epochs that a resumed training goes on with."""

import csv
from pathlib import Path
from typing import Any

import keras

from keras_relcon import kept_files
from keras_relcon.types import PathLike


class EpochLog(keras.callbacks.CSVLogger):
    """A `CSVLogger` with one row per epoch, whatever was run again.

    When a training goes on from a checkpoint, rows of that epoch and of later
    ones are left out before new ones are appended. Without a checkpoint the
    table begins anew.

    Args:
        path: str or path. The `.csv` file; its folder is made. Columns are
            `epoch`, from 0, and the metrics of `fit`.

    Raises:
        OSError: in `fit`, if the file cannot be written.
    """

    def __init__(self, path: PathLike) -> None:
        super().__init__(str(path), append=True)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        pass  # opened at the first epoch, whose number is known only then

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if self.csv_file is None or self.csv_file.closed:
            _keep_before(Path(self.filename), epoch)
            super().on_train_begin(logs)


def _keep_before(path, epoch):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        return
    with open(path, newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    # A row that was cut by a kill is one of an epoch to be run again.
    rows = [row for row in rows if row[:1] and row[0].isdigit()]
    rows = [row for row in rows if int(row[0]) < epoch]
    with kept_files.replacing(path) as temporary:
        with open(temporary, "w", newline="") as file:
            csv.writer(file).writerows([header, *rows] if rows else [])
