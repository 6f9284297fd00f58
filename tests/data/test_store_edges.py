"""Lengths and values of just a limit, on whose side a sample is lost."""

import numpy as np
import pytest

from keras_relcon.data import Recording, WindowBatches, WindowStore

LENGTH = 16


@pytest.mark.filterwarnings("ignore:.*not finite")
def test_a_piece_of_just_one_window_is_kept():
    signal = np.random.default_rng(0).normal(0, 0.3, (48, 3))
    signal[[16, 32]] = np.nan  # leaves 16, 15 and 15 samples
    store = WindowStore.from_recordings(
        [Recording(signal, 100, "s")], window_length=LENGTH
    )
    assert [(p.start, p.num_samples) for p in store.pieces] == [(0, 16)]
    np.testing.assert_array_equal(
        store.read([0])[0], signal[:16].astype("float32")
    )
    assert store.num_windows == 1


def test_a_sample_at_full_scale_is_clipped_and_one_below_is_not():
    signal = np.zeros((48, 3))
    signal[16, 1], signal[40, 2] = -4.0, 3.99
    store = WindowStore.from_recordings(
        [Recording(signal, 100, "s")], window_length=LENGTH, full_scale_g=4.0
    )
    assert [(p.start, p.num_samples) for p in store.pieces] == [
        (0, 16),
        (17, 31),
    ]
    assert store.info()["num_clipped_samples"] == 1


@pytest.mark.parametrize(
    "rate, clipped",
    [
        (100, {20, 67}),
        (50, {39, 40, 41, 133, 134, 135}),
        (200, {10, 33, 34}),  # the second lies between two
        (1000, {2, 6, 7}),
    ],
)
def test_a_peak_at_full_scale_is_clipped_at_any_rate(rate, clipped):
    signal = np.zeros((400, 3))
    signal[20, 1], signal[67, 0] = 4.0, -4.0
    store = WindowStore.from_recordings(
        [Recording(signal, rate, "s")], window_length=2, full_scale_g=4.0
    )
    num_samples = 400 * 100 // rate
    windows = {
        place
        for piece in store.pieces
        for place in range(piece.start, piece.start + piece.num_samples)
    }
    assert set(range(num_samples)) - windows == clipped
    assert store.info()["num_clipped_samples"] == len(clipped)


def test_a_file_keeps_whole_numbers_of_16_bits_up_to_16_g(tmp_path):
    """Documented defaults: steps of 16 / 32767 g."""
    store = WindowStore.create(
        tmp_path / "windows.h5",
        [Recording(np.full((600, 3), 0.1), 100, "s")],
    )
    info = store.info()
    assert (info["dtype"], info["window_length"]) == ("int16", 256)
    assert store.encoding.full_scale_g == 16.0
    expected = np.rint(0.1 * 32767 / 16) * 16 / 32767
    np.testing.assert_allclose(store.read([0]), expected, rtol=1e-6)
    assert info["hours"] == pytest.approx(6 / 3600)


def test_a_window_that_moves_by_just_the_minimum_is_not_at_rest():
    """At rest is a standard deviation "below" the minimum, on every axis."""
    signal = np.zeros((320, 3))
    signal[:, 1] = 0.25 * (-1.0) ** np.arange(320)  # deviation of 0.25 g
    store = WindowStore.from_recordings(
        [Recording(signal, 100, "s")], window_length=LENGTH
    )
    assert len(WindowBatches(store, 4, minimum_std_g=0.25)) > 0
    with pytest.raises(ValueError, match="0 windows"):
        WindowBatches(store, 4, minimum_std_g=0.2501)
