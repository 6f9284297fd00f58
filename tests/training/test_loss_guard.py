import json
import types

import keras
import numpy as np
import pytest
from training.train_script import make_groups, make_model

from keras_relcon import distributed
from keras_relcon.data import WindowBatches
from keras_relcon.models.train_steps import TrainStep
from keras_relcon.models.train_steps.skipping import step_or_nothing
from keras_relcon.training import LossGuard, ResumableTraining
from keras_relcon.training.loss_guard import describe_anchors
from keras_relcon.training.training_state import get_arrays, state_variables

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


class SpoiledGroups(type(make_groups())):
    """Groups of which one batch is infinite, or of another number."""

    def __init__(self, *args, spoiled=(0, 3), value=np.inf, **kwargs):
        super().__init__(*args, **kwargs)
        self.spoiled, self.value = spoiled, value

    def batch(self, epoch, index):
        batch = super().batch(epoch, index)
        if (epoch, index) == self.spoiled:
            batch["anchor"] = np.full_like(batch["anchor"], self.value)
        return batch


def spoiled_groups(**kwargs):
    store = make_groups().store
    kwargs = {"steps_per_epoch": 5, "seed": 4, **kwargs}
    return SpoiledGroups(store, 4, 2, **kwargs)


class Batches(keras.utils.PyDataset):
    """Batches of a list, in order."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.traced
def test_a_loss_that_is_no_number_stops_with_the_batch(tmp_path):
    groups, path = spoiled_groups(), tmp_path / "logs" / "bad.jsonl"
    guard = LossGuard(path, groups)
    resumable = ResumableTraining(tmp_path, groups, every=1)
    with pytest.raises(
        FloatingPointError,
        match=r"finite\. Received: loss=nan at epoch 0, batch 3.*s0\d at .* s",
    ):
        make_model().fit(
            groups, epochs=2, callbacks=[guard, resumable], verbose=0
        )
    (line,) = lines_of(path)
    assert (line["epoch"], line["index"], line["loss"]) == (0, 3, "nan")
    # The windows that are named are those of the batch.
    expected = make_groups().batch(0, 3)["anchor"]
    assert len(line["anchors"]) == len(expected)
    store = groups.store
    for anchor, window in zip(line["anchors"], expected):
        (piece,) = [
            piece
            for piece in store.pieces
            if piece.recording == anchor["recording"]
            and piece.subject == anchor["subject"]
        ]
        offset = anchor["seconds"] - piece.start_seconds
        start = piece.start + round(offset * store.sample_rate_hz)
        np.testing.assert_array_equal(store.read([start])[0], window)
    # The last checkpoint is from before.
    values, arrays, _ = resumable.files.read()
    assert values["position"] == [0, 3]
    assert all(np.isfinite(array).all() for array in arrays)


def test_a_loss_above_the_limit_stops(tmp_path):
    groups, losses = make_groups(), []

    class Losses(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            losses.append(float(logs["loss"]) * (batch + 1) - sum(losses))

    make_model().fit(groups, callbacks=[Losses()], verbose=0)
    largest = max(losses)
    groups = make_groups()
    guard = LossGuard(tmp_path / "a", groups, largest_loss=largest * 1.01)
    make_model().fit(groups, callbacks=[guard], verbose=0)
    assert not (tmp_path / "a").exists()
    groups = make_groups()
    guard = LossGuard(tmp_path / "a", groups, largest_loss=largest * 0.99)
    with pytest.raises(FloatingPointError, match=r"at most \d.*loss=\d"):
        make_model().fit(groups, callbacks=[guard], verbose=0)
    (line,) = lines_of(tmp_path / "a")
    assert line["index"] == losses.index(largest)
    np.testing.assert_allclose(float(line["loss"]), largest, rtol=1e-4)


def skipping_model():
    return make_model(skip_nonfinite=True)


@pytest.mark.traced
@pytest.mark.parametrize("value", [np.inf, 1e30])
def test_a_skipped_step_changes_nothing_and_is_counted(tmp_path, value):
    # The square of 1e30, in the statistics of a batch norm, is infinite.
    model, groups = skipping_model(), spoiled_groups(value=value)
    guard = LossGuard(tmp_path / "bad.jsonl", groups)
    states = []

    class States(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            states.append(get_arrays(self.model))

    history = model.fit(
        groups, epochs=2, callbacks=[guard, States()], verbose=0
    ).history
    assert history["skipped_steps"] == [1, 0]
    assert np.isfinite(history["loss"]).all()
    count = model.skipped_steps.variables[0]
    num_changed = 0
    for variable, before, after in zip(state_variables(model), *states[2:4]):
        if variable is count:
            assert (before, after) == (0, 1)
        else:
            np.testing.assert_array_equal(before, after)
    for before, after in zip(*states[3:5]):
        num_changed += not np.array_equal(before, after)
    assert num_changed > 10  # the next step is taken
    (line,) = lines_of(tmp_path / "bad.jsonl")
    assert (line["epoch"], line["index"], line["loss"]) == (0, 3, None)


def test_a_step_that_is_kept_is_the_plain_one():
    results = []
    for skip in (False, True):
        model, groups = make_model(skip_nonfinite=skip), make_groups()
        # The bias of a convolution before a normalization has a gradient of
        # rounding alone, which Adam would make as large as any other.
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        history = model.fit(groups, verbose=0).history
        results.append((history["loss"], model.encoder.get_weights()))
    np.testing.assert_allclose(*[loss for loss, _ in results], rtol=1e-6)
    for plain, kept in zip(*[weights for _, weights in results]):
        np.testing.assert_allclose(plain, kept, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX has one step for all replicas"
)
def test_the_logs_of_a_step_keep_their_shape():
    # Between workers of TensorFlow a log is a vector of one number.
    model, group = skipping_model(), make_groups().batch(0, 0)
    tensors = {
        name: keras.ops.convert_to_tensor(x) for name, x in group.items()
    }

    def step(data):
        logs = TrainStep.train_step(model, data)
        return {name: keras.ops.reshape(x, (1,)) for name, x in logs.items()}

    logs = step_or_nothing(model, step, tensors)
    assert {tuple(value.shape) for value in logs.values()} == {(1,)}
    assert int(logs["skipped_steps"][0]) == 0
    before = model.encoder.get_weights()
    tensors["anchor"] = tensors["anchor"] * np.inf
    logs = step_or_nothing(model, step, tensors)
    assert int(logs["skipped_steps"][0]) == 1
    for old, new in zip(before, model.encoder.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX has one step for all replicas"
)
def test_a_step_that_another_replica_leaves_out_is_left_out(monkeypatch):
    model, group = skipping_model(), make_groups().batch(0, 0)
    tensors = {
        name: keras.ops.convert_to_tensor(x) for name, x in group.items()
    }
    before = model.encoder.get_weights()

    def step(data):
        return TrainStep.train_step(model, data)

    with monkeypatch.context() as patch:
        # The mean of this replica, which is good, and of one that is not.
        patch.setattr(distributed, "mean_loss", lambda share: (share + 1) / 2)
        logs = step_or_nothing(model, step, tensors)
    assert float(logs["skipped_steps"]) == 1
    for old, new in zip(before, model.encoder.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.traced
def test_validation_that_is_not_finite_is_left_out_and_counted():
    validation = [make_groups().batch(1, i) for i in range(3)]
    bad = {**validation[1], "anchor": np.nan * validation[1]["anchor"]}
    model = skipping_model()
    model.fit(make_groups(), verbose=0)
    before = get_arrays(model)
    found = model.evaluate(
        Batches([validation[0], bad, validation[2]]),
        return_dict=True,
        verbose=0,
    )
    assert found.pop("skipped_steps") == 1
    expected = model.evaluate(
        Batches([validation[0], validation[2]]), return_dict=True, verbose=0
    )
    assert expected.pop("skipped_steps") == 0
    assert found == pytest.approx(expected)
    after = get_arrays(model)
    is_metric = {id(variable) for variable in model.metrics_variables}
    for variable, old, new in zip(state_variables(model), before, after):
        if id(variable) not in is_metric:
            np.testing.assert_array_equal(old, new)


def test_validation_that_is_not_finite_stops(tmp_path):
    validation = [make_groups().batch(1, i) for i in range(2)]
    bad = {**validation[1], "anchor": np.nan * validation[1]["anchor"]}
    groups = make_groups()
    guard = LossGuard(tmp_path / "a", groups)
    with pytest.raises(FloatingPointError, match="loss=nan at its batch 1"):
        make_model().fit(
            groups,
            validation_data=Batches([validation[0], bad]),
            callbacks=[guard],
            verbose=0,
        )
    groups = make_groups()
    guard = LossGuard(tmp_path / "a", groups)
    with pytest.raises(FloatingPointError, match="none in all 2 batches"):
        skipping_model().fit(
            groups,
            validation_data=Batches([bad, bad]),
            callbacks=[guard],
            verbose=0,
        )
    assert not (tmp_path / "a").exists()


def test_too_many_skipped_steps_stop(tmp_path):
    groups = spoiled_groups()
    guard = LossGuard(tmp_path / "bad.jsonl", groups, most_skipped=0)
    with pytest.raises(
        FloatingPointError, match="At most 0 steps.*Received: 1"
    ):
        skipping_model().fit(groups, callbacks=[guard], verbose=0)


def test_windows_alone_are_found_in_their_recordings():
    store = make_groups().store
    batches = WindowBatches(store, batch_size=3, seed=4)
    places = describe_anchors(batches, 1, 0)
    first = {
        (piece.subject, piece.recording): piece.start for piece in store.pieces
    }
    starts = [
        first[place["subject"], place["recording"]]
        + round(place["seconds"] * store.sample_rate_hz)
        for place in places
    ]
    np.testing.assert_array_equal(store.read(starts), batches.batch(1, 0))


def test_a_resumed_epoch_is_watched_from_its_first_batch(tmp_path):
    groups, path = make_groups(), tmp_path / "bad.jsonl"
    groups.resume_at(0, 2)
    guard = LossGuard(path, groups, largest_loss=2.9)
    guard.on_epoch_begin(0)
    groups[0]  # drawn, as by `fit`
    # Losses of batches 0 to 3: left out before it was resumed, 1, 1, 4.
    guard.on_train_batch_end(0, {"loss": 1.0, "skipped_steps": 1})
    with pytest.raises(FloatingPointError, match="loss=4 at.*batch 3"):
        guard.on_train_batch_end(1, {"loss": 2.0, "skipped_steps": 1})
    assert [line["index"] for line in lines_of(path)] == [3]


def test_as_many_skipped_steps_as_allowed_go_on(tmp_path):
    groups = make_groups()
    guard = LossGuard(tmp_path / "bad.jsonl", groups, most_skipped=1)
    guard.on_epoch_begin(0)
    groups[0]  # drawn, as by `fit`
    guard.on_train_batch_end(0, {"loss": 1.0, "skipped_steps": 1})
    with pytest.raises(FloatingPointError, match="At most 1.*Received: 2"):
        guard.on_train_batch_end(1, {"loss": 1.0, "skipped_steps": 2})


def test_an_anchor_at_the_first_sample_is_of_that_recording():
    store = make_groups().store
    piece = store.pieces[1]
    groups = types.SimpleNamespace(
        store=store, draw=lambda epoch, index: np.array([piece.start])
    )
    (place,) = describe_anchors(groups, 0, 0)
    assert place["recording"] == piece.recording
    assert place["subject"] == piece.subject
    assert place["seconds"] == piece.start_seconds


def test_batches_that_cannot_be_named_are_refused(tmp_path):
    groups = make_groups()
    guard = LossGuard(tmp_path / "bad.jsonl", groups)
    with pytest.raises(ValueError, match="very object that `fit` is given"):
        make_model().fit(groups.shard(1, 0), callbacks=[guard], verbose=0)
    groups = make_groups(steps_per_epoch=30)
    guard = LossGuard(tmp_path / "bad.jsonl", groups)
    with pytest.raises(ValueError, match="Pass `shuffle=False`"):
        make_model().fit(groups, shuffle=True, callbacks=[guard], verbose=0)


def test_other_data_than_groups_is_refused(tmp_path):
    with pytest.raises(TypeError, match="`WindowBatches`.*type WindowStore"):
        LossGuard(tmp_path / "bad.jsonl", make_groups().store)
