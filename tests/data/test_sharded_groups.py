"""Shards of streams: together the batches, each row once."""

import keras
import numpy as np
import pytest

from keras_relcon.data import (
    CandidateGroups,
    WindowBatches,
    WindowStore,
    synthetic_recordings,
)
from keras_relcon.distributed import DataParallel


@pytest.fixture(scope="module")
def groups():
    recordings = synthetic_recordings(3, 8, 50, seed=1)
    store = WindowStore.from_recordings(recordings, 50, 40)
    return CandidateGroups(store, 12, 3, seed=4)


def test_shards_together_are_the_batch(groups):
    parts = [groups.shard(3, index) for index in range(3)]
    for index in (0, len(groups) - 1):
        whole = groups.batch(5, index)
        drawn = [part.batch(5, index) for part in parts]
        for name, windows in whole.items():
            assert drawn[0][name].shape == (4, *windows.shape[1:])
            joined = np.concatenate([each[name] for each in drawn])
            np.testing.assert_array_equal(joined, windows)


@pytest.mark.parametrize("weighting", [None, "activity"])
def test_shards_of_windows_together_are_the_batch(groups, weighting):
    batches = WindowBatches(groups.store, 12, seed=4, weighting=weighting)
    whole = batches.batch(1, 0)
    parts = [batches.shard(3, index) for index in range(3)]
    joined = [part.batch(1, 0) for part in parts]
    assert [len(each) for each in joined] == [4, 4, 4]
    np.testing.assert_array_equal(np.concatenate(joined), whole)
    assert parts[0].batch_specs().shape == (4, 40, 3)


def test_a_shard_reads_its_own_rows_only(groups, monkeypatch):
    read = []
    store_read = groups.store.read
    monkeypatch.setattr(
        groups.store,
        "read",
        lambda starts: read.append(starts) or store_read(starts),
    )
    groups.shard(3, 1).batch(0, 0)
    assert [len(starts) for starts in read] == [4 * (1 + 3)]


def test_shards_of_shards_are_shards(groups):
    inner = groups.shard(2, 1).shard(3, 2)
    outer = groups.shard(6, 5)
    for name, windows in outer.batch(1, 0).items():
        np.testing.assert_array_equal(inner.batch(1, 0)[name], windows)


def test_each_shard_counts_its_own_epochs(groups):
    part = groups.shard(2, 0)
    first = [part[index]["anchor"] for index in range(len(part))]
    part.on_epoch_end()
    assert (part.epoch, groups.epoch) == (1, 0)
    assert not np.array_equal(part[0]["anchor"], first[0])


def test_bad_shards_are_refused(groups):
    with pytest.raises(ValueError, match="shard_index=2"):
        groups.shard(2, 2)
    with pytest.raises(ValueError, match="a whole number.*num_shards=2.0"):
        groups.shard(2.0, 0)
    with pytest.raises(ValueError, match="shared evenly"):
        groups.shard(5, 0)
    with pytest.raises(TypeError, match="takes `keras_relcon.data.Cand"):
        DataParallel().shard(np.zeros(3))


@pytest.mark.every_backend
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.data needs TensorFlow"
)
def test_a_shard_as_a_tf_dataset(groups):
    part = groups.shard(2, 1)
    batch = next(iter(part.to_tf_dataset(epochs=1)))
    np.testing.assert_array_equal(
        batch["anchor"].numpy(), groups.batch(0, 0)["anchor"][6:]
    )


@pytest.mark.every_backend
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.data needs TensorFlow"
)
def test_windows_as_a_tf_dataset(groups):
    batches = WindowBatches(groups.store, 12, seed=4)
    dataset = batches.shard(2, 1).to_tf_dataset(epochs=2)
    assert dataset.element_spec.shape == (6, 40, 3)
    found = [windows.numpy() for windows in dataset]
    assert len(found) == 2 * len(batches)
    np.testing.assert_array_equal(found[0], batches.batch(0, 0)[6:])
    np.testing.assert_array_equal(found[len(batches)], batches.batch(1, 0)[6:])
