"""Named checks of arguments, with one form of message.

Every error says what was expected, what came, and what to do:

"`num_candidates` must be a whole number, at least 1. Received:
num_candidates=0. Use 20."

The name of an argument is given as the user knows it: `"stride"`, or
`"relcon.steps"` for a key of a config. A check that one module alone needs
lives in that module.
"""

import difflib
import math
import numbers

import keras
import numpy as np


def check_whole(name, value, least=1, advice=""):
    """Raises a ValueError unless the value is an int of `least` or more."""
    is_whole = isinstance(value, numbers.Integral)
    if not is_whole or isinstance(value, bool) or value < least:
        raise ValueError(
            message(
                f"`{name}` must be a whole number, at least {least}.",
                {name: value},
                advice,
            )
        )


def check_number(
    name, value, above=None, least=None, below=None, most=None, advice=""
):
    """Raises a ValueError unless the value is finite and inside the bounds.

    A tensor passes: it has no value while a graph is traced.

    Args:
        name: str. Of the argument.
        value: number to check.
        above, below: numbers, or `None`. Bounds that are not allowed.
        least, most: numbers, or `None`. Bounds that are allowed.
        advice: str. What to do. Defaults to nothing.
    """
    if not isinstance(value, numbers.Real) and hasattr(value, "dtype"):
        return
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if (
        is_number
        and math.isfinite(value)
        and (above is None or value > above)
        and (least is None or value >= least)
        and (below is None or value < below)
        and (most is None or value <= most)
    ):
        return
    bounds = {
        "above": above,
        "at least": least,
        "below": below,
        "at most": most,
    }
    limits = " and ".join(
        f"{word} {bound:g}"
        for word, bound in bounds.items()
        if bound is not None
    )
    raise ValueError(
        message(
            f"`{name}` must be a finite number{limits and ', ' + limits}.",
            {name: value},
            advice,
        )
    )


def check_one_of(name, value, choices, advice=""):
    """Raises a ValueError unless the value is one of the choices."""
    if not any(value is choice or value == choice for choice in choices):
        raise ValueError(
            message(
                f"`{name}` must be one of {list(choices)}.",
                {name: value},
                advice,
            )
        )


def check_list(name, values, advice):
    """Raises a ValueError unless the value is a list that is not empty.

    Args:
        name: str. Of the argument.
        values: list, tuple or array to check.
        advice: str. What to do where it is empty; one value is to be put in
            brackets.
    """
    is_text = isinstance(values, str)
    is_list = np.iterable(values) and hasattr(values, "__len__")
    if is_text or not is_list or not len(values):
        raise ValueError(
            message(
                f"`{name}` must be a list or tuple, not empty.",
                {name: values},
                advice if is_list and not is_text else f"Use [{values!r}].",
            )
        )


def check_all_finite(name, values):
    """Raises a ValueError if an array has NaN or infinite values."""
    num_others = int(np.sum(~np.isfinite(values)))
    if num_others:
        raise ValueError(
            message(
                f"`{name}` must be finite.",
                f"{num_others} values that are not",
                "Leave out the rows that they are in.",
            )
        )


def check_kind(name, value, kinds, expected, advice=""):
    """Raises a TypeError unless the value is an instance of the kinds.

    Args:
        name: str. Of the argument.
        value: object to check.
        kinds: class or tuple of classes.
        expected: str. What the value must be, as in "a `WindowStore`".
        advice: str. What to do. Defaults to nothing.
    """
    if not isinstance(value, kinds):
        received = f"{name} of type {type(value).__name__}"
        raise TypeError(
            message(f"`{name}` must be {expected}.", received, advice)
        )


def check_encoder(encoder):
    """Raises a TypeError unless what is to be trained is a Keras layer."""
    check_kind(
        "encoder",
        encoder,
        keras.Layer,
        "a Keras model",
        "Load a preset with `keras_relcon.presets.from_preset`.",
    )


def check_layer(name, value):
    """Raises a TypeError unless the value is a Keras layer, or `None`."""
    if value is not None:
        check_kind(name, value, keras.Layer, "a Keras layer or model, or None")


def check_windows_shape(name, shape, advice=""):
    """Raises a ValueError unless a shape is `(batch, time, channels)`."""
    if len(shape) != 3:
        raise ValueError(
            message(
                f"`{name}` must be windows of shape (batch, time, channels), "
                "in g.",
                f"shape={tuple(shape)}",
                advice,
            )
        )


def check_length(layer, shape, least, reason=""):
    """Raises a ValueError where windows are shorter than a layer can take.

    Args:
        layer: str. Name of its class.
        shape: `(batch, time, channels)`; a time of `None` is not known yet.
        least: int. Samples.
        reason: str, after "or more". Defaults to nothing.
    """
    if shape[1] is not None and shape[1] < least:
        raise ValueError(
            message(
                f"`{layer}` takes windows of {least} samples or more{reason}.",
                f"shape={tuple(shape)}, that is {shape[1]} samples of time",
                "Use longer windows, or check that the axes are (batch, time, "
                "channels).",
            )
        )


def check_same_shape(axes, **arrays):
    """Raises a ValueError unless two arrays are matrices of one shape.

    A dimension that is not known while a graph is traced fits any other.
    """
    first, second = [tuple(array.shape) for array in arrays.values()]
    is_same = len(first) == len(second) == 2 and all(
        a is None or b is None or a == b for a, b in zip(first, second)
    )
    if not is_same:
        names = " and ".join(f"`{name}`" for name in arrays)
        raise ValueError(
            message(
                f"{names} must have one shape, {axes}.", f"{first} and {second}"
            )
        )


def message(expected, received, advice=""):
    """One form of message: what was expected, what came, what to do.

    Args:
        expected: str. A sentence.
        received: str, or dict of name to value. Without the full stop.
        advice: str. A sentence, or nothing.
    """
    if isinstance(received, dict):
        received = ", ".join(f"{k}={v!r}" for k, v in received.items())
    return f"{expected} Received: {received}. {advice}".rstrip()


def nearest(name, known, otherwise):
    """The last sentence of a message about a name that is not known.

    Args:
        name: what was received.
        known: iterable of str. The names that there are.
        otherwise: str. What to do where none of them is like it.

    Returns:
        str, such as `"Did you mean 'walking'?"`.
    """
    found = difflib.get_close_matches(str(name), list(known), n=1)
    return f"Did you mean {found[0]!r}?" if found else otherwise


def some_of(names, num_shown=5):
    """The first of many names or rows, for a message.

    Args:
        names: sequence, not empty.
        num_shown: int. Defaults to `5`.

    Returns:
        str, such as `"s01, s02, ..."`.
    """
    shown = ", ".join(map(str, names[:num_shown]))
    return f"{shown}, ..." if len(names) > num_shown else shown
