import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_relcon.data import make_windows, synthetic_recordings


def magnitude(recording):
    return np.linalg.norm(recording.acceleration, axis=1)


def test_one_labelled_recording_per_subject_and_motion():
    recordings = synthetic_recordings(num_subjects=3, seconds_per_motion=5)
    assert len(recordings) == 3 * 8
    assert {r.subject for r in recordings} == {"s00", "s01", "s02"}
    assert {r.num_samples for r in recordings} == {500}
    assert all(
        r.recording_id == f"{r.subject}/{r.labels[0]}" for r in recordings
    )


def test_same_seed_same_signal_and_another_seed_another():
    first, again, other = (
        synthetic_recordings(2, 4, seed=seed)[3].acceleration
        for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_a_motion_is_the_same_whatever_else_is_asked_for():
    every = synthetic_recordings(3, 4)
    some = synthetic_recordings(2, 4, motions=["running", "sitting"])
    by_id = {r.recording_id: r.acceleration for r in every}
    for recording in some:
        np.testing.assert_array_equal(
            by_id[recording.recording_id], recording.acceleration
        )


def test_gravity_is_one_g_and_motions_have_their_strength():
    recordings = synthetic_recordings(num_subjects=6)
    spread = {}
    for recording in recordings:
        length = magnitude(recording)
        assert 0.97 < length.mean() < 1.25
        spread.setdefault(recording.labels[0], []).append(length.std())
    mean = {motion: np.mean(values) for motion, values in spread.items()}
    assert mean["sitting"] < 0.03 and mean["standing"] < 0.03
    assert 0.1 < mean["walking"] < 0.4
    assert mean["walking"] < mean["stairs_down"] < mean["running"] < 1.2


@pytest.mark.parametrize(
    "motion, low, high", [("walking", 1.6, 2.2), ("running", 2.35, 3.15)]
)
def test_cadence_is_human(motion, low, high):
    for recording in synthetic_recordings(6, motions=[motion]):
        # The shock at each step leads in the magnitude, or its double does.
        wave = magnitude(recording) - magnitude(recording).mean()
        spectrum = np.abs(np.fft.rfft(wave))
        frequency = np.fft.rfftfreq(len(wave), 0.01)
        peak = frequency[np.argmax(spectrum)]
        assert any(low < peak / k < high for k in (0.5, 1, 2, 3))


def test_other_rates():
    recording = synthetic_recordings(1, 10, sample_rate_hz=20)[0]
    assert recording.num_samples == 200 and recording.sample_rate_hz == 20


def features(windows):
    x = windows.acceleration
    length = np.linalg.norm(x, axis=2, keepdims=True)
    x = np.concatenate([x, length], axis=2)
    wave = length[..., 0] - length.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(wave, axis=1))[:, 1:30]
    parts = [np.percentile(x, q, axis=1) for q in (10, 25, 50, 75, 90)]
    parts += [x.mean(1), x.std(1), np.abs(np.diff(x, axis=1)).mean(1)]
    return np.concatenate([*parts, np.log(spectrum + 1e-2)], axis=1)


def test_simple_features_separate_new_subjects_well_but_not_fully():
    windows = make_windows(synthetic_recordings(num_subjects=8))
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    scores = cross_val_score(
        probe,
        features(windows),
        windows.labels,
        groups=windows.subjects,
        cv=GroupKFold(4),
    )
    assert 0.8 < scores.mean() < 0.99


def test_wrong_arguments():
    with pytest.raises(ValueError, match="`num_subjects` must be a whole"):
        synthetic_recordings(0)
    with pytest.raises(
        ValueError, match="`seconds_per_motion` must .*at least"
    ):
        synthetic_recordings(1, seconds_per_motion=0)
    with pytest.raises(ValueError, match="a whole number.*=2.5"):
        synthetic_recordings(num_subjects=2.5)
    with pytest.raises(ValueError, match="list of these names"):
        synthetic_recordings(motions="walking")
    with pytest.raises(ValueError, match="some of.*walking.*'flying'"):
        synthetic_recordings(motions=["walking", "flying"])
