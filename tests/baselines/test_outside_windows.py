import keras
import numpy as np
import pytest
from support import to_numpy, windows_of_two_kinds

from keras_relcon.baselines import OutsideWindows
from keras_relcon.baselines.outside_windows import (
    KINDS,
    ChannelShift,
    PhaseRandomization,
)

pytestmark = pytest.mark.every_backend


@pytest.mark.parametrize("length", [64, 63])
@pytest.mark.parametrize("kind", KINDS)
def test_mean_stays_and_the_window_does_not(rng, kind, length):
    windows = rng.normal(1, 1, (5, length, 3)).astype("float32")
    output = to_numpy(OutsideWindows([kind], seed=0)(windows))
    assert output.shape == windows.shape
    np.testing.assert_allclose(output.mean(1), windows.mean(1), atol=1e-5)
    np.testing.assert_allclose(output.std(1), windows.std(1), rtol=1e-4)
    assert (np.abs(output - windows).max(axis=(1, 2)) > 0.1).all()
    # Each window has its own draw.
    same = np.repeat(windows[:1], 5, 0)
    drawn = to_numpy(OutsideWindows([kind], seed=0)(same))
    assert (np.abs(drawn[1:] - drawn[:1]).max(axis=(1, 2)) > 0.1).all()


def test_permutation_has_so_many_segments():
    """Neighbours stay neighbours within each of the 16 segments."""
    sample = np.arange(64, dtype="float32")
    windows = np.repeat(sample[None, :, None], 3, -1)
    windows = np.repeat(windows, 50, 0)
    output = to_numpy(OutsideWindows(["permutation"], seed=0)(windows))
    np.testing.assert_array_equal(np.sort(output, 1), windows)
    np.testing.assert_array_equal(output[..., 0], output[..., 2])
    breaks = (np.diff(output[..., 0], axis=1) != 1).sum(axis=1)
    assert breaks.max() == 15  # some segments meet their old neighbour again
    assert breaks.mean() > 13


@pytest.mark.parametrize("length", [64, 63])
def test_surrogate_is_that_of_numpy(rng, length):
    """Power and cross-spectra stay; the phases are those that were drawn."""
    windows = rng.normal(1, 1, (4, length, 3)).astype("float32")
    layer = PhaseRandomization(seed=0)
    phases = layer.draw(windows.shape)
    output = to_numpy(layer.apply(keras.ops.convert_to_tensor(windows), phases))
    phases = np.float64(to_numpy(phases))
    assert phases.shape == (4, 1, length // 2 + 1)
    assert (phases[..., 0] == 0).all()
    assert ((phases[..., -1] == 0) == (length == 64)).all()
    inner = phases[..., 1:31]
    assert inner.min() < 1 and inner.max() > 5 and len(np.unique(inner)) > 100
    spectrum = np.fft.rfft(windows, axis=1)
    turned = spectrum * np.exp(1j * np.swapaxes(phases, 1, 2))
    expected = np.fft.irfft(turned, length, axis=1)
    np.testing.assert_allclose(output, expected, atol=1e-5)
    found = np.fft.rfft(output, axis=1)
    np.testing.assert_allclose(
        found[..., 0] * found[..., 1].conj(),
        spectrum[..., 0] * spectrum[..., 1].conj(),
        atol=0.01,
    )


def test_each_channel_is_shifted_by_itself(rng):
    windows = rng.normal(size=(6, 20, 3)).astype("float32")
    layer = ChannelShift(seed=0)
    shifts = layer.draw(windows.shape)
    output = to_numpy(layer.apply(keras.ops.convert_to_tensor(windows), shifts))
    shifts = to_numpy(shifts)
    assert shifts.shape == (6, 1, 3)
    assert 0 <= shifts.min() and shifts.max() < 20
    assert len(np.unique(shifts)) > 6
    for i, j in np.ndindex(6, 3):
        expected = np.roll(windows[i, :, j], -shifts[i, 0, j])
        np.testing.assert_array_equal(output[i, :, j], expected)


def test_every_kind_is_drawn():
    """Of a ramp a permutation or a shift keeps the values, a surrogate not."""
    ramp = np.arange(32, dtype="float32")[:, None] * np.array([1, 2, 3])
    windows = np.repeat(ramp[None], 60, 0).astype("float32")
    output = to_numpy(OutsideWindows(seed=1)(windows))
    keeps = np.isclose(np.sort(output, 1), windows).all(axis=(1, 2))
    together = np.isclose(output[..., 1], 2 * output[..., 0], atol=1e-3).all(1)
    shares = {
        "permutation": np.mean(keeps & together),
        "shift": np.mean(keeps & ~together),
        "surrogate": np.mean(~keeps),
    }
    for kind, share in shares.items():
        assert 0.15 < share < 0.55, (kind, share)


def test_same_seed_same_windows_and_its_config(rng):
    windows = windows_of_two_kinds(rng, 6)
    layer = OutsideWindows(["shift", "permutation"], num_segments=20, seed=3)
    copy = OutsideWindows.from_config(layer.get_config())
    assert copy.kinds == ["shift", "permutation"] and copy.num_segments == 20
    expected = to_numpy(layer(windows))
    np.testing.assert_array_equal(to_numpy(copy(windows)), expected)
    other = OutsideWindows(["shift", "permutation"], 20, seed=4)
    assert np.abs(to_numpy(other(windows)) - expected).max() > 0.1
    unchanged = to_numpy(layer(windows, training=False))
    np.testing.assert_array_equal(unchanged, windows)


def test_bad_arguments_are_explained(rng):
    with pytest.raises(ValueError, match="`kinds` must be one of.*'noise'"):
        OutsideWindows(["noise"])
    with pytest.raises(ValueError, match="`kinds` must be a list.*Use"):
        OutsideWindows([])
    with pytest.raises(ValueError, match="each kind once"):
        OutsideWindows(["shift", "shift"])
    with pytest.raises(ValueError, match="`num_segments`.*at least 2"):
        OutsideWindows(num_segments=1)
    with pytest.raises(ValueError, match="at least 16 samples"):
        OutsideWindows()(windows_of_two_kinds(rng, 2, 15))
