import tracemalloc

import numpy as np
import pytest

from keras_relcon.data import large_arrays
from keras_relcon.data.units import (
    STANDARD_GRAVITY,
    check_stated_unit,
    to_g,
)


def _still(num_samples, unit):
    signal = np.random.default_rng(0).normal(0, 0.1, (num_samples, 3))
    signal[:, 2] += 1
    return signal * (STANDARD_GRAVITY if unit == "m/s2" else 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("unit", ["g", "m/s2"])
def test_values_are_in_g_whatever_the_chunks(monkeypatch, unit, dtype):
    monkeypatch.setattr(large_arrays, "CHUNK", 7)
    signal = _still(50, unit).astype(dtype)
    before = signal.copy()
    found = to_g(signal, unit)
    assert found.dtype == np.float32 and found.shape == (50, 3)
    np.testing.assert_allclose(found, _still(50, "g"), rtol=2e-6)
    assert not np.shares_memory(found, signal)
    np.testing.assert_array_equal(signal, before)


def test_whole_numbers_and_missing_samples_are_converted():
    found = to_g(np.array([[0, 0, 10], [1, 2, 9]]), "m/s2")
    np.testing.assert_allclose(found[0, 2], 10 / STANDARD_GRAVITY, rtol=1e-6)
    found = to_g([[np.nan, 0.0, 1.0], [0.0, 0.0, 1.0]], "g")
    assert np.isnan(found[0, 0]) and found[1, 2] == 1


@pytest.mark.parametrize("unit", ["g", "m/s2"])
def test_beside_the_input_there_is_the_result_alone(unit):
    signal = _still(2_000_000, unit)
    tracemalloc.start()
    found = to_g(signal, unit)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * found.nbytes


def test_a_unit_that_contradicts_the_data_is_refused():
    with pytest.raises(ValueError, match='Pass unit="m/s2"'):
        to_g(_still(50, "m/s2"), "g")
    with pytest.raises(ValueError, match='Pass unit="g"'):
        to_g(_still(50, "g"), "m/s2")
    with pytest.raises(ValueError, match="`unit` must be one of"):
        to_g(_still(50, "g"), "mg")


@pytest.mark.parametrize(
    "name, stated",
    [
        ("Linear Acceleration x (m/s^2)", "m/s2"),
        ("Acceleration x [m/s²]", "m/s2"),
        ("accelerometer (m/s2).x", "m/s2"),
        ("acc_x m/s^2", "m/s2"),
        ("acc_x_ms2", "m/s2"),
        ("acc_x_mps2", "m/s2"),
        ("Accelerometer X (g)", "g"),
        ("acc_x_g", "g"),
        ("acc_x_mg", "mg"),
        ("X [mg]", "mg"),
    ],
)
def test_a_unit_in_the_names_must_be_the_unit(name, stated):
    names = [name.replace("x", axis) for axis in "xyz"]
    for unit in ("g", "m/s2"):
        if unit == stated:
            check_stated_unit(names, unit)
            continue
        match = rf"unit='{unit}' with the columns .*, in {stated}\. .*=False"
        with pytest.raises(ValueError, match=match):
            check_stated_unit(names, unit)


@pytest.mark.parametrize(
    "names",
    [
        ("x", "y", "z"),
        ("xg", "yg", "zg"),
        ("acc x without g", "acc y without g", "acc z without g"),
        ("x (without g)", "y (without g)", "z (without g)"),
        ("x (raw)", "y (raw)", "z (raw)"),
        ("accX.time_ms", "accY.time_ms", "accZ.time_ms"),
        ("s_e", "s_f", "s_g"),
        ("x (g)", "y (mg)", "z (g)"),
        ("x (g)", "y", "z"),
    ],
)
def test_other_names_state_no_unit(names):
    check_stated_unit(names, "g")
    check_stated_unit(names, "m/s2")
