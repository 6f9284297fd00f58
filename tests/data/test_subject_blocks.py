"""Groups in which every window is an anchor, drawn anew or ranked before."""

import pickle
import shutil

import h5py
import keras
import numpy as np
import pytest
from test_candidate_groups import LENGTH, assert_equal, decode, make_store
from test_window_batches import make_store as make_windows
from test_window_batches import moving_at_times

from keras_relcon.data import CandidateGroups, rank_groups
from keras_relcon.data.streams.rank_groups import _checksum_of_weights
from keras_relcon.data.streams.stored_ranking import StoredRanking, ranks_of
from keras_relcon.models import MotifDistance

SIZES = {"batch_size": 12, "num_candidates": 3, "anchors": "all"}


@pytest.fixture(scope="module")
def store():
    return make_store([[400, 90], [500], [700, 140], [460]])


def make_groups(store, **kwargs):
    return CandidateGroups(store, **{**SIZES, "seed": 1, **kwargs})


class Difference:
    """How far the first samples of two windows are, by time."""

    def __init__(self, weight=1.0):
        self.weights = [keras.Variable(weight)]
        self.num_calls = 0

    def candidate_distances(self, anchors, candidates):
        assert candidates.shape == (len(anchors), 0, *anchors.shape[1:])
        self.num_calls += 1
        times = np.asarray(anchors)[:, 0, 2]
        index = np.arange(len(times))
        others = (index[:, None] + np.arange(1, len(times))) % len(times)
        return np.abs(times[others] - times[:, None]).astype("float32")


