"""The same batches by every way out of `CandidateGroups`; their memory."""

import os
import sys
import tracemalloc
from multiprocessing import get_context

import keras
import numpy as np
import pytest
from test_candidate_groups import assert_equal

from keras_relcon.data import CandidateGroups, Recording, WindowStore
from keras_relcon.data.store.intervals import invalid_table
from keras_relcon.data.store.signal_encoding import SignalEncoding
from keras_relcon.data.store.stored_recording import (
    FileSignal,
    StoredRecording,
)

LENGTH = 16


def recordings():
    rng = np.random.default_rng(0)
    return [
        Recording(rng.normal(0, 0.3, (500, 3)), 100, f"s{k}") for k in range(3)
    ]


@pytest.fixture(scope="module", params=["memory", "file"])
def store(request, tmp_path_factory):
    if request.param == "memory":
        return WindowStore.from_recordings(recordings(), window_length=LENGTH)
    path = tmp_path_factory.mktemp("store") / "a.h5"
    return WindowStore.create(path, recordings(), window_length=LENGTH)


def make_groups(store, **kwargs):
    return CandidateGroups(store, 8, 5, seed=3, **kwargs)


WAYS = [
    {"workers": 0},
    {"workers": 1},
    {"workers": 4},
    {"workers": 1, "use_multiprocessing": True},
    {"workers": 4, "use_multiprocessing": True},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_same_batches_with_any_workers(store, way):
    if way.get("use_multiprocessing") and keras.backend.backend() == "jax":
        pytest.skip("JAX threads may hang in forked processes")
    plain = make_groups(store)
    expected = [plain.batch(0, index) for index in range(len(plain))]
    groups = make_groups(store, **way)
    adapter = keras.src.trainers.data_adapters.get_data_adapter(groups)
    got = list(adapter.get_numpy_iterator())
    assert len(got) == len(expected)
    for batch, again in zip(expected, got):
        again = again[0] if isinstance(again, tuple) else again
        assert_equal(batch, {k: np.asarray(v) for k, v in again.items()})


def draw(groups, epoch, index):
    return groups.batch(epoch, index)


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_same_batches_in_processes_of_their_own(store):
    groups = make_groups(store)
    places = [(e, i) for e in range(2) for i in range(len(groups))]
    with get_context("fork").Pool(3) as pool:
        got = pool.starmap(draw, [(groups, *place) for place in places])
    for place, batch in zip(places, got):
        assert_equal(batch, groups.batch(*place))


def test_tf_dataset_gives_the_same_batches_in_order(store):
    tf = pytest.importorskip("tensorflow")
    groups = make_groups(store)
    dataset = groups.to_tf_dataset(epochs=2, num_parallel_calls=4)
    assert dataset.element_spec == {
        "anchor": tf.TensorSpec((8, LENGTH, 3), tf.float32),
        "candidates": tf.TensorSpec((8, 5, LENGTH, 3), tf.float32),
    }
    length = len(groups)
    assert dataset.cardinality() == 2 * length
    got = list(dataset.as_numpy_iterator())
    for number, batch in enumerate(got):
        assert_equal(batch, groups.batch(*divmod(number, length)))
    assert not np.array_equal(got[0]["anchor"], got[length]["anchor"])
    assert groups.epoch == 0


def test_tf_dataset_goes_on_from_the_epoch_and_has_no_end(store):
    tf = pytest.importorskip("tensorflow")
    groups = make_groups(store)
    groups.epoch = 5
    dataset = groups.to_tf_dataset()
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    batch = next(dataset.skip(len(groups) + 1).as_numpy_iterator())
    assert_equal(batch, groups.batch(6, 1))


def test_tf_dataset_of_fixed_groups_repeats(store):
    pytest.importorskip("tensorflow")
    groups = make_groups(store, is_fixed=True)
    got = list(groups.to_tf_dataset(epochs=2).as_numpy_iterator())
    for number, batch in enumerate(got):
        assert_equal(batch, groups.batch(0, number % len(groups)))


def test_shards_share_the_batches_out(store):
    tf = pytest.importorskip("tensorflow")
    groups = make_groups(store)
    num_batches = 2 * len(groups)
    datasets = {
        "own": [groups.to_tf_dataset(2, None, 3, k) for k in range(3)],
        "shard": [groups.to_tf_dataset(2).shard(3, k) for k in range(3)],
    }
    for parts in datasets.values():
        got = [list(part.as_numpy_iterator()) for part in parts]
        assert sum(map(len, got)) == num_batches
        for number in range(num_batches):
            batch = got[number % 3][number // 3]
            assert_equal(batch, groups.batch(*divmod(number, len(groups))))
    options = datasets["own"][0].options()
    policy = options.experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA
    assert options.deterministic


def test_an_own_shard_reads_only_its_batches(store, monkeypatch):
    pytest.importorskip("tensorflow")
    groups = make_groups(store)
    drawn, batch = [], groups.batch
    monkeypatch.setattr(
        groups, "batch", lambda *place: drawn.append(place) or batch(*place)
    )
    list(groups.to_tf_dataset(1, 1, 2, 1).as_numpy_iterator())
    assert sorted(drawn) == [(0, i) for i in range(1, len(groups), 2)]


def test_shards_of_two_workers_lose_nothing(store):
    """What tf.data itself does for two workers of a distribution strategy."""
    pytest.importorskip("tensorflow")
    from tensorflow.python.data.experimental.ops import distribute
    from tensorflow.python.data.ops import options as options_lib

    groups = make_groups(store)
    dataset = groups.to_tf_dataset(epochs=1)
    policy = dataset.options().experimental_distribute.auto_shard_policy
    assert policy == options_lib.AutoShardPolicy.DATA
    parts = [
        list(distribute._AutoShardDataset(dataset, 2, k).as_numpy_iterator())
        for k in range(2)
    ]
    assert sum(map(len, parts)) == len(groups)
    for index in range(len(groups)):
        assert_equal(parts[index % 2][index // 2], groups.batch(0, index))


@pytest.mark.every_backend
def test_fit_takes_the_tf_dataset(store):
    pytest.importorskip("tensorflow")
    groups = make_groups(store)
    inputs = {
        "anchor": keras.Input((LENGTH, 3), name="anchor"),
        "candidates": keras.Input((5, LENGTH, 3), name="candidates"),
    }
    mean = keras.ops.mean(inputs["candidates"], axis=(1, 2))
    model = keras.Model(inputs, keras.layers.Dense(1)(mean))
    model.compile(loss=lambda y, y_pred: keras.ops.mean(y_pred**2))
    dataset = groups.to_tf_dataset().map(lambda batch: (batch, batch["anchor"]))
    history = model.fit(
        dataset,
        steps_per_epoch=len(groups),
        epochs=2,
        shuffle=False,
        verbose=0,
    )
    assert np.isfinite(history.history["loss"]).all()


def test_wrong_arguments_of_the_tf_dataset(store):
    groups = make_groups(store)
    with pytest.raises(ValueError, match="`epochs` must be .*at least 1"):
        groups.to_tf_dataset(epochs=0)
    for shard, name in (((2, 2), "index"), ((0, 0), "num"), ((2, -1), "index")):
        with pytest.raises(ValueError, match=f"`.*{name}.*` must be"):
            groups.to_tf_dataset(1, None, *shard)


def test_without_tensorflow_the_extra_is_named(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match=r"keras-relcon\[tensorflow\]"):
        make_groups(store).to_tf_dataset()


def sparse_store(path, num_recordings, num_samples, length):
    """A store of zeros whose unpacked file takes no space on the disk."""
    path.touch()
    os.truncate(path, num_recordings * num_samples * 6)
    invalid = invalid_table(*np.zeros((2, 0), dtype=bool))
    stored = [
        StoredRecording(
            f"s{number % 50}",
            f"r{number}",
            None,
            100.0,
            number * num_samples,
            num_samples,
            invalid,
            {}.get,
        )
        for number in range(num_recordings)
    ]
    encoding = SignalEncoding(100.0, "int16", 16.0)
    signal = FileSignal(
        str(path), encoding.number_type, encoding.scale_g, lambda file: None
    )
    return WindowStore(signal, stored, encoding, length)


@pytest.mark.parametrize(
    "policy, length, megabytes",
    [
        ({}, 256, 120),
        pytest.param(  # it looks around each window: these are fewer
            {"policy": "time_span", "span_seconds": 3600},
            1024,
            60,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_store_of_32_gigabytes_is_drawn_from_in_little_memory(
    tmp_path, policy, length, megabytes
):
    """So many bytes as a file of 20 GB has when it is unpacked."""
    num_samples = 10**6
    store = sparse_store(tmp_path / "sparse", 5400, num_samples, length)
    assert os.path.getsize(tmp_path / "sparse") > 32e9
    tracemalloc.start()
    groups = CandidateGroups(store, 64, 20, **policy)
    batch = groups.batch(0, len(groups) - 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(groups) > 0.9 * 5400 * num_samples / length / 64
    assert not batch["candidates"].any()
    assert peak < megabytes * 1e6
