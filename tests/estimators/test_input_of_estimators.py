"""What estimators refuse, and what they say of it."""

import dataclasses

import numpy as np
import pytest
from motion_recordings import LENGTH, make_recording

from keras_relcon import MotionClassifier, MotionRegressor
from keras_relcon.data import make_windows

BOUTS = [("still", 6), ("walk", 6)]


@pytest.fixture
def fitted(preset, recordings):
    return MotionClassifier(preset, controls=(), num_folds=0).fit(recordings)


def test_windows_of_another_rate_are_refused(preset, recordings, fitted):
    slow = make_windows(recordings, 50, LENGTH, LENGTH)
    for call in (MotionClassifier(preset).fit, fitted.predict, fitted.score):
        with pytest.raises(ValueError, match="`sample_rate_hz` must be"):
            call(slow)


def test_windows_with_missing_samples_are_named(recordings, fitted):
    windows = make_windows(recordings[0], 100, LENGTH, LENGTH)
    valid = windows.valid.copy()
    valid[3] = False
    windows = dataclasses.replace(windows, valid=valid)
    with pytest.raises(ValueError, match=r"Received: 1 of 21.*windows.select"):
        fitted.predict_proba(windows)


def test_a_signal_without_gravity_is_refused(preset, recordings, fitted):
    quiet = np.random.default_rng(0).normal(0, 0.002, (1344, 3))
    still = [dataclasses.replace(r, acceleration=quiet) for r in recordings]
    with pytest.raises(ValueError, match="must measure gravity") as fitting:
        MotionClassifier(preset).fit(still)
    with pytest.raises(ValueError, match="must measure gravity") as predicting:
        fitted.predict(still[0])
    # Neither has that option.
    for error in (fitting, predicting):
        assert "without_gravity" not in str(error.value)


def test_files_of_one_name_are_not_one_person(preset, tmp_path):
    paths = []
    for person in ("a", "b"):
        recording = make_recording(person, BOUTS)
        (tmp_path / person).mkdir()
        paths.append(tmp_path / person / "walk.npz")
        np.savez(paths[-1], **dict(zip("xyz", recording.acceleration.T)))
    options = {"sample_rate_hz": 100}
    with pytest.raises(ValueError, match="'walk' twice"):
        MotionClassifier(preset).fit(paths, read_options=options)


def test_recordings_are_for_predict(fitted):
    with pytest.raises(TypeError, match="`predict` takes recordings"):
        fitted.predict_proba(make_recording("new", BOUTS))


def test_any_path_is_a_path(fitted, tmp_path):
    class OwnPath:
        def __fspath__(self):
            return str(tmp_path / "walk.npz")

    signal = make_recording("new", BOUTS).acceleration
    np.savez(tmp_path / "walk.npz", **dict(zip("xyz", signal.T)))
    timeline = fitted.predict(OwnPath(), {"sample_rate_hz": 100})
    assert len(timeline) == 12


@pytest.mark.parametrize("kind", [MotionClassifier, MotionRegressor])
def test_one_fold_and_no_seed(kind, preset, windows):
    x, y, people = windows
    for arguments, match in (
        ({"num_folds": 1}, "at least 2, or 0 for no score"),
        ({"seed": "a"}, "`seed` must be"),
    ):
        with pytest.raises((TypeError, ValueError), match=match):
            kind(preset, **arguments).fit(x, np.arange(len(y)), people)


def test_whole_numbers_stay_whole_numbers(preset, windows, tmp_path):
    x, y, people = windows
    codes = np.unique(y, return_inverse=True)[1] + 3
    model = MotionClassifier(preset, controls=(), max_windows=np.int64(80))
    model.fit(x, codes, people)
    loaded = MotionClassifier.load(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    assert loaded.predict(x).dtype.kind == "i"
    assert loaded.score(x, codes) == model.score(x, codes)
