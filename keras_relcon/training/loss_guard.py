"""Stops a training whose loss is no number, and says at which batch."""

import json
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_relcon import checks
from keras_relcon.data.streams.epoch_batches import EpochBatches
from keras_relcon.training.training_state import check_order
from keras_relcon.types import PathLike

GROUPS = "the `CandidateGroups` or `WindowBatches` that `fit` is given"
MOST_NAMES = 5


class LossGuard(keras.callbacks.Callback):
    """Writes down the batches at which the loss explodes, and stops.

    Looks at the loss after every batch, for which an accelerator is waited
    for. A batch whose loss is NaN, infinite or above `largest_loss` is written
    to a file as one line of JSON: `epoch` and `index` of the stream, `loss` as
    text, and `anchors`, the `subject`, `recording` and `seconds` from its start
    of each. With `steps_per_execution` the loss is the mean of the batches of
    an execution, and each has a line. Then `fit` ends by an error;
    with `ResumableTraining` after it among the callbacks, the last checkpoint
    is from before. A model with `skip_nonfinite` leaves such a step out by
    itself: its batch is written down too, with a loss of `null`, and `fit` goes
    on.

    A batch of the validation data whose loss is not finite ends `fit` too, by
    its number. A model with `skip_nonfinite` leaves it out of the mean, and
    only if all are left out `fit` ends.

    Args:
        path: str or path. File to append to, `.jsonl`.
        groups: `CandidateGroups` or `WindowBatches`. The ones that `fit` is
            given.
        largest_loss: float. Of a single batch. Defaults to `None`, no limit.
        most_skipped: int. Steps that may be left out in one epoch. Defaults
            to `100`.

    Raises:
        TypeError: if `groups` are neither of the two.
        FloatingPointError: if a loss is not finite or too large, too many
            steps are left out, or all of a validation.

    Example:

    >>> guard = keras_relcon.training.LossGuard("bad_batches.jsonl", groups)
    >>> model.fit(groups, callbacks=[guard, resumable])
    """

    def __init__(
        self,
        path: PathLike,
        groups: EpochBatches,
        largest_loss: float | None = None,
        most_skipped: int = 100,
    ) -> None:
        super().__init__()
        checks.check_kind("groups", groups, EpochBatches, GROUPS)
        if largest_loss is not None:
            checks.check_number("largest_loss", largest_loss, above=0)
        checks.check_whole("most_skipped", most_skipped, least=0)
        self.path = Path(path)
        self.groups = groups
        self.largest_loss = largest_loss
        self.most_skipped = most_skipped
        self._before: tuple[float, int, int] | None = None
        self._next_index = 0
        self._num_validated = 0

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        # Mean loss, its number of batches, and skipped steps, before a batch;
        # unknown where an epoch is resumed.
        self._before = None if self.groups.first_index else (0.0, 0, 0)
        self._next_index = self.groups.first_index

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        check_order(self.groups)
        # Batches since the last look: of one execution, and mostly one.
        end = self.groups.first_index + batch + 1
        indices, self._next_index = range(self._next_index, end), end
        logs = logs or {}
        mean = float(logs["loss"])
        num_skipped = int(logs.get("skipped_steps", 0))
        num_batches = end - num_skipped
        before = self._before or (mean, num_batches - 1, num_skipped)
        self._before = (mean, num_batches, num_skipped)
        if num_skipped > before[2]:
            self._write_down(indices, None)
            if num_skipped > self.most_skipped:
                raise FloatingPointError(
                    f"At most {self.most_skipped} steps of an epoch may be "
                    f"left out. Received: {num_skipped}, see "
                    f"{str(self.path)!r}. Lower the learning rate, and go on "
                    "from the last checkpoint."
                )
            return
        # The loss of these batches, from the means before and after them.
        loss = num_batches * mean - before[1] * before[0]
        loss /= num_batches - before[1]
        limit = math.inf if self.largest_loss is None else self.largest_loss
        if not math.isfinite(loss) or loss > limit:
            raise self._unusable_batches(indices, loss, limit)

    def _unusable_batches(self, indices, loss, limit):
        anchors = self._write_down(indices, loss)
        names = [f"{a['subject']} at {a['seconds']:.2f} s" for a in anchors]
        more = len(names) - MOST_NAMES
        names[MOST_NAMES:] = [f"{more} more"] * (more > 0)
        batches = f"batch {indices[0]}"
        if len(indices) > 1:
            batches = f"batches {indices[0]} to {indices[-1]}"
        return FloatingPointError(
            "The loss of a batch must be finite"
            + (f" and at most {limit:g}" if math.isfinite(limit) else "")
            + f". Received: loss={loss:g} at epoch {self.groups.epoch}, "
            f"{batches} of the stream, with the anchors of "
            f"{', '.join(names)}; all are in "
            f"{str(self.path)!r}. Lower the learning rate or raise the "
            "temperature, and go on from the last checkpoint."
        )

    def on_test_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self._num_validated = batch + 1
        loss = float((logs or {})["loss"])
        if not math.isfinite(loss):
            raise _unusable_validation(f"loss={loss:g} at its batch {batch}")

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        num_skipped = int((logs or {}).get("skipped_steps", 0))
        if num_skipped and num_skipped >= self._num_validated:
            raise _unusable_validation(f"none in all {num_skipped} batches")

    def _write_down(self, indices, loss):
        """Writes a line for each batch, and returns the anchors of all."""
        epoch = self.groups.epoch
        lines = [
            {
                "epoch": epoch,
                "index": index,
                # JSON has no NaN.
                "loss": None if loss is None else repr(loss),
                "anchors": describe_anchors(self.groups, epoch, index),
            }
            for index in indices
        ]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        return [anchor for line in lines for anchor in line["anchors"]]


def _unusable_validation(received):
    return FloatingPointError(
        checks.message(
            "The loss of the validation data must be finite.",
            received,
            "Look there for windows with values that are not finite, or not "
            "in g; the weights are as the last training step left them.",
        )
    )


def describe_anchors(groups, epoch, index):
    """Where the anchors, or the windows, of a batch come from.

    Args:
        groups: `CandidateGroups` or `WindowBatches`.
        epoch, index: int. See `CandidateGroups.draw`.

    Returns:
        list of dict of `subject`, `recording` and `seconds` from the start of
        the recording, one per anchor.
    """
    pieces = sorted(groups.store.pieces, key=lambda piece: piece.start)
    anchors = groups.draw(epoch, index)
    if isinstance(anchors, tuple):  # with their candidates
        anchors = anchors[0]
    starts = [piece.start for piece in pieces]
    places = np.searchsorted(starts, anchors, side="right") - 1
    return [
        {
            "subject": pieces[place].subject,
            "recording": pieces[place].recording,
            "seconds": float(
                pieces[place].start_seconds
                + (anchor - pieces[place].start) / pieces[place].sample_rate_hz
            ),
        }
        for place, anchor in zip(places, anchors)
    ]
