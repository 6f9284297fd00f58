"""Which recordings of a subject the candidates of a time span may be of."""

import numpy as np
import pytest

from keras_relcon.data import CandidateGroups, Recording, WindowStore

LENGTH, NUM_SAMPLES = 16, 160  # at least 9 windows, whatever the shift


def groups_of(second_start):
    """Two recordings of 1.6 s, the second at `second_start` seconds."""
    rng = np.random.default_rng(0)
    store = WindowStore.from_recordings(
        [
            Recording(
                rng.normal(0, 0.3, (NUM_SAMPLES, 3)),
                100,
                "s",
                recording_id=name,
                start_time=1000.0 + start,
            )
            for name, start in (("a", 0.0), ("b", second_start))
        ],
        window_length=LENGTH,
    )
    return CandidateGroups(store, 2, 12, policy="time_span", span_seconds=60.0)


@pytest.mark.parametrize("second_start", [1.6, 5.0])
def test_recordings_one_after_another_are_on_one_clock(second_start):
    """End to end is not an overlap: 12 candidates are of both."""
    anchors, candidates = groups_of(second_start).draw(0, 0)
    is_second = candidates >= NUM_SAMPLES
    assert is_second.any(axis=1).all() and (~is_second).any(axis=1).all()


def test_recordings_that_overlap_are_not():
    with pytest.raises(ValueError, match="13 windows within 60"):
        groups_of(1.5)


def test_a_time_span_reaches_just_as_far_back_as_forward():
    """Windows that begin within the span: at just its ends as well."""
    signal = np.random.default_rng(0).normal(0, 0.3, (NUM_SAMPLES, 3))
    groups = CandidateGroups(
        WindowStore.from_recordings(
            [Recording(signal, 100, "s")], window_length=LENGTH
        ),
        2,
        4,
        policy="time_span",
        span_seconds=2 * LENGTH / 100,
    )
    for epoch in range(3):
        anchors, candidates = groups.draw(epoch, 0)
        offsets = np.sort(candidates - anchors[:, None], axis=1)
        steps = np.array([-2, -1, 1, 2])
        np.testing.assert_array_equal(offsets, [LENGTH * steps] * 2)
