import warnings

import numpy as np
import pandas
import pytest

from keras_relcon.data import Recording


def still(num_samples=100):
    return np.tile([0.0, 0.0, 1.0], (num_samples, 1))


def test_holds_float32_and_its_duration():
    recording = Recording(still(250), sample_rate_hz=50, subject=7)
    assert recording.acceleration.dtype == np.float32
    assert recording.num_samples == 250
    assert recording.duration_seconds == 5.0
    assert recording.subject == "7"
    assert recording.labels is None


def test_one_label_is_spread_over_all_samples():
    recording = Recording(still(5), 50, "s", labels="walking")
    assert recording.labels.tolist() == ["walking"] * 5


def test_labels_per_sample_become_strings():
    recording = Recording(still(3), 50, "s", labels=[1, 1, 2])
    assert recording.labels.tolist() == ["1", "1", "2"]


@pytest.mark.parametrize("missing", [None, np.nan])
def test_labels_that_are_missing_are_empty(missing):
    still = np.tile([0.0, 0.0, 1.0], (4, 1))
    labels = [missing, "sit", missing, "None"]
    recording = Recording(still, 50, "s", labels)
    assert recording.labels.tolist() == ["", "sit", "", "None"]
    numbers = np.array([missing, 1.0, 2.0, missing], dtype=float)
    recording = Recording(still, 50, "s", numbers)
    assert recording.labels.tolist() == ["", "1", "2", ""]


def test_a_whole_number_is_one_label_as_int_and_as_float():
    with_a_gap = np.array([1, np.nan, 2.5])
    for labels in (with_a_gap, [1, None, 2.5], np.array([1.0, None, 2.5])):
        recording = Recording(still(3), 50, "s", labels=labels)
        assert recording.labels.tolist() == ["1", "", "2.5"]


def test_start_is_unix_seconds():
    still = np.tile([0.0, 0.0, 1.0], (4, 1))
    recording = Recording(still, 50, "s", start_time=np.int64(1_700_000_000))
    assert type(recording.start_time) is float
    for start_time in ("2024", np.datetime64("2024-01-01"), np.nan):
        with pytest.raises(ValueError, match="`start_time` .*Unix seconds"):
            Recording(still, 50, "s", start_time=start_time)


def test_cannot_be_changed():
    recording = Recording(still(), 50, "s")
    with pytest.raises(AttributeError):
        recording.subject = "other"


@pytest.mark.parametrize("shape", [(100,), (100, 2), (3, 100), (1, 100, 3)])
def test_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"shape \(num_samples, 3\)"):
        Recording(np.ones(shape), 50, "s")


def test_too_short():
    with pytest.raises(ValueError, match="at least 2 samples"):
        Recording(still(1), 50, "s")


@pytest.mark.parametrize("rate", [0, -50, np.nan, np.inf, None, "50"])
def test_rate_must_be_positive(rate):
    with pytest.raises(ValueError, match="finite number, above 0"):
        Recording(still(), rate, "s")


@pytest.mark.parametrize("subject", ["", " ", None])
def test_subject_must_be_named(subject):
    with pytest.raises(ValueError, match="must name the person"):
        Recording(still(), 50, subject)


def test_labels_of_another_length():
    with pytest.raises(ValueError, match="one label per sample.*99.*100"):
        Recording(still(), 50, "s", labels=["a"] * 99)


def test_metres_per_second_squared_are_recognised():
    with pytest.raises(ValueError, match='must be in g.*9.8.*unit="m/s2"'):
        Recording(still() * 9.80665, 50, "s")


def test_unit_check_passes_without_gravity_and_with_shocks():
    rng = np.random.default_rng(0)
    Recording(0.02 * rng.normal(size=(100, 3)), 50, "s")
    Recording(still() + 3 * rng.normal(size=(100, 3)) * [0, 0, 1], 50, "s")


def test_missing_samples_are_kept_and_counted():
    acceleration = still()
    acceleration[10:13, 1] = np.nan
    acceleration[50] = np.inf
    with pytest.warns(UserWarning, match="4 of 100 samples.*not finite"):
        recording = Recording(acceleration, 50, "s")
    assert np.isnan(recording.acceleration[10:13, 1]).all()


def test_finite_samples_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Recording(still(), 50, "s")


def test_what_is_masked_is_missing():
    values = np.ma.masked_array(np.ones((500, 3)), mask=False)
    values[:100] = np.ma.masked
    with pytest.warns(UserWarning, match="not finite"):
        found = Recording(values, 50, "s01").acceleration
    assert np.isnan(found[:100]).all() and (found[100:] == 1).all()


def test_the_na_of_pandas_is_no_label():
    labels = pandas.Series(["walk"] * 60 + [None] * 40, dtype="string")
    found = Recording(np.zeros((100, 3)), 50, "s01", labels=labels).labels
    assert found.tolist() == ["walk"] * 60 + [""] * 40


def test_a_start_in_milliseconds_is_refused():
    with pytest.raises(ValueError, match="divide milliseconds by 1000"):
        Recording(np.zeros((100, 3)), 50, "s01", start_time=1714557600000)
