"""What the maps of features share that are learned without labels."""

import numpy as np

from keras_relcon.checks import check_all_finite, check_same_shape, message

# A feature that hardly varies is not scaled up to the others.
LEAST_STD = 1e-6
HALF_PRECISION_TOLERANCE = 1e-3


def standardised(features, neighbours, least):
    """Features over their standard deviation, after their checks.

    Args:
        features: `(windows, features)` array, of at least `least` windows.
        neighbours: the same of another window near each, or `None`.
        least: int.

    Returns:
        `(values, mean, scale)`: `(windows, features)` float64, neighbours
        after the windows; `(features,)`, of both; and one over their standard
        deviation, 0 where a feature is constant.

    Raises:
        ValueError: if `features` is no such array, has values that are not
            finite, or is constant, or `neighbours` are not like it.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < least:
        raise ValueError(
            message(
                "`features` must be (windows, features), of at least "
                f"{least} windows.",
                f"shape {features.shape}",
                "Take more windows, or keep fewer directions.",
            )
        )
    check_all_finite("features", features)
    if neighbours is not None:
        neighbours = np.asarray(neighbours, dtype=np.float64)
        check_same_shape(
            "(windows, features)", features=features, neighbours=neighbours
        )
        check_all_finite("neighbours", neighbours)
        features = np.concatenate([features, neighbours])
    mean, std = features.mean(axis=0), features.std(axis=0)
    if not np.any(std > LEAST_STD):
        raise ValueError(
            message(
                "`features` must differ between windows.",
                f"{features.shape[1]} features that are constant",
                "Check the windows: a signal at rest has no others.",
            )
        )
    scale = np.where(std > LEAST_STD, 1 / np.maximum(std, LEAST_STD), 0)
    return (features - mean) * scale, mean, scale


def in_half_precision(matrix, size=1.0):
    """Rounded to float16, so that a preset holds it in half of the room.

    Left as it is where float16 cannot hold it, as of features of very
    different sizes.

    Args:
        matrix: `(rows, columns)` float64.
        size: float, or `(rows, 1)`. Of what each row is multiplied by.
    """
    with np.errstate(over="ignore"):
        rounded = matrix.astype(np.float16).astype(np.float64)
    error = np.linalg.norm((rounded - matrix) * size)
    is_near = error <= HALF_PRECISION_TOLERANCE * np.linalg.norm(matrix * size)
    return rounded if is_near else matrix