def test_a_batch_is_of_blocks_of_subjects(store):
    groups = make_groups(store)
    for epoch in range(3):
        seen = set()
        for index in range(len(groups)):
            batch = groups.batch(epoch, index)
            assert set(batch) == {"anchor", "subject"}
            assert batch["anchor"].shape == (12, LENGTH, 3)
            subject, piece, start = decode(batch["anchor"])
            np.testing.assert_array_equal(batch["subject"], subject)
            assert batch["subject"].dtype == np.int32
            blocks = subject.reshape(3, 4)
            assert (blocks == blocks[:, :1]).all()
            windows = set(zip(subject, piece, start // LENGTH * LENGTH))
            assert len(windows) == 12
            starts = set(zip(subject, piece, start))
            assert not seen & starts
            seen |= starts
    first, second = (groups.batch(epoch, 0) for epoch in (0, 1))
    assert np.any(first["anchor"] != second["anchor"])


def test_blocks_of_a_subject_are_spread_over_the_epoch():
    # One subject has half of the windows; seven others share the rest.
    store = make_store([[16 * 280]] + [[16 * 40]] * 7)
    groups = make_groups(store, batch_size=16)
    shares = [
        np.mean(groups.batch(0, index)["subject"] == 0)
        for index in range(len(groups))
    ]
    assert len(shares) > 30
    # Drawn at random, of 4 blocks 0 to 4 would be of that subject.
    assert np.min(shares) >= 0.25 and np.max(shares) <= 0.75


def test_a_subject_comes_no_more_often_than_max_blocks():
    # The first has ten times as many windows as each of the others.
    store = make_store([[16 * 80]] + [[16 * 8]] * 7)
    groups = make_groups(store, batch_size=16, max_blocks=2)
    assert len(groups) == sum([2] + [min(2, (16 * 8 - 15) // 64)] * 7) // 4
    for epoch in range(2):
        subjects = np.concatenate(
            [groups.batch(epoch, i)["subject"] for i in range(len(groups))]
        )
        assert np.bincount(subjects).max() <= 2 * 4
    first, second = (groups.draw(epoch, 0) for epoch in (0, 1))
    assert set(first) != set(second)
    sizes = {"batch_size": 16, "steps_per_epoch": 1}
    limited, free = (
        make_groups(store, **sizes, max_blocks=n) for n in (2, None)
    )
    assert limited.identity() == {**free.identity(), "max_blocks": 2}


def test_whatever_the_shift_there_are_so_many_batches(store):
    groups = make_groups(store)
    windows = [(400, 90), (500,), (700, 140), (460,)]
    largest_shift = LENGTH - 1
    sure = sum(
        sum((n - largest_shift) // LENGTH for n in lengths) // 4 * 4
        for lengths in windows
    )
    assert len(groups) == sure // 12


def test_no_batch_is_short_where_windows_at_rest_are_left_out():
    signals = {f"s{k}": moving_at_times(60, k) for k in range(8)}
    sizes = {"batch_size": 6, "num_candidates": 2, "minimum_std_g": 0.05}
    for most in (None, 7):
        groups = make_groups(make_windows(signals), **sizes, max_blocks=most)
        last = len(groups) - 1
        assert last > 20
        assert {len(groups.draw(epoch, last)) for epoch in range(100)} == {6}


def test_a_recording_is_a_block_with_that_policy(store):
    groups = make_groups(store, policy="recording", num_candidates=2)
    for index in range(len(groups)):
        subject, piece, _ = decode(groups.batch(0, index)["anchor"])
        for values in (subject.reshape(4, 3), piece.reshape(4, 3)):
            assert (values == values[:, :1]).all()


def test_batches_repeat_in_any_order_and_process(store):
    groups, again = make_groups(store), make_groups(store)
    again = pickle.loads(pickle.dumps(again))
    for index in (2, 0):
        assert_equal(groups.batch(4, index), again.batch(4, index))
    other = make_groups(store, seed=2)
    assert np.any(groups.batch(0, 0)["anchor"] != other.batch(0, 0)["anchor"])
    assert groups.identity() != make_groups(store, num_candidates=2).identity()


@pytest.mark.parametrize(
    "arguments, problem",
    [
        ({"batch_size": 10}, "Use batch_size=8"),
        ({"batch_size": 4}, "two subjects or more"),
        ({"policy": "time_span", "span_seconds": 9}, "side by side"),
        ({"allow_overlap": True}, "side by side"),
        ({"anchors": "most"}, "`anchors` must be"),
        ({"anchors": "one", "ranking": "ranking.h5"}, "goes with"),
        ({"anchors": "one", "max_blocks": 2}, "`max_blocks` goes with"),
        ({"max_blocks": 0}, "`max_blocks` must be"),
    ],
)
def test_arguments_that_do_not_go_together(store, arguments, problem):
    with pytest.raises(ValueError, match=problem):
        make_groups(store, **arguments)


def test_ranks_by_a_plain_loop(rng):
    distances = rng.integers(0, 4, (3, 5, 9)).astype("float32")
    distances[0, 0, :2] = np.inf
    ranks = ranks_of(distances)
    assert ranks.dtype == np.uint8
    for row, received in zip(distances.reshape(-1, 9), ranks.reshape(-1, 9)):
        levels = sorted(set(row.tolist()))
        assert [levels.index(value) for value in row] == received.tolist()


def test_a_ranking_gives_the_groups_with_their_order(store, tmp_path):
    groups, distance = make_groups(store), Difference()
    path = rank_groups(groups, distance, tmp_path / "ranking.h5", epochs=2)
    assert list(tmp_path.iterdir()) == [path]
    assert distance.num_calls == 2 * len(groups)
    ranked = make_groups(store, ranking=path, seed=5)
    assert len(ranked) == 2 * len(groups)
    expected = {
        groups.draw(epoch, index).tobytes(): groups.batch(epoch, index)
        for epoch in range(2)
        for index in range(len(groups))
    }
    orders = []
    for epoch in range(2):
        drawn = [ranked.draw(epoch, i).tobytes() for i in range(len(ranked))]
        assert set(drawn) == set(expected)
        orders.append(drawn)
        for index, key in enumerate(drawn):
            batch = ranked.batch(epoch, index)
            ranks = batch.pop("ranks")
            assert_equal(batch, expected[key])
            distances = distance.candidate_distances(
                batch["anchor"], np.zeros((12, 0, LENGTH, 3))
            )
            np.testing.assert_array_equal(ranks, ranks_of(distances))
    assert orders[0] != orders[1]
    assert ranked.identity()["ranking"]


def test_ranking_goes_on_where_it_ended(store, tmp_path, monkeypatch):
    groups = make_groups(store)
    module = "keras_relcon.data.streams.rank_groups.GROUPS_PER_PART"
    monkeypatch.setattr(module, 2)

    class Ended(Difference):
        def candidate_distances(self, anchors, candidates):
            if self.num_calls == 3:
                raise KeyboardInterrupt
            return super().candidate_distances(anchors, candidates)

    path = tmp_path / "ranking.h5"
    with pytest.raises(KeyboardInterrupt):
        rank_groups(groups, Ended(), path)
    assert not path.exists()
    distance = Difference()
    distance.__class__.__qualname__ = Ended.__qualname__
    rank_groups(groups, distance, path)
    assert distance.num_calls == len(groups) - 2
    rank_groups(groups, distance, path)  # it is there
    assert distance.num_calls == len(groups) - 2


def test_another_process_may_be_faster(store, tmp_path):
    class Overtaken(Difference):
        def candidate_distances(self, anchors, candidates):
            if path.parent.exists() and not path.exists():
                shutil.copy(other, path)
                shutil.rmtree(f"{path}.parts")
            return super().candidate_distances(anchors, candidates)

    groups, path = make_groups(store), tmp_path / "new" / "ranking.h5"
    other = rank_groups(groups, Overtaken(), tmp_path / "other.h5")
    assert rank_groups(groups, Overtaken(), path) == path
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == other.read_bytes()
    # What the other one has ranked must be the same.
    path.unlink()
    with pytest.raises(FileExistsError, match="with seed=1"):
        rank_groups(make_groups(store, seed=3), Overtaken(), path)


def test_a_damaged_part_is_ranked_again(store, tmp_path, monkeypatch):
    module = "keras_relcon.data.streams.rank_groups.GROUPS_PER_PART"
    monkeypatch.setattr(module, 2)
    groups, path = make_groups(store), tmp_path / "ranking.h5"
    with monkeypatch.context() as patch:
        patch.setattr(StoredRanking, "save", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rank_groups(groups, Difference(), path)
    part = next((tmp_path / "ranking.h5.parts").glob("part-*.npz"))
    part.write_bytes(part.read_bytes()[:-50])
    distance = Difference()
    with pytest.warns(UserWarning, match="is damaged"):
        rank_groups(groups, distance, path)
    assert distance.num_calls == 2


def test_a_shard_has_its_rows_of_the_ranks(store, tmp_path):
    groups = make_groups(store)
    path = rank_groups(groups, Difference(), tmp_path / "ranking.h5")
    whole = make_groups(store, ranking=path)
    shards = [whole.shard(2, index) for index in range(2)]
    batch = whole.batch(3, 1)
    parts = [shard.batch(3, 1) for shard in shards]
    for name, value in batch.items():
        joined = np.concatenate([part[name] for part in parts])
        np.testing.assert_array_equal(value, joined)


def test_a_tf_dataset_gives_the_same_batches(store, tmp_path):
    pytest.importorskip("tensorflow")
    groups = make_groups(store)
    path = rank_groups(groups, Difference(), tmp_path / "ranking.h5")
    ranked = make_groups(store, ranking=path)
    dataset = ranked.to_tf_dataset(epochs=1)
    assert dataset.element_spec["ranks"].shape == (12, 11)
    for index, batch in enumerate(dataset.as_numpy_iterator()):
        assert_equal(ranked.batch(0, index), batch)
    assert index == len(ranked) - 1


def test_a_ranking_of_something_else_is_refused(store, tmp_path):
    path = rank_groups(make_groups(store), Difference(), tmp_path / "r.h5")
    with pytest.raises(ValueError, match="batch_size=12 there, 8 here"):
        make_groups(store, ranking=path, batch_size=8)
    with pytest.raises(ValueError, match="num_candidates=3 there, 5 here"):
        make_groups(store, ranking=path, num_candidates=5)
    with pytest.raises(ValueError, match="max_blocks=None there, 2 here"):
        make_groups(store, ranking=path, max_blocks=2)
    with pytest.raises(ValueError, match="minimum_std_g=None there, 1e-06"):
        make_groups(store, ranking=path, minimum_std_g=1e-6)
    other = make_store([[400, 90], [500], [700, 140], [461]])
    with pytest.raises(ValueError, match="signal="):
        make_groups(other, ranking=path)
    with pytest.raises(FileExistsError, match="with distance="):
        rank_groups(make_groups(store), Difference(2.0), path)
    with pytest.raises(FileExistsError, match="with seed=1"):
        rank_groups(make_groups(store, seed=3), Difference(), path)
    for name, value in (("minimum_std_g", 1e-6), ("max_blocks", 2)):
        sizes = {"steps_per_epoch": 1}
        limited = make_groups(store, **sizes, **{name: value})
        rank_groups(limited, Difference(), tmp_path / f"{name}.h5")
        rank_groups(limited, Difference(), tmp_path / f"{name}.h5")
        free = make_groups(store, **sizes)
        with pytest.raises(FileExistsError, match=f"{name}={value}, .* None"):
            rank_groups(free, Difference(), tmp_path / f"{name}.h5")
    with pytest.raises(FileNotFoundError):
        make_groups(store, ranking=tmp_path / "none.h5")
    damaged = tmp_path / "damaged.h5"
    content = path.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="that `rank_groups` wrote"):
        StoredRanking.load(damaged)
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file.attrs["format"] = "other"
    with pytest.raises(ValueError, match="another kind of file"):
        StoredRanking.load(tmp_path / "foreign.h5")


def test_what_cannot_be_ranked_is_refused(store, tmp_path):
    path = tmp_path / "ranking.h5"
    with pytest.raises(ValueError, match='must have `anchors="all"`'):
        rank_groups(
            CandidateGroups(store, 8, num_candidates=5), Difference(), path
        )
    with pytest.raises(TypeError, match="must be `CandidateGroups`"):
        rank_groups(store, Difference(), path)
    with pytest.raises(TypeError, match="must be a `MotifDistance`"):
        rank_groups(make_groups(store), None, path)
    with pytest.raises(ValueError, match="`epochs` must be"):
        rank_groups(make_groups(store), Difference(), path, epochs=0)


def test_a_ranking_is_of_the_settings_of_its_distance(store, tmp_path):
    def distance(**settings):
        made = MotifDistance(
            embedding_dim=8, kernel_size=3, num_dilated_blocks=1, **settings
        )
        made.build((None, store.window_length, 3))
        made.set_weights([np.ones(w.shape) for w in made.get_weights()])
        return made

    groups, path = make_groups(store), tmp_path / "r.h5"
    rank_groups(groups, distance(), path)
    rank_groups(groups, distance(), path)
    with pytest.raises(FileExistsError, match="with distance="):
        rank_groups(groups, distance(ranking_attention="softmax"), path)
    # One of an earlier version says nothing of settings.
    ranking = StoredRanking.load(path)
    ranking.facts["distance"] = _checksum_of_weights(distance())
    ranking.save(tmp_path / "former.h5")
    rank_groups(groups, distance(), tmp_path / "former.h5")
