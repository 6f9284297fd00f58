"""Goes on with an interrupted training as if nothing had happened."""

import time
import warnings
from collections.abc import Sequence
from typing import Any

import keras

from keras_relcon import checks, distributed
from keras_relcon.data.streams.epoch_batches import EpochBatches
from keras_relcon.training.checkpoint_files import CheckpointFiles
from keras_relcon.training.loss_guard import GROUPS
from keras_relcon.training.shortened_epoch import (
    shorten_epoch,
    undo_shortening,
)
from keras_relcon.training.training_state import (
    check_order,
    get_arrays,
    get_state,
    is_finite,
    optimizer_name,
    set_arrays,
    set_state,
)
from keras_relcon.types import PathLike


class ResumableTraining(keras.callbacks.Callback):
    """Saves a training as it runs, and goes on with it exactly.

    A script that was killed at any step is run again as it is: `fit` starts at
    the batch after the last checkpoint and ends with weights bit-equal to
    those of a run that was never interrupted, on the same machine with the
    same number of devices and a backend whose operations repeat. A training
    that has ended does nothing more.

    A checkpoint holds all variables of the model (weights, batch norm
    statistics, states of seed generators, metrics) and of the optimizer
    (moments, iterations, learning rate), epoch and index of the stream, the
    history of `fit`, and what the other callbacks remember. The two newest
    are kept, see `CheckpointFiles`; a damaged one is left out, with a warning.
    Weights that are not finite are never saved.

    Args:
        directory: str or path. Of the checkpoints; one per training.
        groups: `CandidateGroups` or `WindowBatches`. The ones that `fit` is
            given.
        every: int, at least 1. Batches between checkpoints. Defaults to
            `None`: at the end of each epoch only.
        callbacks: list of callbacks that `fit` is given too, whose numbers go
            on: `EarlyStopping` and `ReduceLROnPlateau` with their waits and
            best scores, `ModelCheckpoint` with its best score. What such a
            callback of Keras was made with (`patience`) stays as you give it
            now. Defaults to `()`.
        max_minutes: float, not negative. Saves and ends `fit` after so long, in
            the middle of an epoch too; `is_finished` then is `False`. Defaults
            to `None`.

    Attributes:
        is_finished: bool. Whether the training has ended.
        is_paused: bool. Whether `max_minutes` ended `fit`, or a callback did
            in the middle of an epoch.
        position: `(epoch, index)`, of `fit` and of the next batch.
        seconds: float. Of training, all runs together.

    Where several processes train together, the directory is one that all of
    them read, and the first writes. On TensorFlow, whose workers draw batches
    ahead, it is for one process.

    Put it last among the callbacks. Models that are not of this package need
    `fit(..., shuffle=False)`; with `workers` above 1, build the model before
    `fit`.

    Raises:
        TypeError: if `groups` are neither of the two.
        ValueError: if `every` is not such an int, or `max_minutes` is negative;
            in `fit`, if the checkpoint is of another model, optimizer or
            stream, batches come out of order or not from `groups`, or several
            processes cannot go on together.
        FloatingPointError: if weights are not finite.
        OSError: if all checkpoints are damaged, or one cannot be written.

    Example:

    >>> groups = keras_relcon.data.CandidateGroups(store)
    >>> resumable = keras_relcon.training.ResumableTraining(
    ...     "checkpoints", groups, every=100
    ... )
    >>> model.fit(groups, epochs=10, callbacks=[resumable])
    """

    def __init__(
        self,
        directory: PathLike,
        groups: EpochBatches,
        every: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        max_minutes: float | None = None,
    ) -> None:
        super().__init__()
        checks.check_kind("groups", groups, EpochBatches, GROUPS)
        if every is not None:
            checks.check_whole("every", every, 1)
        if max_minutes is not None:
            checks.check_number("max_minutes", max_minutes, least=0)
        self.files = CheckpointFiles(directory)
        self.groups = groups
        self.every = every
        self.callbacks = tuple(callbacks)
        self.max_minutes = max_minutes
        self.is_finished = False
        self.is_paused = False
        self.position = (0, 0)  # epoch of `fit`, index of the next batch
        self.seconds = 0.0  # of training, all runs together
        self._restored = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._check_processes()
        undo_shortening(self.model)  # of a `fit` that an error ended
        self._check_steps()
        self._began = time.monotonic()
        self._stream = self.groups.identity()
        self._build()
        self.is_finished = self.is_paused = False
        self.position, self._seconds_before = (0, 0), 0.0
        self._restored = self.files.read()
        if self._restored is None:
            return
        values, arrays, damaged = self._restored
        self._check_stream(values["stream"])
        self._check_optimizer(values.get("optimizer"))
        set_arrays(self.model, arrays[: values["num_variables"]])
        epoch, index = self.position = tuple(values["position"])
        self.seconds = self._seconds_before = values["seconds"]
        if damaged:
            warnings.warn(
                f"The checkpoint {str(damaged[0])!r} is damaged. The training "
                f"goes on from the other one, epoch {epoch}, batch {index}."
            )
        self.groups.resume_at(values["stream_epoch"], index)
        if values["is_stopped_early"]:
            epoch = max(epoch, self.params["epochs"])
        self.model._initial_epoch = epoch

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.model._initial_epoch = None  # of this `fit` only
        if self._restored is None:
            # Now, when all callbacks have seen the end of the last epoch.
            self.position = (epoch, 0)
            self._save()
        else:
            self._restore_rest()
        if self.groups.first_index:
            shorten_epoch(self.model, self.groups.num_batches)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        undo_shortening(self.model)
        is_last = epoch + 1 == self.params["epochs"]
        if self._is_time() and not (is_last or self.model.stop_training):
            self.is_paused = self.model.stop_training = True
            self.position = (epoch + 1, 0)
            # Before other callbacks put the best weights in their place.
            self._state_at_end = self._state()

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        check_order(self.groups)
        epoch, _ = self.position
        index = self.groups.first_index + batch + 1
        self.position = (epoch, index)
        if index == len(self.groups):
            return  # the epoch ends: saved when all callbacks have seen it
        is_pause = self.model.stop_training or self._is_time()
        if is_pause or (self.every and index % self.every == 0):
            self._save()
        if is_pause:
            self.is_paused = self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.model._initial_epoch = None
        if self._restored is not None:
            self._restore_rest()  # there was nothing left to do
            self.is_finished = True
        elif self.is_paused:
            if self.position[1] == 0:
                # Now, when the history has its epoch too.
                self._write(*self._state_at_end)
        elif 0 < self.position[1] < len(self.groups):
            self.is_paused = True  # too late to save: the epoch has been ended
        else:
            self.is_finished = True
            self.position = (self.position[0] + 1, 0)
            self._save()
        self.groups.first_index = 0  # Keras asks before the next `fit` begins

    def _build(self):
        if self.model.built:
            return
        # On TensorFlow `fit` may leave it to the first step.
        batch = self.groups.batch(self.groups.epoch, 0)
        self.model.build(keras.tree.map_structure(lambda x: x.shape, batch))

    def _restore_rest(self):
        """What Keras and the callbacks set back when `fit` began."""
        values, arrays, _ = self._restored
        self._restored = None
        num_variables = values["num_variables"]
        # For a schedule by epochs has changed the rate of learning; but of an
        # epoch that is new it has set the right one, and metrics begin anew.
        is_new = values.get("is_epoch_over", values.get("is_finished", False))
        if not is_new:
            set_arrays(self.model, arrays[:num_variables])
        self.model.history.epoch = values["history_epochs"]
        self.model.history.history = values["history"]
        rest = iter(arrays[num_variables:])
        left = list(self.callbacks)
        for numbers, lengths, *kind in values["callbacks"]:
            lists = {
                name: [next(rest) for _ in range(length)]
                for name, length in lengths.items()
            }
            # The next of its class: others may have been added, or left out.
            # Former checkpoints do not tell the class.
            found = [c for c in left if kind in ([], [type(c).__name__])]
            if found:
                left.remove(found[0])
                set_state(found[0], numbers, lists)

    def _is_time(self):
        return (
            self.max_minutes is not None
            and time.monotonic() - self._began >= 60 * self.max_minutes
        )

    def _check_processes(self):
        count = distributed.num_processes()
        if count == 1:
            return
        if keras.backend.backend() == "tensorflow":
            raise ValueError(
                "On TensorFlow a training of several processes cannot be gone "
                f"on with exactly. Received: {count} processes. Leave this "
                "callback out, use the devices of one process, or another "
                "backend."
            )
        if self.max_minutes is not None:
            raise ValueError(
                "`max_minutes` is for one process, for clocks differ. Received:"
                f" max_minutes={self.max_minutes} in {count} processes."
            )

    def _check_steps(self):
        """Models of the package see to it; Keras has counted batches now."""
        steps = self.params.get("steps")
        self.groups.first_index = 0
        if steps not in (None, len(self.groups)):
            raise ValueError(
                "An epoch of `fit` must have the batches of `groups`. "
                f"Received: {steps} of {len(self.groups)}. Leave out "
                "`steps_per_epoch`; where an error ended a `fit` before, run "
                "it again."
            )

    def _save(self):
        self._write(*self._state())

    def _state(self):
        """Arrays, how many are of the model, and numbers of the callbacks."""
        arrays = get_arrays(self.model)
        if not is_finite(self.model, arrays):
            raise FloatingPointError(
                "Weights must be finite to be saved. Received: NaN or infinity "
                f"at epoch {self.position[0]}, batch {self.position[1]}. The "
                f"last good checkpoint stays in {str(self.files.directory)!r}. "
                "Lower the learning rate, or see `LossGuard`."
            )
        num_variables, callbacks = len(arrays), []
        for callback in self.callbacks:
            numbers, lists = get_state(callback)
            lengths = {k: len(v) for k, v in lists.items()}
            callbacks.append([numbers, lengths, type(callback).__name__])
            arrays += [array for part in lists.values() for array in part]
        return arrays, num_variables, callbacks

    def _write(self, arrays, num_variables, callbacks):
        history = self.model.history
        self.seconds = self._seconds_before + time.monotonic() - self._began
        values = {
            "seconds": self.seconds,
            "position": self.position,
            "stream_epoch": self.groups.epoch,
            "is_epoch_over": self.is_finished or self.is_paused,
            "is_stopped_early": self.is_finished and self.model.stop_training,
            "stream": self._stream,
            "optimizer": optimizer_name(self.model),
            "num_variables": num_variables,
            "history_epochs": [int(epoch) for epoch in history.epoch],
            "history": {
                name: [float(value) for value in column]
                for name, column in history.history.items()
            },
            "callbacks": callbacks,
        }
        if distributed.process_index() == 0:
            self.files.write(values, arrays)

    def _check_optimizer(self, name):
        """Of checkpoints that tell theirs."""
        if name not in (None, optimizer_name(self.model)):
            raise ValueError(
                "A checkpoint must be of the same model and optimizer. "
                f"Received: {optimizer_name(self.model)}, where that of "
                f"{str(self.files.directory)!r} is of {name}. Use another "
                "directory, or remove this one to train from the start."
            )

    def _check_stream(self, stream):
        now = self._stream
        changed = [name for name in now if stream.get(name) != now[name]]
        if changed:
            raise ValueError(
                "A checkpoint must be of the same stream. Received: groups "
                "that differ in "
                + ", ".join(f"{n}={now[n]!r}" for n in changed)
                + f" from those of {str(self.files.directory)!r}. Use another "
                "directory, or remove this one to train from the start."
            )
