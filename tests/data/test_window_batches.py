import json
import pickle

import keras
import numpy as np
import pytest

from keras_relcon.baselines import SimCLR
from keras_relcon.data import Recording, WindowBatches, WindowStore
from keras_relcon.data.streams.activity import MagnitudeMap

LENGTH = 16


def noise(num_samples, scale=0.3, seed=0):
    return np.random.default_rng(seed).normal(0, scale, (num_samples, 3))


def make_store(signals, path=None):
    recordings = [
        Recording(signal, 100, name) for name, signal in signals.items()
    ]
    if path is None:
        return WindowStore.from_recordings(recordings, window_length=LENGTH)
    return WindowStore.create(path, recordings, window_length=LENGTH)


@pytest.fixture(scope="module")
def store():
    return make_store({f"s{k}": noise(500 + 40 * k, seed=k) for k in range(3)})


@pytest.mark.parametrize("weighting", [None, "activity"])
def test_batches_depend_on_seed_epoch_and_index_alone(
    store, tmp_path, weighting
):
    def make(store, seed=3):
        return WindowBatches(store, 8, seed=seed, weighting=weighting)

    batches = make(store)
    places = [(e, i) for e in range(2) for i in range(len(batches))]
    expected = {place: batches.batch(*place) for place in places}
    again = pickle.loads(pickle.dumps(make(store)))
    for place in reversed(places):
        np.testing.assert_array_equal(again.batch(*place), expected[place])
    other = make(store, seed=4)
    assert not np.array_equal(other.batch(0, 0), expected[0, 0])
    assert not np.array_equal(expected[1, 0], expected[0, 0])
    in_a_file = make(
        make_store(
            {f"s{k}": noise(500 + 40 * k, seed=k) for k in range(3)},
            tmp_path / "store.h5",
        )
    )
    for place in places[:3]:
        # Steps of the file are 16 / 32767 g.
        np.testing.assert_allclose(
            in_a_file.batch(*place), expected[place], atol=3e-4
        )


@pytest.mark.parametrize(
    "settings, starts",
    [
        ({}, [752, 323, 419, 1202]),
        ({"minimum_std_g": 0.3}, [128, 800, 1520, 144]),
        ({"weighting": "activity"}, [896, 528, 384, 288]),
    ],
)
def test_what_is_drawn_is_that_of_earlier_versions(store, settings, starts):
    batches = WindowBatches(store, 4, seed=3, **settings)
    assert batches.draw(1, 0).tolist() == starts


def test_windows_of_an_epoch_do_not_overlap(store):
    batches = WindowBatches(store, 4)
    # 500 + 540 + 580 samples, after the largest shift of 15 each.
    assert len(batches) == (30 + 32 + 35) // 4
    for epoch in range(3):
        starts = np.concatenate(
            [batches.draw(epoch, index) for index in range(len(batches))]
        )
        assert len(starts) == 4 * len(batches)
        assert np.diff(np.sort(starts)).min() >= LENGTH
    assert batches[0].shape == (4, LENGTH, 3)
    assert batches[0].dtype == np.float32
    np.testing.assert_array_equal(
        batches[2], store.read(batches.draw(0, 2)), strict=True
    )


@pytest.mark.every_backend
def test_epochs_move_on_in_fit_and_fixed_ones_stay(store):
    for is_fixed, epoch in ((False, 2), (True, 0)):
        batches = WindowBatches(store, 8, steps_per_epoch=4, is_fixed=is_fixed)
        inputs = keras.Input((LENGTH, 3))
        model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
        model.compute_loss = lambda x, y, y_pred, *_, **__: keras.ops.mean(
            y_pred**2
        )
        model.compile(optimizer="sgd", run_eagerly=True)
        model.fit(batches, epochs=2, verbose=0)
        assert batches.epoch == epoch


def test_more_steps_than_windows_go_on_with_a_new_shift(store):
    length = len(WindowBatches(store, 8))
    batches = WindowBatches(store, 8, steps_per_epoch=3 * length)
    assert len(batches) == 3 * length
    first = np.concatenate([batches.draw(0, i) for i in range(length)])
    second = np.concatenate(
        [batches.draw(0, i) for i in range(length, 2 * length)]
    )
    assert len(np.unique(second)) == len(second)
    assert set(first) != set(second)


def starts_of(batches, num_batches):
    return np.concatenate([batches.draw(0, i) for i in range(num_batches)])


