"""Features of EXCON, and the members of the classes that are far apart."""

import importlib

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_windows_shape, message

BLOCK_ROWS = 1024  # so that the memory stays bounded
NUM_CATCH22 = 22


def extremes(
    features: ArrayLike, labels: ArrayLike, standardize: bool = True
) -> np.ndarray:
    """The member of each class that is farthest from other classes.

    EXCON and CONTREX (Vural et al.): of the members of a class, the one whose
    largest Euclidean distance to a member of another class is the largest; the
    first of equals. With two classes they are the two at the largest distance.

    Args:
        features: `(windows, dim)`, any units.
        labels: `(windows,)`, of two classes or more.
        standardize: bool. Whether each feature is first brought to mean 0 and
            standard deviation 1, so that none outweighs the others by its
            unit. Defaults to `True`.

    Returns:
        `(classes,)` int: rows of `features`, by the sorted labels.

    Raises:
        ValueError: if the shapes do not fit, there is one class only, or a
            feature is not finite.

    Differs from the paper: its released code does not standardise.

    Example:

    >>> rows = extremes([[0.0], [1.0], [2.0], [9.0]], [0, 0, 1, 1])
    >>> rows.tolist()
    [0, 3]
    """
    from scipy.spatial.distance import cdist

    values, labels = _checked(features, labels)
    if standardize:
        values = standardized(values)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            message(
                "`labels` must have two classes or more.",
                f"{len(classes)}",
                "An extreme is far from another class.",
            )
        )
    largest = np.empty(len(values))
    for code in range(len(classes)):
        others = values[codes != code]
        rows = np.flatnonzero(codes == code)
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            # Both sides in blocks: there may be many others.
            largest[block] = np.max(
                [
                    cdist(
                        values[block], others[first : first + BLOCK_ROWS]
                    ).max(axis=1)
                    for first in range(0, len(others), BLOCK_ROWS)
                ],
                axis=0,
            )
    return np.array(
        [
            np.flatnonzero(codes == code)[largest[codes == code].argmax()]
            for code in range(len(classes))
        ]
    )


def standardized(features: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and standard deviation 1, or 0 if it is constant.

    Args:
        features: `(windows, dim)` float64.

    Returns:
        `(windows, dim)` float64, unitless.
    """
    centered = features - features.mean(axis=0)
    spread = features.std(axis=0)
    # Rounding gives a constant column a spread.
    size = np.abs(features).max(axis=0)
    is_constant = spread <= 1e-12 * size
    return np.where(
        is_constant, 0.0, centered / np.where(is_constant, 1, spread)
    )


def catch22_features(windows: ArrayLike) -> np.ndarray:
    """The 22 features of catch22 of each channel.

    Lubba et al., Data Mining and Knowledge Discovery 33:1821, 2019, by its
    authors' package pycatch22, which is not installed with this one. EXCON
    and `Excon` take any other features as well.

    Args:
        windows: `(windows, time, channels)`, g.

    Returns:
        `(windows, 22 * channels)` float64, various units: channel after
        channel. What is not finite is 0.

    Raises:
        ImportError: if pycatch22 is not installed.
        ValueError: if `windows` has another rank.
    """
    windows = np.asarray(windows, "float64")
    check_windows_shape("windows", windows.shape)
    try:
        pycatch22 = importlib.import_module("pycatch22")
    except ImportError as error:
        raise ImportError(
            "`catch22_features` needs pycatch22. Install it: `pip install "
            "pycatch22`. Or pass other features, as those of "
            "`keras_relcon.evaluation.handmade_features`."
        ) from error
    columns = np.empty((len(windows), windows.shape[2], NUM_CATCH22))
    for place in np.ndindex(*columns.shape[:2]):
        signal = windows[place[0], :, place[1]]
        columns[place] = pycatch22.catch22_all(signal.tolist())["values"]
    columns[~np.isfinite(columns)] = 0.0
    return columns.reshape(len(windows), -1)


def _checked(features, labels):
    features, labels = np.asarray(features, "float64"), np.asarray(labels)
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            message(
                "`features` must be (windows, dim) and `labels` (windows,).",
                f"shapes {features.shape} and {labels.shape}",
                "Give one label per window.",
            )
        )
    if not np.isfinite(features).all():
        raise ValueError(
            message(
                "Every feature must be finite.",
                f"{int(np.sum(~np.isfinite(features)))} that are not",
                "Set them to 0, as `catch22_features` does.",
            )
        )
    return features, labels
