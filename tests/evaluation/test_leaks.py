"""Each planted leak is found, and honest data pass."""

import dataclasses

import keras
import numpy as np
import pytest

from keras_relcon.estimators import MotionClassifier
from keras_relcon.evaluation import (
    Fold,
    LinearProbe,
    cross_validate,
    grouped_k_fold,
    leaks,
)
from keras_relcon.evaluation.protocols.folds import LeakyFold

FOLDS = [Fold(("1", "2", "3"), ("4",), ("5", "6"))]


def test_subject_in_two_parts_is_found():
    with pytest.raises(ValueError, match="in one part.*'4' in train and in te"):
        Fold(("1", "4"), ("2",), ("3", "4"))


def test_one_person_under_two_names_is_found(
    make_labelled_windows, make_encoder
):
    windows = make_labelled_windows()
    names = windows.subjects.astype("<U8")
    names[windows.subjects == "5"] = "1 "
    leaky = dataclasses.replace(windows, subjects=names)
    with pytest.raises(ValueError, match="subjects '1', '1 '. Give each"):
        cross_validate(
            LinearProbe(), make_encoder(), leaky, grouped_k_fold(names)
        )
    people = np.repeat(["a", "a b", "ab", "c"], 10)
    with pytest.raises(ValueError, match="subjects 'a b', 'ab'"):
        MotionClassifier(controls=()).fit(
            np.random.default_rng(0).normal(size=(40, 4)),
            np.arange(40) % 2,
            people,
        )
    leaks.check_names_apart(["s1", "s2", "S1"])


def test_recording_under_two_subjects_is_found(
    make_labelled_windows, make_encoder
):
    windows = make_labelled_windows()
    acceleration = windows.acceleration.copy()
    copied = acceleration[windows.subjects == "1"]
    acceleration[windows.subjects == "5"] = copied
    leaky = dataclasses.replace(windows, acceleration=acceleration)
    with pytest.raises(ValueError, match="24 windows .* two subjects"):
        cross_validate(LinearProbe(), make_encoder(), leaky, FOLDS)


def test_windows_at_rest_may_be_equal(make_labelled_windows):
    windows = make_labelled_windows()
    acceleration = windows.acceleration.copy()
    acceleration[windows.labels == "still"] = [0.0, 0.0, 1.0]
    rows = FOLDS[0].rows(windows.subjects)
    leaks.check_no_shared_windows(acceleration, rows)


@pytest.mark.parametrize("noise", [0, 1e-4])
@pytest.mark.parametrize("kind", ["code", "one-hot"])
def test_label_in_the_features_is_found(
    make_labelled_windows, kind, noise, rng
):
    labels = make_labelled_windows().labels
    codes = np.unique(labels, return_inverse=True)[1].astype("float32")
    features = rng.normal(size=(len(labels), 5)).astype("float32")
    leaks.check_no_label_inside(features, labels, "embedding")
    features[:, 3] = codes if kind == "code" else codes == 1
    features[:, 3] += rng.normal(0, noise, len(features))
    with pytest.raises(ValueError, match=r"embedding .* columns \[3\]"):
        leaks.check_no_label_inside(features, labels, "embedding")


@pytest.mark.parametrize("noise", [0, 1e-4, 1e-2])
@pytest.mark.parametrize("num_straddling", [0, 1])
def test_label_read_as_an_axis_is_found(
    make_labelled_windows, make_encoder, num_straddling, noise, rng
):
    windows = make_labelled_windows()
    acceleration = windows.acceleration.copy()
    codes = np.unique(windows.labels, return_inverse=True)[1]
    acceleration[..., 1] = codes[:, None]
    acceleration[..., 1] += rng.normal(0, noise, acceleration.shape[:2])
    for code in np.unique(codes):
        row = np.flatnonzero(codes == code)[:num_straddling]
        acceleration[row, :20, 1] = code + 1  # the end of another activity
    leaky = dataclasses.replace(windows, acceleration=acceleration)
    with pytest.raises(ValueError, match="acceleration may be a code"):
        cross_validate(LinearProbe(), make_encoder(), leaky, FOLDS)


def _by_its_rows(x):
    return (x - x.mean(0)) / (x.std(0) + 1e-6)


class ScaledProbabilities(LinearProbe):
    """A probe that standardises whatever it is given to predict."""

    def predict_proba(self, x):
        return super().predict_proba(_by_its_rows(x))


class ScaledLabels(LinearProbe):
    def predict(self, x):
        return super().predict(_by_its_rows(x))


@pytest.mark.parametrize("task", [ScaledProbabilities, ScaledLabels])
def test_scaler_of_the_test_rows_is_found(
    make_labelled_windows, make_encoder, task
):
    windows = make_labelled_windows()
    with pytest.raises(ValueError, match="A prediction must depend on the wi"):
        cross_validate(task(), make_encoder(), windows, FOLDS)


@keras.saving.register_keras_serializable()
class BatchStatistics(keras.layers.Layer):
    def call(self, x):
        x = keras.ops.mean(x, axis=1)
        return x - keras.ops.mean(x, axis=0, keepdims=True)


@pytest.mark.every_backend
def test_encoder_that_reads_its_batch_is_found(make_labelled_windows):
    windows = make_labelled_windows()
    encoder = keras.Sequential([BatchStatistics()])
    with pytest.raises(ValueError, match="An embedding must depend on the wi"):
        cross_validate(LinearProbe(), encoder, windows, FOLDS, controls=())