def test_activity_weights_by_the_magnitudes_deviation(rng):
    """Scales 1, 2 and 3 of one noise, in a third of the signal each."""
    third = 40 * LENGTH
    scale = np.repeat([0.1, 0.2, 0.3], third)[:, None]
    signal = rng.normal(size=(3 * third, 3)) * scale
    batches = WindowBatches(
        make_store({"a": signal}), 50, weighting="activity", steps_per_epoch=80
    )
    starts = starts_of(batches, 80)
    thirds = np.bincount(starts // third, minlength=3) / len(starts)
    np.testing.assert_allclose(thirds, [1 / 6, 2 / 6, 3 / 6], atol=0.04)


def test_chances_are_those_of_each_windows_own_deviation(rng):
    signals = {k: noise(200, s, 5) for k, s in (("a", 0.1), ("b", 0.4))}
    store = make_store(signals)
    batches = WindowBatches(store, 2, weighting="activity")
    cells, order, chance = batches._round_of(0, 0)
    assert order is None
    _, starts = cells.locate(np.arange(cells.size))
    windows = store.read(starts).astype(np.float64)
    std = np.linalg.norm(windows, axis=2).std(axis=1)
    subject = starts >= 200
    expected = np.empty(len(std))
    for name in (False, True):
        mine = subject == name
        expected[mine] = std[mine] / std[mine].mean()
    np.testing.assert_allclose(np.diff(chance, prepend=0), expected, rtol=1e-4)


def test_subjects_keep_their_share_and_one_at_rest_is_uniform():
    rest = np.tile([0.0, 0.0, 1.0], (40 * LENGTH, 1))
    lively = noise(80 * LENGTH)
    store = make_store({"lively": lively, "rest": rest})
    batches = WindowBatches(store, 50, weighting="activity", steps_per_epoch=60)
    is_rest = starts_of(batches, 60) >= len(lively)
    assert is_rest.mean() == pytest.approx(1 / 3, abs=0.04)
    at = starts_of(batches, 60)[is_rest] - len(lively)
    halves = np.bincount(at // (20 * LENGTH), minlength=2) / len(at)
    np.testing.assert_allclose(halves, [0.5, 0.5], atol=0.06)


def test_turning_slowly_is_no_activity():
    angle = np.linspace(0, np.pi, 10 * LENGTH)
    turning = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    store = make_store({"a": turning})
    magnitude = MagnitudeMap(store, store.pieces)
    starts = np.arange(0, 9 * LENGTH, magnitude.step)
    np.testing.assert_array_equal(magnitude.std(np.zeros(36, int), starts), 0)


def test_windows_at_rest_are_left_out(rng):
    signal = np.concatenate(
        [np.tile([0.0, 0.0, 1.0], (30 * LENGTH, 1)), noise(30 * LENGTH)]
    )
    batches = WindowBatches(make_store({"a": signal}), 4, minimum_std_g=0.05)
    starts = starts_of(batches, len(batches))
    assert starts.min() > 29 * LENGTH
    weighted = WindowBatches(
        make_store({"a": signal}),
        4,
        minimum_std_g=0.05,
        weighting="activity",
    )
    assert starts_of(weighted, len(weighted)).min() > 29 * LENGTH


def moving_at_times(num_windows, seed):
    """Rest, with short stretches of motion at any moment."""
    rng = np.random.default_rng(seed)
    signal = np.tile([0.0, 0.0, 1.0], (num_windows * LENGTH, 1))
    for start in rng.integers(len(signal), size=num_windows // 3):
        stretch = signal[start : start + 8]
        stretch += rng.normal(0, 0.5, stretch.shape)
    return signal


def test_no_batch_is_short_where_windows_at_rest_are_left_out():
    """Each piece has a shift of its own, and its own number of windows."""
    store = make_store({f"s{k}": moving_at_times(60, k) for k in range(8)})
    batches = WindowBatches(store, 2, minimum_std_g=0.05)
    last = len(batches) - 1
    assert last > 80
    assert {len(batches.draw(epoch, last)) for epoch in range(100)} == {2}


def test_wrong_arguments_are_explained(store):
    with pytest.raises(TypeError, match="must be a `WindowStore`"):
        WindowBatches(np.zeros((4, LENGTH, 3)))
    with pytest.raises(ValueError, match="at least 1.*batch_size=0"):
        WindowBatches(store, 0)
    with pytest.raises(ValueError, match="a whole number.*batch_size=4.0"):
        WindowBatches(store, 4.0)
    with pytest.raises(ValueError, match="`weighting`.*'std'"):
        WindowBatches(store, weighting="std")
    with pytest.raises(ValueError, match="`seed`.*seed=-1"):
        WindowBatches(store, seed=-1)
    with pytest.raises(ValueError, match="`steps_per_epoch`.*=0"):
        WindowBatches(store, steps_per_epoch=0)
    with pytest.raises(ValueError, match="`minimum_std_g`.*=0"):
        WindowBatches(store, minimum_std_g=0)
    with pytest.raises(ValueError, match="97 windows.*batch_size=98"):
        WindowBatches(store, 98)
    with pytest.raises(IndexError, match="`index` must be in"):
        WindowBatches(store, 8)[99]


def test_an_epoch_has_the_batches_of_the_stream_in_order(store):
    inputs = keras.Input((LENGTH, 3))
    model = SimCLR(
        keras.Model(
            inputs,
            keras.layers.GlobalMaxPooling1D()(keras.layers.Dense(2)(inputs)),
        ),
        projector=None,
    )
    model.compile(optimizer="sgd", run_eagerly=True)
    batches = WindowBatches(store, 8, steps_per_epoch=4)
    with pytest.raises(ValueError, match="Pass it to `WindowBatches`"):
        model.fit(batches, steps_per_epoch=2, verbose=0)
    drawn = []
    monitor = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: drawn.append(batches.is_in_order)
    )
    model.fit(batches, epochs=3, verbose=0, callbacks=[monitor])
    assert drawn == [True] * 12 and batches.epoch == 3


def test_what_it_is_can_be_written_as_json(store):
    batches = WindowBatches(store, 8, seed=np.int64(3))
    same = WindowBatches(store, 8, seed=3)
    assert json.loads(json.dumps(batches.identity())) == same.identity()
