"""Checks the arguments and the state that several tasks share."""

import numpy as np


def check_positive(task, *names):
    """Raises unless each of these attributes of `task` is above 0."""
    for name in names:
        if not getattr(task, name) > 0:
            raise ValueError(
                f"`{name}` must be above 0. "
                f"Received: {name}={getattr(task, name)}. Choose a larger "
                "number, or leave it at its default."
            )


def check_whole(task, *names):
    """Raises unless each of these attributes is a whole number above 0."""
    check_positive(task, *names)
    for name in names:
        if not isinstance(getattr(task, name), (int, np.integer)):
            raise ValueError(
                f"`{name}` must be a whole number. "
                f"Received: {name}={getattr(task, name)}. Round it."
            )


def as_grid(name, values):
    """Returns the values to choose from as a tuple, or raises."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ValueError(
            f"`{name}` must be a tuple of numbers to choose from. "
            f"Received: {name}={values!r}. Write ({values!r},) for one."
        )
    return tuple(values)


def check_choice(task, name, choices):
    """Raises unless this attribute of `task` is one of `choices`."""
    if getattr(task, name) not in choices:
        raise ValueError(
            f"`{name}` must be one of {choices}. "
            f"Received: {name}={getattr(task, name)!r}. Use one of these."
        )


def hidden_widths(hidden):
    """Returns an int, a sequence of int, or `None` as a tuple of int."""
    if hidden is None:
        return ()
    widths = (hidden,) if isinstance(hidden, int) else tuple(hidden)
    if not all(isinstance(width, int) and width > 0 for width in widths):
        raise ValueError(
            "`hidden` must be a number of units, a tuple of them, or () for "
            f"no hidden layer. Received: hidden={hidden!r}. Use (512,)."
        )
    return widths


def fitted(task, name):
    """Returns the attribute that `fit` sets, or raises."""
    from sklearn.exceptions import NotFittedError

    value = getattr(task, name, None)
    if value is None:
        raise NotFittedError(
            f"`{type(task).__name__}` predicts once it is fitted. Received: a "
            "task before `fit`. Call `fit(train_x, train_y)` first."
        )
    return value
