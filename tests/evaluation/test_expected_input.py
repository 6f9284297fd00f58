from types import SimpleNamespace

import pytest

from keras_relcon.evaluation.embed_input import expected_input


def encoder(rate_hz=50.0, length=128):
    preset = SimpleNamespace(sample_rate_hz=rate_hz, window_length=length)
    return SimpleNamespace(preset_metadata=preset)


def test_a_preset_brings_its_own_rate_and_length():
    assert expected_input(encoder()) == (50.0, 128)
    assert expected_input(encoder(), 50, 128) == (50.0, 128)


def test_an_encoder_of_no_preset_takes_the_windows_of_the_paper():
    """4.1: 2.56 s at 100 Hz."""
    assert expected_input(SimpleNamespace()) == (100, 256)
    assert expected_input(SimpleNamespace(), 25, 64) == (25, 64)
    # An exported file says how long its windows are.
    exported = SimpleNamespace(window_length=128, preset_metadata=None)
    assert expected_input(exported) == (100, 128)
    assert expected_input(exported, 25, 64) == (25, 64)


@pytest.mark.parametrize(
    "given", [{"sample_rate_hz": 25}, {"sample_rate_hz": 100}]
)
def test_another_rate_is_refused_below_and_above(given):
    with pytest.raises(ValueError, match="`sample_rate_hz` must be .* 50"):
        expected_input(encoder(), **given)


@pytest.mark.parametrize(
    "given", [{"window_length": 64}, {"window_length": 256}]
)
def test_another_length_is_refused_below_and_above(given):
    with pytest.raises(ValueError, match="`window_length` must be .* 128"):
        expected_input(encoder(), **given)
