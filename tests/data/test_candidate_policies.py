import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_candidate_groups import decode

from keras_relcon.data import CandidateGroups, Recording, WindowStore

LENGTH = 16
RATE = 100


def identified(subject, number, num_samples, start_time=None, seed=None):
    """A signal that tells its subject, its recording and the time."""
    acceleration = np.zeros((num_samples, 3))
    acceleration[:, 0] = subject / 100
    acceleration[:, 1] = number / 100
    acceleration[:, 2] = np.arange(num_samples) / 2**14
    return Recording(
        acceleration, RATE, f"s{subject}", None, f"r{number}", start_time
    )


def make_groups(recordings, num_candidates=5, **kwargs):
    store = WindowStore.from_recordings(recordings, window_length=LENGTH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CandidateGroups(store, 4, num_candidates, **kwargs)


def all_batches(groups, num_epochs=3):
    for epoch in range(num_epochs):
        for index in range(len(groups)):
            batch = groups.batch(epoch, index)
            yield decode(batch["anchor"]), decode(batch["candidates"])


def test_candidates_of_the_same_recording():
    recordings = [identified(s, k, 300) for s in range(2) for k in range(3)]
    groups = make_groups(recordings, policy="recording")
    for anchors, candidates in all_batches(groups):
        for mine, theirs in zip(anchors[:2], candidates[:2]):
            np.testing.assert_array_equal(
                theirs, np.broadcast_to(mine[:, None], theirs.shape)
            )
        gap = np.abs(candidates[2] - anchors[2][:, None])
        assert (gap >= LENGTH).all()


def test_recordings_with_too_few_windows_are_counted():
    recordings = [identified(0, 0, 300), identified(0, 1, 60)]
    recordings += [identified(1, k, 70) for k in range(9)]
    store = WindowStore.from_recordings(recordings, window_length=LENGTH)
    with pytest.warns(UserWarning) as caught:
        groups = CandidateGroups(store, 4, 5, policy="recording")
    (message,) = [str(item.message) for item in caught]
    assert "1 of 2 subjects have fewer than 6 windows in one" in message
    assert "s1 (27)" in message and "2 of 46 windows, of other" in message
    assert groups.left_out == {"s1": 27}
    # The whole subject has enough.
    assert CandidateGroups(store, 4, 5).left_out == {}


@given(
    st.lists(st.integers(LENGTH, 500), min_size=1, max_size=5),
    st.lists(st.integers(0, 300), min_size=5, max_size=5),
    st.integers(1, 4),
    st.floats(0.2, 3.0),
    st.booleans(),
    st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_candidates_within_a_time_span(
    lengths, pauses, num_candidates, span_seconds, allow_overlap, seed
):
    # Recordings of one subject, one after another on one clock.
    clock = np.cumsum(np.add(lengths, pauses[: len(lengths)])) - lengths[0]
    recordings = [
        identified(0, k, length, start_time=1e9 + clock[k] / RATE)
        for k, length in enumerate(lengths)
    ]
    try:
        groups = make_groups(
            recordings,
            num_candidates,
            seed=seed,
            policy="time_span",
            span_seconds=span_seconds,
            allow_overlap=allow_overlap,
        )
    except ValueError as error:
        assert "must have" in str(error)
        return
    batches = list(all_batches(groups))
    for (_, number, start), (_, numbers, starts) in batches:
        moments = clock[numbers] + starts
        distance = np.abs(moments - (clock[number] + start)[:, None])
        assert (distance <= span_seconds * RATE + 1e-6).all()
        is_same = numbers == number[:, None]
        if not allow_overlap:
            gap = np.abs(starts - start[:, None])
            assert (gap[is_same] >= LENGTH).all()
        ordered = np.sort(moments, axis=1)
        assert (np.diff(ordered, axis=1) >= LENGTH).all()


def test_a_time_span_reaches_both_ways_and_into_the_next_recording():
    recordings = [
        identified(0, k, 800, start_time=5.0 + 8 * k) for k in range(3)
    ]
    groups = make_groups(recordings, policy="time_span", span_seconds=2.0)
    distances = []
    for (_, number, start), (_, numbers, starts) in all_batches(groups, 20):
        moments = 800 * numbers + starts
        distances.append(moments - (800 * number + start)[:, None])
    distances = np.concatenate(distances)
    assert distances.min() < -190 and distances.max() > 190
    assert abs(distances.mean()) < 10


@pytest.mark.parametrize("start_times", [[None, None], [5.0, 7.9], [5, None]])
def test_a_time_span_without_one_clock_stays_in_the_recording(start_times):
    recordings = [
        identified(0, k, 300, start_time=start)
        for k, start in enumerate(start_times)
    ]
    groups = make_groups(recordings, 3, policy="time_span", span_seconds=60)
    for (_, number, _), (_, numbers, _) in all_batches(groups):
        assert (numbers == number[:, None]).all()


def test_windows_with_too_few_neighbours_in_time_are_counted():
    recordings = [identified(0, 0, 900), identified(1, 0, 90)]
    store = WindowStore.from_recordings(recordings, window_length=LENGTH)
    with pytest.warns(UserWarning, match=r"1 of 2 .*6 windows within 1.*s1"):
        CandidateGroups(store, 4, 5, policy="time_span", span_seconds=1.0)
    with pytest.raises(ValueError, match="6 windows within 0.1 s"):
        CandidateGroups(store, 4, 5, policy="time_span", span_seconds=0.1)


def test_candidates_overlap_the_anchor_only_if_allowed():
    recordings = [identified(0, 0, 400)]
    overlaps = {}
    for allow_overlap in (False, True):
        groups = make_groups(recordings, allow_overlap=allow_overlap)
        gaps = [
            np.abs(candidates[2] - anchors[2][:, None])
            for anchors, candidates in all_batches(groups, 30)
        ]
        overlaps[allow_overlap] = np.concatenate(gaps) < LENGTH
    assert not overlaps[False].any()
    assert 0.02 < overlaps[True].mean() < 0.2


def with_rest(seed, num_samples=1200):
    rng = np.random.default_rng(seed)
    is_rest = np.repeat(rng.random(num_samples // 30 + 1) < 0.5, 30)
    is_rest = is_rest[:num_samples]
    strength = np.where(is_rest, 0.002, rng.uniform(0.03, 0.2))
    acceleration = rng.normal(0, 1, (num_samples, 3)) * strength[:, None]
    return Recording(acceleration + [0, 0, 1], RATE, f"s{seed}")


@pytest.mark.parametrize("window_length", [16, 25])
@pytest.mark.parametrize(
    "policy", [{}, {"policy": "time_span", "span_seconds": 4.0}]
)
def test_windows_at_rest_are_skipped(policy, window_length):
    recordings = [with_rest(seed) for seed in range(4)]
    store = WindowStore.from_recordings(recordings, RATE, window_length)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        all_groups = CandidateGroups(store, 4, 5)
        groups = CandidateGroups(store, 4, 5, minimum_std_g=0.02, **policy)

    def largest_std(groups):
        drawn = [
            groups.batch(e, i) for e in range(4) for i in range(len(groups))
        ]
        windows = [b["anchor"] for b in drawn]
        windows += [
            b["candidates"].reshape(-1, window_length, 3) for b in drawn
        ]
        return np.concatenate(windows).std(axis=1).max(axis=1)

    assert largest_std(groups).min() >= 0.02 - 1e-6
    assert (largest_std(all_groups) < 0.02).mean() > 0.2
    assert len(groups) < len(all_groups)


def test_no_moving_window_is_lost():
    """Of every window on the grid, the map says what its samples say."""
    recordings = [with_rest(seed, 1200 + seed) for seed in range(3)]
    store = WindowStore.from_recordings(recordings, RATE, LENGTH)
    groups = CandidateGroups(store, 4, 3, minimum_std_g=0.02)
    activity, step = groups._drawing.table.activity, LENGTH // 4
    for index, piece in enumerate(store.pieces):
        starts = np.arange(0, piece.num_samples - LENGTH + 1, step)
        windows = store.read(piece.start + starts).astype(np.float64)
        expected = windows.std(axis=1).max(axis=1) >= 0.02
        np.testing.assert_array_equal(
            activity.is_moving(index, starts), expected
        )


def test_a_store_at_rest_is_an_error():
    still = Recording(np.tile([0.0, 0, 1], (900, 1)), RATE, "s")
    store = WindowStore.from_recordings(still, RATE, LENGTH)
    with pytest.raises(ValueError, match="must have 6 windows.*at most 0"):
        CandidateGroups(store, 4, 5, minimum_std_g=0.01)


def test_wrong_policies():
    recordings = [identified(0, 0, 400)]
    with pytest.raises(ValueError, match="`policy` must be one of.*hour"):
        make_groups(recordings, policy="hour")
    for kwargs, message in (
        ({"policy": "time_span"}, "`span_seconds` must be .*above 0"),
        ({"policy": "time_span", "span_seconds": 0}, "must be .*above 0"),
        ({"span_seconds": 60}, "`span_seconds` must be None"),
    ):
        with pytest.raises(ValueError, match=message):
            make_groups(recordings, **kwargs)
    with pytest.raises(ValueError, match="`minimum_std_g` must be .*above 0"):
        make_groups(recordings, minimum_std_g=0)
    with pytest.raises(
        TypeError, match="`WindowStore`.*list.*groups_from_tfds"
    ):
        CandidateGroups(recordings)


@pytest.mark.parametrize("policy", ["recording", "time_span"])
def test_pieces_stay_apart_at_a_rate_that_is_not_met(policy):
    # Kept at 100.02 Hz: what is counted in samples of 100 Hz is longer.
    acceleration = np.ones((30_000, 3)) / 2
    acceleration[20_000] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording = Recording(acceleration, 100.02, "s", start_time=1e9)
    span = 60.0 if policy == "time_span" else None
    groups = make_groups([recording], policy=policy, span_seconds=span)
    first, second = groups.store.pieces
    assert second.start_time < first.start_time + first.num_samples / RATE
    assert len(np.unique(groups._drawing.table.group)) == 1
    np.testing.assert_array_equal(groups._drawing.table.time, [0, 20_001])
