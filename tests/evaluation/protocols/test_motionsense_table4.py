import numpy as np
import pytest

from keras_relcon.data import Recording
from keras_relcon.evaluation.protocols.motionsense_table4 import (
    TRIALS,
    motionsense_folds,
    motionsense_windows,
)


def _recording(trial, subject="1", count=100, value=0.0, hz=50, labels=None):
    if labels is None:
        labels = trial.split("_")[0]
    return Recording(
        np.full((count, 3), value),
        sample_rate_hz=hz,
        subject=subject,
        labels=labels,
        recording_id=f"{trial}/sub_{subject}",
    )


def test_folds_are_the_published_ones():
    folds = motionsense_folds()
    assert [sorted(map(int, fold.test)) for fold in folds] == [
        [1, 9, 12, 17, 19],
        [2, 8, 11, 13, 18],
        [4, 7, 10, 21, 24],
        [6, 14, 16, 22, 23],
        [3, 5, 15, 20],
    ]
    assert [sorted(map(int, fold.validation)) for fold in folds] == [
        [3, 10, 14, 18],
        [1, 3, 7, 16],
        [1, 2, 8, 15],
        [1, 2, 7, 13],
        [1, 2, 19, 22],
    ]
    for fold in folds:
        everybody = fold.train + fold.validation + fold.test
        assert sorted(map(int, everybody)) == list(range(1, 25))


def test_rate_doubles_by_midpoints_and_the_last_value_repeats():
    ramp = np.zeros((150, 3))
    ramp[:, 0] = np.arange(150) / 100
    recording = Recording(
        ramp, 50, "3", labels="dws", recording_id="dws_1/sub_3"
    )
    windows = motionsense_windows([recording])
    assert windows.acceleration.shape == (1, 200, 3)
    np.testing.assert_allclose(
        windows.acceleration[0, :, 0], np.arange(200) / 200, atol=1e-6
    )
    short = [_recording("dws_1", count=50, value=0.2)]
    short += [_recording("ups_3", count=100, value=0.6)]
    joined = motionsense_windows(short).acceleration[0, :, 0]
    np.testing.assert_allclose(joined[:100], 0.2, atol=1e-6)  # no blend
    np.testing.assert_allclose(joined[100:], 0.6, atol=1e-6)


@pytest.mark.parametrize("count, expected", [(101, 1), (200, 1), (201, 2)])
def test_starts_are_strictly_below_the_length_less_200(count, expected):
    windows = motionsense_windows([_recording("dws_1", count=count)])
    assert len(windows) == expected  # 2 * count samples


def test_trials_are_joined_in_the_stated_order():
    recordings = [
        _recording(trial, count=100, value=index / 10)
        for index, trial in enumerate(TRIALS)
    ][::-1]
    windows = motionsense_windows(recordings)
    assert len(TRIALS) == 15
    assert len(windows) == 14  # 3,000 samples: the last full one is lost
    np.testing.assert_allclose(
        windows.acceleration[:, 5, 2], np.arange(14) / 10, atol=1e-6
    )
    assert windows.labels.tolist() == [t.split("_")[0] for t in TRIALS[:14]]
    np.testing.assert_allclose(windows.start_seconds, 2.0 * np.arange(14))


def test_subjects_are_not_mixed_and_come_in_natural_order():
    recordings = [
        _recording("dws_1", subject="10", count=150, value=0.1),
        _recording("dws_1", subject="2", count=150, value=0.2),
        _recording("ups_3", subject="10", count=150, value=0.1),
    ]
    windows = motionsense_windows(recordings)
    assert windows.subjects.tolist() == ["2", "10", "10"]
    assert windows.recordings.tolist() == [
        "dws_1/sub_2",
        "dws_1/sub_10",
        "dws_1/sub_10",
    ]
    np.testing.assert_allclose(
        windows.acceleration[:, :, 0].mean(axis=1), [0.2, 0.1, 0.1], atol=1e-6
    )
    assert windows.sample_rate_hz == 100


@pytest.mark.parametrize("first, label", [(49, "ups"), (50, "dws")])
def test_label_is_the_majority_and_the_earlier_class_at_a_tie(first, label):
    recordings = [
        _recording("dws_1", count=first),
        _recording("ups_3", count=101 - first),
    ]
    assert motionsense_windows(recordings).labels.tolist() == [label]


def test_windows_over_missing_samples_are_invalid():
    signal = np.zeros((250, 3))
    signal[10] = np.nan
    with pytest.warns(UserWarning, match="not finite"):
        recording = Recording(
            signal, 50, "1", labels="dws", recording_id="dws_1/sub_1"
        )
    windows = motionsense_windows([recording])
    assert windows.valid.tolist() == [False, True]
    assert np.isfinite(windows.acceleration).all()


def test_errors_say_what_is_expected():
    with pytest.raises(ValueError, match="at 50 Hz"):
        motionsense_windows([_recording("dws_1", hz=100)])
    unlabelled = Recording(
        np.zeros((300, 3)), 50, "1", recording_id="dws_1/sub_1"
    )
    with pytest.raises(ValueError, match="must be labelled"):
        motionsense_windows([unlabelled])
    with pytest.raises(ValueError, match="begin with a MotionSense trial"):
        motionsense_windows([_recording("dws_99")])
    with pytest.raises(ValueError, match="each trial once"):
        motionsense_windows([_recording("dws_1"), _recording("dws_1")])
    with pytest.raises(ValueError, match="must not be empty"):
        motionsense_windows([])
