"""Sizes of what training reads, each beside the place it is published in.

Sections of [RelCon](https://arxiv.org/abs/2411.18822).
"""

import numpy as np
import pytest

from keras_relcon.data import (
    CandidateGroups,
    Interval,
    Recording,
    WindowBatches,
    WindowStore,
    make_windows,
)
from keras_relcon.data.target_windows import cut_intervals


def long_recording(subject, seconds=700):
    rng = np.random.default_rng(0)
    return Recording(rng.normal(size=(seconds * 100, 3)), 100, subject)


@pytest.fixture(scope="module")
def store():
    """Two subjects with 273 windows each, of the default rate and length."""
    return WindowStore.from_recordings(
        [long_recording("a"), long_recording("b")]
    )


def test_windows_have_256_samples_at_100_hz(store):
    """4.1: 2.56 seconds of the raw 100 Hz signal."""
    assert store.window_length == 256
    assert store.sample_rate_hz == 100
    windows = make_windows(long_recording("a", 10))
    assert windows.acceleration.shape[1:] == (256, 3)
    assert windows.sample_rate_hz == 100


def test_groups_have_64_anchors_of_20_candidates(store):
    """A.1: batch-size of 64, candidate set size of 20; 3.2: c = 20."""
    groups = CandidateGroups(store)
    assert (groups.batch_size, groups.num_candidates) == (64, 20)
    assert groups.policy == "subject"  # 3.2: "from the same user"
    assert groups.allow_overlap is False
    assert groups.minimum_std_g is None  # A.3: nothing at rest left out
    batch = groups[0]
    assert batch["anchor"].shape == (64, 256, 3)
    assert batch["candidates"].shape == (64, 20, 256, 3)


def test_batches_have_64_windows(store):
    """A.1: SimCLR and AugPred with a batch-size of 64."""
    batches = WindowBatches(store)
    assert batches[0].shape == (64, 256, 3)
    assert batches.weighting is None
    assert batches.minimum_std_g is None


def test_windows_overlap_by_half_where_they_are_to_be_scored():
    """Both cutters, and a store, begin a window every 128 samples."""
    recording = long_recording("a", 10)
    whole = make_windows(recording)
    inside = cut_intervals(
        [(recording, [Interval(0.0, 10.0, targets={"speed_m_s": 1.0})])]
    )
    stored = WindowStore.from_recordings([recording]).windows()
    for windows in (whole, inside, stored):
        found = windows.start_seconds
        np.testing.assert_allclose(found, np.arange(6) * 1.28)
