"""Every draw of a stream follows its seed, epoch and index.

Each recording is one window long, so no shift is left to draw: what differs
is the order, or the picks, alone.
"""

import numpy as np
import pytest

from keras_relcon.data import (
    CandidateGroups,
    Recording,
    WindowBatches,
    WindowStore,
)

LENGTH = 16


@pytest.fixture(scope="module")
def store():
    """40 windows of one subject."""
    rng = np.random.default_rng(0)
    return WindowStore.from_recordings(
        [
            Recording(
                rng.normal(0, 0.3, (LENGTH, 3)),
                100,
                "s",
                recording_id=f"{index:02d}",
            )
            for index in range(40)
        ],
        window_length=LENGTH,
    )


def assert_all_differ(draws):
    assert len({np.asarray(draw).tobytes() for draw in draws}) == len(draws)


@pytest.mark.parametrize("weighting", [None, "activity"])
def test_windows_are_drawn_by_seed_epoch_and_index(store, weighting):
    def batches(seed):
        return WindowBatches(store, 10, seed=seed, weighting=weighting)

    draws = [
        batches(seed).draw(epoch, index)
        for seed in (0, 1)
        for epoch in (0, 1)
        for index in (0, 1)
    ]
    assert all((draw % LENGTH == 0).all() for draw in draws)
    assert_all_differ(draws)


def test_anchors_and_candidates_are_drawn_by_seed_epoch_and_index(store):
    def groups(seed):
        return CandidateGroups(store, 4, 3, seed=seed)

    draws = [
        groups(seed).draw(epoch, index)
        for seed in (0, 1)
        for epoch in (0, 1)
        for index in (0, 1)
    ]
    assert_all_differ([anchors for anchors, _ in draws])
    # Which of the other windows a row takes, whatever its anchor is.
    picks = [
        candidates // LENGTH - (candidates > anchors[:, None])
        for anchors, candidates in draws
    ]
    assert_all_differ(picks)
