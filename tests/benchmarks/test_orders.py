"""`benchmarks/orders.py` on windows of which the activities are known."""

import numpy as np
import pytest

from keras_relcon import data


@pytest.fixture
def orders(load_benchmark):
    return load_benchmark("orders")


def test_orders_are_those_of_the_pairs(orders, rng):
    windows = rng.normal(size=(5, 8, 3)).astype("float32")
    empty = np.zeros((5, 0, 8, 3))
    found = orders.EuclideanOrder().candidate_distances(windows, empty)
    for row in range(5):
        for step in range(1, 5):
            other = windows[(row + step) % 5]
            np.testing.assert_allclose(
                found[row, step - 1],
                np.square(windows[row] - other, dtype="float64").sum(),
                rtol=1e-5,
            )
    draw = orders.RandomOrder().candidate_distances
    np.testing.assert_array_equal(draw(windows, empty), draw(windows, empty))
    assert np.any(draw(windows, empty) != draw(windows[::-1], empty))


def test_names_of_both_devices_are_one_activity(orders):
    assert orders.activity_of("G_brushing_teeth") == orders.activity_of("teeth")
    assert orders.activity_of("I_eating_chips") != orders.activity_of("soup")
    assert orders.activity_of("aerobic") == orders.UNKNOWN


def recordings(rng):
    """Two people: ten windows of each of three labels, in two recordings."""
    for subject in ("a", "b"):
        for number in range(2):
            labels = np.repeat(["walking", "D_sitting", "stress"], 40)
            if number:
                labels = labels[::-1]
            yield data.Recording(
                rng.normal(0, 1, (120, 3)),
                100,
                subject,
                labels=labels,
                recording_id=str(number),
            )


def test_label_order_takes_the_activity_before_the_distance(orders, rng):
    store = data.WindowStore.from_recordings(
        recordings(rng), sample_rate_hz=100, window_length=8
    )
    groups = data.CandidateGroups(
        store, 12, 5, anchors="all", steps_per_epoch=3
    )
    order = orders.LabelOrder(groups, orders.EuclideanOrder())
    known = orders.activities(store)
    for index in range(3):
        starts = groups.draw(0, index)
        windows = store.read(starts)
        found = order.candidate_distances(windows, None)
        euclidean = order.within.candidate_distances(windows, None)
        activity = known[starts + 4]
        assert {orders.UNKNOWN, 0, 3} >= set(activity.tolist())
        for row in range(12):
            others = [(row + step) % 12 for step in range(1, 12)]
            kinds = [
                1
                if orders.UNKNOWN in (activity[row], activity[other])
                else 0
                if activity[row] == activity[other]
                else 2
                for other in others
            ]
            expected = sorted(
                range(11), key=lambda i: (kinds[i], euclidean[row, i])
            )
            assert found[row].argsort().tolist() == expected


def test_activities_are_those_of_the_recordings(orders, rng):
    store = data.WindowStore.from_recordings(
        recordings(rng), sample_rate_hz=100, window_length=8
    )
    found = orders.activities(store)
    assert len(found) == 480
    expected = []
    for recording in recordings(np.random.default_rng(0)):
        for label in recording.labels:
            known = {"walking": 0, "D_sitting": 3}
            expected.append(known.get(str(label), orders.UNKNOWN))
    assert found.tolist() == expected
