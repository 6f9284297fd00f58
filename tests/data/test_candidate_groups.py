import pickle
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_relcon.data import CandidateGroups, Recording, WindowStore
from keras_relcon.data.streams.epoch_batches import draw_distinct

LENGTH = 16


def identified(subject, piece, num_samples):
    """A signal that tells its subject, its recording and the time."""
    acceleration = np.zeros((num_samples, 3))
    acceleration[:, 0] = subject / 100
    acceleration[:, 1] = piece / 100
    acceleration[:, 2] = np.arange(num_samples) / 2**14
    return Recording(acceleration, 100, f"s{subject:02d}")


def make_store(lengths_of_subjects):
    recordings = [
        identified(subject, piece, num_samples)
        for subject, lengths in enumerate(lengths_of_subjects)
        for piece, num_samples in enumerate(lengths)
    ]
    return WindowStore.from_recordings(recordings, window_length=LENGTH)


def decode(windows):
    """`(..., length, 3)` to subject, recording and first sample, `(...,)`."""
    subject = np.rint(windows[..., 0, 0] * 100).astype(int)
    piece = np.rint(windows[..., 0, 1] * 100).astype(int)
    start = np.rint(windows[..., 0, 2] * 2**14).astype(int)
    return subject, piece, start


@pytest.fixture(scope="module")
def store():
    return make_store([[400, 90], [500], [16, 700, 31, 40]])


def make_groups(store, **kwargs):
    options = {"batch_size": 8, "num_candidates": 5, "seed": 1, **kwargs}
    return CandidateGroups(store, **options)


def assert_equal(first, second):
    assert first.keys() == second.keys()
    for key in first:
        np.testing.assert_array_equal(first[key], second[key])


def test_shapes_and_types(store):
    batch = make_groups(store)[0]
    assert set(batch) == {"anchor", "candidates"}
    assert batch["anchor"].shape == (8, LENGTH, 3)
    assert batch["candidates"].shape == (8, 5, LENGTH, 3)
    assert all(values.dtype == np.float32 for values in batch.values())