def test_leaky_fold_is_run_and_says_so(make_labelled_windows):
    windows = make_labelled_windows()
    rows = np.arange(len(windows))
    fold = LeakyFold(rows, rows[:10], rows[-30:], ("6",), "test rows train")
    report = cross_validate(LinearProbe(), None, windows, [fold])
    assert report.results[0].leak == "test rows train"
    assert report.settings["folds"][0]["leak"] == "test rows train"
    honest = cross_validate(
        LinearProbe(), None, windows, grouped_k_fold(windows.subjects, 2)
    )
    assert all(result.leak is None for result in honest.results)


def test_rows_of_a_leaky_fold_do_not_shift(make_labelled_windows):
    windows = make_labelled_windows()
    valid = windows.valid.copy()
    valid[0] = False
    rows = np.arange(len(windows) - 1)
    fold = LeakyFold(rows, rows[:10], rows[-30:], ("6",), "a leak")
    with (
        pytest.warns(UserWarning, match="1 of .* left out"),
        pytest.raises(ValueError, match="count valid windows only"),
    ):
        cross_validate(
            LinearProbe(),
            None,
            dataclasses.replace(windows, valid=valid),
            [fold],
        )


def test_rows_of_a_leaky_fold_must_exist(make_labelled_windows):
    windows = make_labelled_windows()
    fold = LeakyFold([0, 1], [], [len(windows)], ("6",), "a leak")
    with pytest.raises(ValueError, match="rows of a `LeakyFold` must be"):
        cross_validate(LinearProbe(), None, windows, [fold])


def test_label_is_found_where_a_few_windows_straddle(rng):
    labels = np.repeat(["walk", "sit"], 100)
    column = (labels == "sit").astype("float32")[:, None]
    column[[0, 150]] = 0.5
    with pytest.raises(ValueError, match=r"columns \[0\]"):
        leaks.check_no_label_inside(column, labels, "embedding")
    column[:10] = rng.normal(size=(10, 1))
    leaks.check_no_label_inside(column, labels, "embedding")


def test_a_few_windows_of_a_class_are_close_by_chance():
    labels = np.repeat(["walk", "sit"], 9)
    column = np.where(labels == "sit", 1.0, 0.0)[:, None]
    column += np.linspace(0, 1e-3, len(column))[:, None]
    leaks.check_no_label_inside(column, labels, "embedding")
    more = np.concatenate([column, column]), np.concatenate([labels, labels])
    with pytest.raises(ValueError, match="code of the label"):
        leaks.check_no_label_inside(*more, "embedding")


def walking(num_windows, seed, length=128):
    """Windows that move, each in a way of its own; also their next samples."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(num_windows, length + 16, 3))
    smooth = np.apply_along_axis(
        lambda x: np.convolve(x, np.ones(5) / 5, "same"), 1, noise
    )
    return [0.0, 0.0, 1.0] + 0.4 * smooth


def turned(windows):
    rotation = np.linalg.qr(np.random.default_rng(9).normal(size=(3, 3)))[0]
    return windows @ rotation


COPIES = {
    "noise": lambda x: x + np.random.default_rng(1).normal(0, 1e-6, x.shape),
    "more noise": lambda x: (
        x + np.random.default_rng(1).normal(0, 3e-3, x.shape)
    ),
    "rounded": lambda x: np.round(x, 2),
    "axes swapped": lambda x: x[..., [2, 0, 1]] * [1, -1, 1],
    "turned": turned,
    "in int8": lambda x: np.round(x * 64) / 64,
}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("shift", [0, 3, 8])
def test_near_copies_are_found(name, shift):
    whole = walking(60, seed=0)
    acceleration = whole[:, :128].copy()
    # Ten of the test windows are windows of training.
    acceleration[40:50] = COPIES[name](whole[:10, shift : shift + 128])
    rows = {
        "train": np.arange(30),
        "validation": np.arange(30, 40),
        "test": np.arange(40, 60),
    }
    with pytest.raises(ValueError, match="10 of 20 test windows whose magn"):
        leaks.check_no_near_copies(acceleration, rows)
    acceleration[40:50] = walking(10, seed=5)[:, :128]
    leaks.check_no_near_copies(acceleration, rows)


def test_windows_at_rest_are_no_copies():
    acceleration = np.tile([0.0, 0.0, 1.0], (20, 128, 1))
    acceleration += np.random.default_rng(0).normal(0, 0.01, (20, 128, 3))
    acceleration[15:] = acceleration[:5]
    rows = {
        "train": np.arange(10),
        "validation": np.arange(0),
        "test": np.arange(10, 20),
    }
    leaks.check_no_near_copies(acceleration, rows)


def test_near_copies_are_looked_for_in_folds(
    make_labelled_windows, make_encoder
):
    windows = make_labelled_windows()
    acceleration = windows.acceleration.copy()
    generator = np.random.default_rng(0)
    acceleration += generator.normal(0, 0.3, acceleration.shape)
    copied = acceleration[windows.subjects == "1"][..., [1, 0, 2]]
    acceleration[windows.subjects == "5"] = copied
    leaky = dataclasses.replace(windows, acceleration=acceleration)
    with pytest.raises(ValueError, match="24 of 48 test windows whose magnit"):
        cross_validate(LinearProbe(), make_encoder(), leaky, FOLDS)
