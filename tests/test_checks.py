import keras
import numpy as np
import pytest

from keras_relcon import checks


def test_a_message_says_what_was_expected_what_came_and_what_to_do():
    assert checks.message("`a` must be 1.", {"a": 2, "b": "x"}, "Use 1.") == (
        "`a` must be 1. Received: a=2, b='x'. Use 1."
    )
    assert checks.message("`a` must be 1.", "nothing") == (
        "`a` must be 1. Received: nothing."
    )


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_whole_numbers_pass(value):
    checks.check_whole("stride", value)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None, np.float32(2)])
def test_other_values_are_no_whole_numbers(value):
    with pytest.raises(ValueError, match="`stride` must be a whole") as e:
        checks.check_whole("stride", value, advice="Use 128.")
    assert str(e.value).endswith(f"Received: stride={value!r}. Use 128.")


@pytest.mark.parametrize(
    "value, bounds",
    [
        (1e-9, {"above": 0}),
        (0, {"least": 0}),
        (1, {"most": 1}),
        (0.999, {"least": 0, "below": 1}),
        (np.float32(2.5), {"above": 0}),
        (-5, {}),
    ],
)
def test_numbers_inside_their_bounds_pass(value, bounds):
    checks.check_number("share", value, **bounds)


@pytest.mark.parametrize(
    "value, bounds, words",
    [
        (0, {"above": 0}, "a finite number, above 0."),
        (-0.1, {"least": 0}, "a finite number, at least 0."),
        (1, {"least": 0, "below": 1}, "number, at least 0 and below 1."),
        (1.1, {"above": 0, "most": 1}, "number, above 0 and at most 1."),
        (float("nan"), {}, "a finite number."),
        (float("inf"), {"above": 0}, "a finite number, above 0."),
        (True, {"above": 0}, "a finite number, above 0."),
        ("1", {"above": 0}, "a finite number, above 0."),
        (None, {}, "a finite number."),
    ],
)
def test_numbers_outside_their_bounds_are_refused(value, bounds, words):
    with pytest.raises(ValueError) as error:
        checks.check_number("share", value, **bounds)
    assert str(error.value).startswith("`share` must be a finite number")
    assert f"{words} Received: share={value!r}." in str(error.value)


def test_a_tensor_is_no_number_to_check():
    checks.check_number("temperature", keras.ops.ones(()), above=0)


def test_choices():
    checks.check_one_of("policy", None, [None, "same"])
    with pytest.raises(ValueError, match=r"one of \['a', 'b'\].*policy='c'"):
        checks.check_one_of("policy", "c", ("a", "b"))


def test_kinds():
    checks.check_kind("path", "x", (str, bytes), "a str")
    with pytest.raises(TypeError, match="`path` must be a str.*of type int"):
        checks.check_kind("path", 1, str, "a str")


def test_layers():
    checks.check_layer("projector", None)
    checks.check_layer("projector", keras.layers.Dense(1))
    with pytest.raises(TypeError, match="`projector` must be a Keras layer"):
        checks.check_layer("projector", 5)


def test_shapes():
    checks.check_windows_shape("x", (None, 256, 3))
    with pytest.raises(ValueError, match=r"`x` must be windows.*\(256, 3\)"):
        checks.check_windows_shape("x", (256, 3))
    checks.check_same_shape("(b, n)", a=np.ones((2, 3)), b=np.ones((2, 3)))
    for other in (np.ones((3, 2)), np.ones(2), np.ones((2, 3, 1))):
        with pytest.raises(ValueError, match=r"`a` and `b` .* one shape"):
            checks.check_same_shape("(b, n)", a=np.ones((2, 3)), b=other)
