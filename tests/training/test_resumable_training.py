import errno
import os
import random
import resource
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
from support import to_numpy
from training.train_script import (
    EPOCHS,
    EVERY,
    STEPS,
    make_groups,
    make_model,
    save_end,
    train,
)

from keras_relcon.data import (
    CandidateGroups,
    WindowBatches,
    WindowStore,
    synthetic_recordings,
)
from keras_relcon.training import ResumableTraining, resumable_training
from keras_relcon.training.checkpoint_files import CheckpointFiles
from keras_relcon.training.training_state import (
    get_arrays,
    get_state,
    is_finite,
)

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

SCRIPT = Path(__file__).with_name("train_script.py")
ROOT = SCRIPT.parents[2]
NUM_CHECKPOINTS = EPOCHS * (1 + (STEPS - 1) // EVERY) + 1


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """What a training that nothing interrupts ends with."""
    folder = tmp_path_factory.mktemp("full")
    model, best, _ = train(folder)
    save_end(folder, model, best)
    return end_of(folder)


def end_of(folder):
    with np.load(folder / "end.npz") as archive:
        return {name: archive[name] for name in archive.files}


def assert_same_end(folder, expected):
    found = end_of(folder)
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


def random_kills():
    """After some steps, and at each stage of writing some checkpoint."""
    rng = random.Random(11)
    kills = [
        f"step:{rng.randrange(1, STEPS)}",
        f"replace:{rng.randrange(1, 4)}",
    ]
    if keras.backend.backend() != "torch":  # files are the same on all
        return kills
    return [
        "fsync:1",  # the very first is written, not yet on the disk
        *kills,
        f"fsync:{2 * rng.randrange(1, 3)}",  # renamed, the folder not synced
    ]


def run_script(folder, *kills):
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), *kills],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]


@pytest.mark.slow
def test_killed_at_random_steps_it_ends_as_if_never(tmp_path):
    # Both in processes of their own: bits depend on the number of threads.
    run_script(tmp_path, *random_kills())
    assert_same_end(tmp_path / "killed", end_of(tmp_path / "full"))


