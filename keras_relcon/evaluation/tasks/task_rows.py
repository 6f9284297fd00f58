"""Checks of the rows on which a task is fitted, for every `fit`."""

import numpy as np

from keras_relcon.checks import message


def labelled_rows(train_x, train_y, validation_x, validation_y, ndim=2):
    """Returns the rows as arrays; validation without rows becomes `None`.

    Args:
        train_x: `(rows, dim)` embeddings, returned as float64; or, with
            `ndim=3`, `(rows, time, 3)` windows, g, returned as float32.
        train_y: `(rows,)` labels.
        validation_x: like `train_x`, or `None`.
        validation_y: like `train_y`, or `None`.
        ndim: int. Defaults to `2`.

    Returns:
        Tuple of the four arrays.

    Raises:
        ValueError: if a shape is another one, the lengths differ, a value is
            not finite, or the training rows hold fewer than two classes.
    """
    train_x = _finite_rows(train_x, "train_x", ndim)
    train_y = _one_per_row(train_y, train_x, "train")
    if len(np.unique(train_y)) < 2:
        raise ValueError(
            "The training rows must hold at least two classes. "
            f"Received: {np.unique(train_y).tolist()}. Check the labels "
            "of the training subjects."
        )
    if not _has_rows(validation_x, validation_y):
        return train_x, train_y, None, None
    validation_x = _finite_rows(validation_x, "validation_x", ndim)
    validation_y = _one_per_row(validation_y, validation_x, "validation")
    return train_x, train_y, validation_x, validation_y


def target_rows(train_x, train_y, validation_x, validation_y):
    """Like `labelled_rows`, for a regression: `y` is `(rows,)` float64."""
    train_x = _finite_rows(train_x, "train_x", 2)
    train_y = _finite_target(train_y, train_x, "train")
    if not _has_rows(validation_x, validation_y):
        return train_x, train_y, None, None
    validation_x = _finite_rows(validation_x, "validation_x", 2)
    validation_y = _finite_target(validation_y, validation_x, "validation")
    return train_x, train_y, validation_x, validation_y


def check_can_choose(name, has_validation):
    """Raises if there are no validation rows for a choice."""
    if not has_validation:
        raise ValueError(
            message(
                f"Choosing among several `{name}` needs validation rows.",
                "none",
                "Give the fold validation subjects, or a single value.",
            )
        )


def _has_rows(validation_x, validation_y):
    counts = [
        0 if rows is None else len(rows)
        for rows in (validation_x, validation_y)
    ]
    if any(counts) and not all(counts):
        raise ValueError(
            "`validation_x` and `validation_y` must come together. "
            f"Received: {counts[0]} and {counts[1]} rows. Pass both, or "
            "neither."
        )
    return all(counts)


def _finite_rows(x, name, ndim):
    x = np.asarray(x, "float64" if ndim == 2 else "float32")
    if x.ndim != ndim or not len(x):
        shape = "(rows, dim)" if ndim == 2 else "(rows, time, 3)"
        raise ValueError(
            f"`{name}` must have the shape {shape}, at least one row. "
            f"Received: {name}.shape={x.shape}. Check the rows of the fold."
        )
    finite = np.isfinite(x).reshape(len(x), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"Every row of `{name}` must be finite. Received: "
            f"{int(np.sum(~finite))} of {len(x)} rows with NaN or infinite "
            "values. Leave invalid windows out."
        )
    return x


def _one_per_row(y, x, part):
    y = np.asarray(y)
    if y.shape != (len(x),):
        raise ValueError(
            f"`{part}_y` must hold one value per row of `{part}_x`. "
            f"Received: shape {y.shape} for {len(x)} rows. Select both by "
            "the same rows."
        )
    return y


def _finite_target(y, x, part):
    y = np.asarray(_one_per_row(y, x, part), "float64")
    if not np.isfinite(y).all():
        raise ValueError(
            f"Every value of `{part}_y` must be finite. Received: "
            f"{int(np.sum(~np.isfinite(y)))} of {len(y)} that are not. Leave "
            "out the windows without the target."
        )
    return y