@given(
    st.lists(
        st.lists(st.integers(LENGTH, 300), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 6),
    st.integers(0, 2**40),
    st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_candidates_are_distinct_windows_of_the_same_subject(
    lengths, num_candidates, seed, epoch
):
    store = make_store(lengths)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            groups = CandidateGroups(store, 2, num_candidates, seed)
        except ValueError:
            return
    for index in range(len(groups)):
        batch = groups.batch(epoch, index)
        subject, piece, start = decode(batch["anchor"])
        subjects, pieces, starts = decode(batch["candidates"])
        np.testing.assert_array_equal(
            subjects, np.broadcast_to(subject[:, None], subjects.shape)
        )
        # The anchor and its candidates, two by two: another recording, or
        # at least a window apart.
        pieces = np.concatenate([piece[:, None], pieces], axis=1)
        starts = np.concatenate([start[:, None], starts], axis=1)
        gap = np.abs(starts[:, :, None] - starts[:, None, :])
        is_apart = gap >= LENGTH
        is_apart |= pieces[:, :, None] != pieces[:, None, :]
        is_apart |= np.eye(num_candidates + 1, dtype=bool)
        assert is_apart.all()
        # Each window is continuous: none runs into the next piece.
        times = batch["candidates"][..., 2] * 2**14
        np.testing.assert_allclose(np.diff(times, axis=-1), 1, atol=1e-2)


def test_each_window_is_an_anchor_once_and_anchors_never_overlap(store):
    groups = make_groups(store)
    for epoch in range(4):
        seen = [groups.batch(epoch, i)["anchor"] for i in range(len(groups))]
        subject, piece, start = decode(np.concatenate(seen))
        keys = {*zip(subject.tolist(), piece.tolist(), start.tolist())}
        assert len(keys) == len(start) == len(groups) * 8
        for key in {(s, p) for s, p, _ in keys}:
            times = sorted(t for *where, t in keys if tuple(where) == key)
            assert (np.diff(times) >= LENGTH).all()


def test_same_batches_in_any_order_anew_and_after_pickling(store):
    first = make_groups(store)
    expected = [first.batch(2, i) for i in range(len(first))]
    again = make_groups(store)
    again.batch(7, 0)
    copy = pickle.loads(pickle.dumps(again))
    for groups in (again, copy):
        groups.epoch = 2
        for index in reversed(range(len(groups))):
            assert_equal(groups[index], expected[index])


def test_seeds_epochs_and_batches_differ(store):
    groups = make_groups(store)
    starts = [
        groups.draw(0, 0),
        groups.draw(0, 1),
        groups.draw(1, 0),
        make_groups(store, seed=2).draw(0, 0),
    ]
    for i in range(4):
        for j in range(i):
            assert not np.array_equal(starts[i][0], starts[j][0])
            assert not np.array_equal(starts[i][1], starts[j][1])


def test_shift_and_candidates_reach_everywhere():
    store = make_store([[200]])
    groups = CandidateGroups(store, batch_size=2, num_candidates=3)
    anchors, candidates = zip(*(groups.draw(e, 0) for e in range(400)))
    assert {*(np.concatenate(anchors) % LENGTH).tolist()} == {*range(LENGTH)}
    reached = np.unique(np.concatenate(candidates))
    # The cells of shift s end at or before the last sample of the piece.
    assert reached.min() == 0 and reached.max() > 200 - 2 * LENGTH


def test_draws_are_uniform_over_sets_and_positions():
    rng = np.random.default_rng(0)
    draws = draw_distinct(rng, np.full(20000, 5), 3)
    assert draws.min() == 0 and draws.max() == 4
    for position in range(3):
        share = np.bincount(draws[:, position]) / 20000
        np.testing.assert_allclose(share, 0.2, atol=0.015)
    _, counts = np.unique(np.sort(draws, 1), axis=0, return_counts=True)
    assert len(counts) == 10
    np.testing.assert_allclose(counts / 20000, 0.1, atol=0.01)


@given(st.integers(1, 12), st.integers(0, 30), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_draws_are_distinct(num_draws, extra, seed):
    rng = np.random.default_rng(seed)
    num_items = num_draws + rng.integers(0, extra + 1, size=9)
    draws = np.sort(draw_distinct(rng, num_items, num_draws), axis=1)
    assert (np.diff(draws, axis=1) > 0).all()
    assert (draws >= 0).all() and (draws[:, -1] < num_items).all()


def test_epoch_advances_at_its_end_only(store):
    groups = make_groups(store)
    length = len(groups)
    groups.on_epoch_begin()
    for index in (0, length - 1):
        groups[index]
        groups.on_epoch_end()  # Keras built the model on any one batch
        assert groups.epoch == 0
    list(groups)
    groups.on_epoch_begin()
    assert groups.epoch == 0
    groups.on_epoch_end()
    assert groups.epoch == 1 and len(groups) == length
    groups.on_epoch_end()
    assert groups.epoch == 1


def test_epoch_of_fixed_groups_stays(store):
    fixed = make_groups(store, is_fixed=True)
    list(fixed)
    fixed.on_epoch_end()
    assert fixed.epoch == 0


def test_steps_per_epoch_goes_on_with_new_windows(store):
    one_round = len(make_groups(store))
    groups = make_groups(store, steps_per_epoch=2 * one_round + 1)
    assert len(groups) == 2 * one_round + 1
    assert_equal(groups[0], make_groups(store)[0])
    first, second = groups.draw(0, 0)[0], groups.draw(0, one_round)[0]
    assert not np.array_equal(first, second)
    assert len(make_groups(store, steps_per_epoch=1)) == 1
    with pytest.raises(IndexError, match="must be in"):
        groups[len(groups)]


def test_iteration_ends(store):
    groups = make_groups(store)
    assert len(list(groups)) == len(groups)


def test_small_subjects_are_left_out_by_name(store):
    recordings = make_store([[400], [60], [50]])
    with pytest.warns(UserWarning, match=r"2 of 3 subjects.*6.*s01 \(2\), s02"):
        groups = make_groups(recordings)
    assert groups.left_out == {"s01": 2, "s02": 2}
    subjects = [decode(batch["anchor"])[0] for batch in groups]
    assert np.unique(subjects).tolist() == [0]


def test_wrong_arguments(store):
    with pytest.raises(ValueError, match="`batch_size` must be .*at least 2"):
        make_groups(store, batch_size=1)
    with pytest.raises(ValueError, match="`num_candidates` must be .*at least"):
        make_groups(store, num_candidates=0)
    with pytest.raises(ValueError, match="a whole number.*batch_size=4.0"):
        make_groups(store, batch_size=4.0)
    with pytest.raises(ValueError, match="a whole number.*candidates=2.5"):
        make_groups(store, num_candidates=2.5)
    with pytest.raises(ValueError, match="a whole number.*epoch=2.5"):
        make_groups(store, steps_per_epoch=2.5)
    with pytest.raises(ValueError, match="`seed` must be .*at least 0"):
        make_groups(store, seed=-1)
    with pytest.raises(ValueError, match=r"`seed` must be below 2\*\*64"):
        make_groups(store, seed=2**64)
    with pytest.raises(ValueError, match="`steps_per_epoch` must be"):
        make_groups(store, steps_per_epoch=0)
    with pytest.raises(ValueError, match="must have 101 windows.*at most"):
        make_groups(store, num_candidates=100)
    with pytest.raises(ValueError, match="one batch of windows"):
        make_groups(store, batch_size=1000)


class Logged(CandidateGroups):
    """Notes what is drawn, through a list that threads share."""

    def __getitem__(self, index):
        self.drawn.append((self.epoch, index))
        return super().__getitem__(index)


class OneInput(keras.Model):
    """Takes the dict as its only input, and has no target."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        assert set(inputs) == {"anchor", "candidates"}
        return self.dense(inputs["anchor"])

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        assert set(x) == {"anchor", "candidates"} and len(x) == 2
        assert y is None and sample_weight is None
        assert tuple(x["candidates"].shape)[1:] == (5, LENGTH, 3)
        return keras.ops.mean(keras.ops.square(y_pred))


@pytest.mark.every_backend
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("is_built", [True, False])
def test_fit_takes_the_dict_as_x_and_draws_each_epoch(store, workers, is_built):
    groups = Logged(store, 8, 5, workers=workers)
    groups.drawn = []
    model = OneInput()
    model.compile(optimizer="sgd")
    if is_built:
        model(make_groups(store)[0])
    validation = make_groups(store, is_fixed=True)
    model.fit(groups, epochs=3, validation_data=validation, verbose=0)
    assert validation.epoch == 0
    if is_built or workers == 1:
        assert groups.epoch == 3
        drawn = {draw for draw in groups.drawn if draw[0] < 3}
        assert drawn == {(e, i) for e in range(3) for i in range(len(groups))}


def test_a_fit_of_fewer_steps_goes_on_through_the_epoch(store):
    groups = Logged(store, 8, 5, steps_per_epoch=5)
    groups.drawn = []
    model = OneInput()
    model.compile(optimizer="sgd")
    model(groups.batch(0, 0))
    validation = make_groups(store)  # its first batch, each time
    # Keras ends the third epoch early, for two do not divide five.
    model.fit(
        groups,
        epochs=6,
        steps_per_epoch=2,
        validation_data=validation,
        validation_steps=1,
        shuffle=False,
        verbose=0,
    )
    assert groups.epoch == 2 and validation.epoch == 0
    passes = [(e, i) for e in range(2) for i in range(5)]
    assert [draw for draw in groups.drawn if draw[0] < 2][-10:] == passes


def test_a_fit_that_is_stopped_begins_its_epoch_again(store):
    groups = make_groups(store, steps_per_epoch=4)
    model = OneInput()
    model.compile(optimizer="sgd")
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(
            model, "stop_training", batch == 1
        )
    )
    for _ in range(3):
        model.fit(groups, shuffle=False, callbacks=[stop], verbose=0)
        assert groups.epoch == 0
    model.fit(groups, epochs=2, shuffle=False, verbose=0)
    assert groups.epoch == 2


def test_epoch_goes_on_where_it_was_set(store):
    groups = Logged(store, 8, 5)
    groups.drawn = []
    groups.epoch = 4
    model = OneInput()
    model.compile(optimizer="sgd")
    model.fit(groups, initial_epoch=4, epochs=5, verbose=0)
    assert groups.epoch == 5
    assert {(4, i) for i in range(len(groups))} <= {*groups.drawn}