class Interrupt(keras.callbacks.Callback):
    """Ends a training by an error, after some steps."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        self.steps -= 1
        if self.steps == 0:
            raise KeyboardInterrupt


def interrupted(folder, steps, **kwargs):
    with pytest.raises(KeyboardInterrupt):
        train(folder, [Interrupt(steps)], **kwargs)
    return sorted((folder / "checkpoints").iterdir())


def test_in_legs_it_ends_as_in_one(full, tmp_path):
    for leg in (1, 2):
        model, _, resumable = train(tmp_path, max_minutes=0)
        assert resumable.is_paused and not resumable.is_finished
        assert resumable.position == (0, leg)
    model, best, resumable = train(tmp_path, max_minutes=60)
    assert resumable.is_finished and not resumable.is_paused
    save_end(tmp_path, model, best)
    assert_same_end(tmp_path, full)
    # A training that has ended does nothing more, unless there are epochs
    # left to do.
    before = get_arrays(model)
    again, _, resumable = train(tmp_path)
    assert resumable.is_finished and again.history.epoch == [0, 1, 2]
    for old, new in zip(before, get_arrays(again)):
        np.testing.assert_array_equal(old, new)
    longer, _, _ = train(tmp_path, epochs=EPOCHS + 1)
    assert longer.history.epoch == [0, 1, 2, 3]
    iterations = int(longer.optimizer.iterations.numpy())
    assert iterations == (EPOCHS + 1) * STEPS


def test_one_model_may_be_interrupted_again_and_go_on(full, tmp_path):
    """As in a notebook, whose cell is run again after an error."""
    model, groups = make_model(), make_groups()

    def go_on(*more):
        best = keras.callbacks.EarlyStopping(
            "val_loss", patience=2, restore_best_weights=True
        )
        resumable = ResumableTraining(
            tmp_path / "checkpoints", groups, EVERY, [best]
        )
        model.fit(
            groups,
            epochs=EPOCHS,
            validation_data=make_groups(
                is_fixed=True, steps_per_epoch=2, seed=9
            ),
            callbacks=[best, *more, resumable],
            verbose=0,
        )
        return best

    for steps in (3, 2):  # the second in the rest of an epoch
        with pytest.raises(KeyboardInterrupt):
            go_on(Interrupt(steps))
    before = int(model.optimizer.iterations.numpy())
    model.fit(make_groups(), verbose=0)  # a whole epoch, and no error
    assert int(model.optimizer.iterations.numpy()) == before + STEPS
    best = go_on()
    save_end(tmp_path, model, best)
    assert_same_end(tmp_path, full)


class Sum(keras.Model):
    """Adds up what it is shown, in its order."""

    def build(self, input_shape):
        self.total = self.add_weight(initializer="zeros")
        self.built = True

    def call(self, x):
        return x

    def compute_loss(
        self, x, y=None, y_pred=None, sample_weight=None, training=True
    ):
        ratio = keras.ops.mean(x) / (2 + self.total)
        return ratio + 0.1 * self.total


def test_a_plain_model_says_that_it_was_interrupted(tmp_path):
    model, batches = Sum(), WindowBatches(make_groups().store, 2, 4, STEPS)
    model.compile(optimizer="sgd")

    def fit(*more):
        resumable = ResumableTraining(tmp_path, batches, every=1)
        model.fit(
            batches,
            epochs=2,
            shuffle=False,
            callbacks=[*more, resumable],
            verbose=0,
        )
        return resumable.is_finished

    for steps in (2, 2):
        with pytest.raises(KeyboardInterrupt):
            fit(Interrupt(steps))
    with pytest.raises(ValueError, match="4 of 5.*run it again"):
        fit()
    assert fit() and int(model.optimizer.iterations.numpy()) == 2 * STEPS


@pytest.mark.parametrize("num_pauses", [3])
def test_a_plain_model_is_paused_again_and_again(tmp_path, num_pauses):
    model, batches = Sum(), WindowBatches(make_groups().store, 2, 4, STEPS)
    model.compile(optimizer="sgd")
    for leg in range(num_pauses):
        resumable = ResumableTraining(tmp_path, batches, max_minutes=0)
        model.fit(batches, shuffle=False, callbacks=[resumable], verbose=0)
        assert resumable.position == (0, leg + 1)


def test_a_schedule_by_epochs_goes_on_as_it_was(tmp_path):
    def rate_after(folder, *more, epochs=2):
        model, groups = make_model(), make_groups()
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        schedule = keras.callbacks.LearningRateScheduler(
            lambda epoch, rate: rate / 2
        )
        resumable = ResumableTraining(folder, groups, EVERY, [schedule])
        try:
            model.fit(
                groups,
                epochs=epochs,
                callbacks=[schedule, *more, resumable],
                verbose=0,
            )
        except KeyboardInterrupt:
            return None
        return model

    whole = rate_after(tmp_path / "whole")
    longer = rate_after(tmp_path / "whole", epochs=3)  # the rate of the epoch
    rate = float(to_numpy(longer.optimizer.learning_rate))
    np.testing.assert_allclose(rate, 0.0125)
    assert rate_after(tmp_path / "legs", Interrupt(STEPS + 3)) is None
    legs = rate_after(tmp_path / "legs")
    for model in (whole, legs):
        rate = float(to_numpy(model.optimizer.learning_rate))
        np.testing.assert_allclose(rate, 0.025)
    for one, other in zip(whole.get_weights(), legs.get_weights()):
        np.testing.assert_array_equal(one, other)


@pytest.mark.once
def test_a_damaged_checkpoint_leaves_the_one_before(full, tmp_path):
    first, second = interrupted(tmp_path, STEPS + EVERY + 1)
    newest = max(first, second, key=lambda path: path.stat().st_mtime_ns)
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4
    newest.write_bytes(content)
    with pytest.warns(UserWarning, match="damaged.*epoch 1, batch 0"):
        model, best, _ = train(tmp_path)
    save_end(tmp_path, model, best)
    assert_same_end(tmp_path, full)


@pytest.mark.once
@pytest.mark.parametrize("size", [0, 20, 1000])
def test_nothing_is_trained_where_all_are_damaged(tmp_path, size):
    for path in interrupted(tmp_path, EVERY + 1):
        os.truncate(path, size)
    with pytest.raises(OSError, match="damaged.*Remove them to train"):
        train(tmp_path)


@pytest.mark.once
def test_a_full_disk_leaves_the_last_checkpoint(full, tmp_path):
    interrupted(tmp_path, EVERY + 1)
    paths = sorted((tmp_path / "checkpoints").iterdir())
    before = [path.read_bytes() for path in paths]
    # A real refusal by the system, half way through the file.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before[0]) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match="checkpoint must be written.*room"):
            train(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert sorted((tmp_path / "checkpoints").iterdir()) == paths
    assert [path.read_bytes() for path in paths] == before
    model, best, _ = train(tmp_path)
    save_end(tmp_path, model, best)
    assert_same_end(tmp_path, full)


@pytest.mark.once
def test_no_space_is_reported_as_such(tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left.*run again") as error:
        train(tmp_path)
    assert error.value.errno == errno.ENOSPC
    assert not [*(tmp_path / "checkpoints").iterdir()]


def test_another_stream_or_model_is_refused(tmp_path):
    interrupted(tmp_path, 1)
    with pytest.raises(ValueError, match="same stream.*seed=5"):
        train(tmp_path, groups=make_groups(seed=5))
    with pytest.raises(ValueError, match="same stream.*num_batches=7"):
        train(tmp_path, groups=make_groups(steps_per_epoch=7))
    groups = make_groups()
    model = make_model()
    model.compile(optimizer="sgd")
    resumable = ResumableTraining(tmp_path / "checkpoints", groups)
    with pytest.raises(ValueError, match="same model and optimizer"):
        model.fit(groups, callbacks=[resumable], verbose=0)


def test_an_optimizer_of_equal_shapes_is_refused(tmp_path):
    def run(optimizer, epochs):
        groups, model = make_groups(steps_per_epoch=1), make_model()
        model.compile(optimizer=optimizer)
        resumable = ResumableTraining(tmp_path, groups)
        model.fit(groups, epochs=epochs, callbacks=[resumable], verbose=0)

    run(keras.optimizers.SGD(0.01, momentum=0.9), 1)
    with pytest.raises(ValueError, match="Received: RMSprop, .* is of SGD"):
        run(keras.optimizers.RMSprop(0.01), 2)
    run(keras.optimizers.SGD(0.01, momentum=0.9), 2)


def test_a_callback_gets_the_state_of_its_class(tmp_path):
    def run(epochs, *more):
        stop = keras.callbacks.EarlyStopping("loss", patience=9)
        groups, model = make_groups(steps_per_epoch=2), make_model()
        kept = [*more, stop]
        resumable = ResumableTraining(tmp_path, groups, callbacks=kept)
        model.fit(
            groups, epochs=epochs, callbacks=[*kept, resumable], verbose=0
        )
        return stop

    first = run(2)
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras",
        monitor="embedding_spread",
        mode="max",
        save_best_only=True,
    )
    second = run(2, best)  # nothing is left to train
    assert second.best == first.best != np.inf
    assert best.best in (None, -np.inf)


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow",
    reason="Keras draws the first two batches there, to see their shapes.",
)
def test_an_epoch_of_one_batch_is_the_first(tmp_path):
    class Epochs(keras.callbacks.Callback):
        seen = []

        def on_epoch_begin(self, epoch, logs=None):
            self.seen.append(groups.epoch)

    groups = make_groups(steps_per_epoch=1)
    make_model().fit(groups, epochs=2, callbacks=[Epochs()], verbose=0)
    assert Epochs.seen == [0, 1]


def test_batches_out_of_order_are_refused(tmp_path):
    groups = make_groups(steps_per_epoch=30)
    model = make_model()
    resumable = ResumableTraining(tmp_path, groups)
    with pytest.raises(ValueError, match="Pass `shuffle=False`"):
        model.fit(groups, shuffle=True, callbacks=[resumable], verbose=0)


def test_with_threads_it_ends_the_same(full, tmp_path):
    interrupted(tmp_path, STEPS + 3, groups=make_groups(workers=3))
    model, best, _ = train(tmp_path, groups=make_groups(workers=3))
    save_end(tmp_path, model, best)
    assert_same_end(tmp_path, full)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    groups = make_groups()
    model = make_model()
    resumable = ResumableTraining(tmp_path, groups, every=1)

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                kernel = self.model.encoder.trainable_variables[0]
                kernel.assign(np.full(kernel.shape, np.nan))

    with pytest.raises(FloatingPointError, match="NaN.*epoch 1, batch 0"):
        model.fit(groups, epochs=2, callbacks=[Spoil(), resumable], verbose=0)
    values, _, damaged = resumable.files.read()
    assert values["position"] == [0, STEPS - 1] and not damaged


def test_windows_alone_go_on_too(tmp_path):
    store = make_groups().store

    def make_batches(weighting=None):
        return WindowBatches(store, 2, 4, STEPS, weighting=weighting)

    def train(folder, epochs, **kwargs):
        model, batches = Sum(), make_batches()
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        resumable = ResumableTraining(folder, batches, every=1, **kwargs)
        model.fit(
            batches,
            epochs=epochs,
            shuffle=False,
            callbacks=[resumable],
            verbose=0,
        )
        return model.get_weights(), resumable.is_finished

    expected, _ = train(tmp_path / "whole", 2)
    assert not train(tmp_path / "legs", 2, max_minutes=0)[1]
    found, is_finished = train(tmp_path / "legs", 2)
    assert is_finished
    np.testing.assert_array_equal(found, expected)
    model = Sum()
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    batches = make_batches("activity")
    resumable = ResumableTraining(tmp_path / "legs", batches)
    with pytest.raises(ValueError, match="same stream.*weighting='activity'"):
        model.fit(batches, shuffle=False, callbacks=[resumable], verbose=0)


@pytest.mark.once
def test_wrong_arguments(tmp_path):
    with pytest.raises(TypeError, match="`WindowBatches`.*type list"):
        ResumableTraining(tmp_path, [1])
    with pytest.raises(ValueError, match="`every` must be .*at least 1"):
        ResumableTraining(tmp_path, make_groups(), every=0)
    with pytest.raises(ValueError, match="a whole number.*every=2.5"):
        ResumableTraining(tmp_path, make_groups(), every=2.5)
    with pytest.raises(ValueError, match="`max_minutes` must be .*at least 0"):
        ResumableTraining(tmp_path, make_groups(), max_minutes=-1)
    with pytest.raises(ValueError, match=r"`index` in \[0, 5\)"):
        make_groups().resume_at(0, STEPS)


def test_best_weights_of_an_earlier_epoch_come_back(tmp_path):
    class Worse(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = epoch

    def run(folder, *extra, **kwargs):
        best = keras.callbacks.EarlyStopping(
            "score", mode="min", patience=9, restore_best_weights=True
        )
        extra = [Worse(), best, *extra]
        return train(tmp_path / folder, extra, callbacks=[best], **kwargs)[0]

    with pytest.raises(KeyboardInterrupt):
        run("cut", Interrupt(STEPS + 1))
    first = run("first", epochs=1).encoder.get_weights()
    for found, weight in zip(run("cut").encoder.get_weights(), first):
        np.testing.assert_array_equal(found, weight)


@pytest.mark.once
def test_runs_write_in_turn_and_the_newest_is_read(tmp_path):
    for step in range(4):
        files = CheckpointFiles(tmp_path)  # as a new process
        files.read()
        newest = files.write({"step": step}, [])
        assert CheckpointFiles(tmp_path).read()[0] == {"step": step}
    newest.unlink()
    assert CheckpointFiles(tmp_path).read()[0] == {"step": 2}


def test_a_metric_that_is_no_number_may_be_saved():
    model = make_model()
    model.fit(make_groups(), verbose=0)
    arrays = get_arrays(model)
    assert is_finite(model, arrays)
    model.metrics[0].update_state(np.nan)
    assert is_finite(model, get_arrays(model))
    model.encoder.weights[-1].assign(model.encoder.weights[-1] * np.nan)
    assert not is_finite(model, get_arrays(model))


def test_weights_in_bfloat16_are_kept(tmp_path):
    model = keras.Sequential([keras.layers.Dense(2, dtype="bfloat16")])
    model.build((None, 3))
    model.compile(optimizer="sgd", loss="mse")
    assert is_finite(model, get_arrays(model))
    before = model.get_weights()
    model.layers[0].kernel.assign(np.full((3, 2), np.nan))
    assert not is_finite(model, get_arrays(model))
    best = types.SimpleNamespace(best_weights=before)
    _, lists = get_state(best)
    files = CheckpointFiles(tmp_path)
    files.write({}, lists["best_weights"])
    model.set_weights(files.read()[1])
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.once
@pytest.mark.parametrize(
    "seconds, seed, num_candidates, changed",
    [(12, 1, 2, "signal"), (10, 2, 2, "signal"), (10, 1, 3, "num_cand")],
)
def test_other_groups_are_refused(
    tmp_path, seconds, seed, num_candidates, changed
):
    interrupted(tmp_path, 1)
    recordings = synthetic_recordings(3, seconds, 50, seed=seed)
    store = WindowStore.from_recordings(recordings, 50, 40)
    groups = CandidateGroups(
        store, 4, num_candidates, seed=4, steps_per_epoch=STEPS
    )
    with pytest.raises(ValueError, match=f"same stream.*in {changed}"):
        train(tmp_path, groups=groups)


@pytest.mark.once
def test_minutes_of_all_runs_add_up(tmp_path, monkeypatch):
    class Clock(keras.callbacks.Callback):
        now = 0.0

        def on_train_batch_end(self, batch, logs=None):
            self.now += 25

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(resumable_training, "time", clock)
    for seconds, position in ((75, (0, 3)), (150, (1, 1))):
        _, _, resumable = train(tmp_path, [clock], max_minutes=1)
        assert (resumable.seconds, resumable.position) == (seconds, position)


def test_a_training_that_stopped_early_stays_so(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    assert train(tmp_path, [Stop()])[2].is_finished
    again, _, resumable = train(tmp_path)
    assert again.history.epoch == [0] and resumable.is_finished
    # Its model trains on by itself as any other.
    again.fit(make_groups(), verbose=0)
    assert again.history.epoch == [0]
    assert int(again.optimizer.iterations.numpy()) == 2 * STEPS


class Stop(keras.callbacks.Callback):
    """Asks to end `fit` after a step, as at a signal."""

    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            self.model.stop_training = True


def test_stopped_within_an_epoch_it_goes_on(full, tmp_path):
    _, _, resumable = train(tmp_path, [Stop(STEPS + 3)], every=None)
    assert resumable.is_paused and not resumable.is_finished
    assert resumable.position == (1, 3)
    model, best, resumable = train(tmp_path, every=None)
    assert resumable.is_finished and not resumable.is_paused
    save_end(tmp_path, model, best)
    assert_same_end(tmp_path, full)


def test_a_stop_that_is_seen_too_late_is_no_end(tmp_path):
    model, groups = make_model(), make_groups()
    resumable = ResumableTraining(tmp_path, groups, EVERY)
    model.fit(groups, callbacks=[resumable, Stop(3)], verbose=0)
    assert resumable.is_paused and not resumable.is_finished
    assert resumable.files.read()[0]["position"] == [0, 2]


def test_paused_at_the_end_of_an_epoch_it_goes_on(tmp_path):
    def run(folder, **kwargs):
        groups = make_groups(steps_per_epoch=1)
        model = make_model()
        model.compile(optimizer=keras.optimizers.Adam(1e-2))
        # The best weights are those of the first epoch.
        best = keras.callbacks.EarlyStopping(
            "loss", mode="max", patience=9, restore_best_weights=True
        )
        rate = keras.callbacks.LearningRateScheduler(
            lambda epoch, rate: rate / 2
        )
        callbacks = [best, rate]
        resumable = ResumableTraining(folder, groups, None, [best], **kwargs)
        model.fit(
            groups, epochs=3, callbacks=[*callbacks, resumable], verbose=0
        )
        return model, best, resumable

    for epoch in (1, 2):
        _, _, resumable = run(tmp_path / "legs", max_minutes=0)
        assert resumable.is_paused and not resumable.is_finished
        assert resumable.position == (epoch, 0)
    model, best, resumable = run(tmp_path / "legs", max_minutes=0)
    assert resumable.is_finished and not resumable.is_paused
    save_end(tmp_path / "legs", model, best)
    model, best, _ = run(tmp_path / "whole")
    save_end(tmp_path / "whole", model, best)
    assert_same_end(tmp_path / "legs", end_of(tmp_path / "whole"))


def test_settings_of_callbacks_are_those_of_now(tmp_path):
    def run(patience, min_delta, epochs):
        stop = keras.callbacks.EarlyStopping(
            "loss", mode="min", patience=patience, min_delta=min_delta
        )
        groups = make_groups(steps_per_epoch=2)
        resumable = ResumableTraining(tmp_path, groups, callbacks=[stop])
        callbacks = [stop, resumable]
        model = make_model()
        model.fit(groups, epochs=epochs, callbacks=callbacks, verbose=0)
        return stop

    first = run(8, 100.0, 2)
    assert first.wait == 1
    second = run(7, 50.0, 3)
    # Keras gives `min_delta` its sign in the first epoch.
    assert (second.patience, second.min_delta) == (7, -50.0)
    assert (second.wait, second.best) == (2, first.best)


def test_a_fixed_epoch_goes_on_as_it_was(tmp_path):
    fixed = {"is_fixed": True}
    interrupted(tmp_path, STEPS + EVERY + 1, groups=make_groups(**fixed))
    cut, _, _ = train(tmp_path, groups=make_groups(**fixed))
    whole, _, _ = train(tmp_path / "whole", groups=make_groups(**fixed))
    for found, expected in zip(get_arrays(cut), get_arrays(whole)):
        np.testing.assert_array_equal(found, expected)


def test_groups_that_are_not_drawn_from_are_refused(tmp_path):
    groups = make_groups()
    resumable = ResumableTraining(tmp_path, groups)
    with pytest.raises(ValueError, match="very object that `fit` is given"):
        make_model().fit(groups.shard(1, 0), callbacks=[resumable], verbose=0)
