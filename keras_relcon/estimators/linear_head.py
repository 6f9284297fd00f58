"""A linear classifier, with calibrated probabilities, or regression."""

from dataclasses import dataclass

import keras
import numpy as np
from scipy import special

from keras_relcon.checks import message
from keras_relcon.evaluation.ridge import (
    INNER_FOLDS,
    STRENGTHS,
    fit_outputs,
    fit_ridge,
    group_rows,
)

# The inverse temperature is looked for between these, by its logarithm.
SHARPNESS = (0.1, 100.0)
ROW_BLOCKS = 5


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Outputs of standardised columns; their softmax, where it tells classes.

    Attributes:
        mean, deviation: `(columns,)` float32, by which columns are
            standardised.
        kernel: `(columns, outputs)` float32; an output is a class.
        bias: `(outputs,)` float32.
        strength: float. Of the ridge penalty.
    """

    mean: np.ndarray
    deviation: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    strength: float

    def outputs(self, x):
        """Returns `(rows, outputs)` float64."""
        num_columns = len(self.mean)
        if np.shape(x)[1:] != (num_columns,):
            advice = "Embed windows by the encoder that it was fitted with."
            if np.shape(x)[1:] == (3,):
                advice = "Of a single window pass `X[None]`."
            raise ValueError(
                message(
                    f"Embeddings must have {num_columns} columns.",
                    f"X of shape {np.shape(x)}",
                    advice,
                )
            )
        standard = (np.asarray(x, "float64") - self.mean) / self.deviation
        return standard @ self.kernel.astype("float64") + self.bias

    def probabilities(self, x):
        """Returns `(rows, classes)` float64, rows of which sum to 1."""
        return softmax(self.outputs(x))

    def layers(self, activation="softmax"):
        """The same as Keras layers.

        Args:
            activation: str. Defaults to `"softmax"`, for probabilities;
                `None` for outputs.
        """
        # Layers that hold constants beside their weights are not exported by
        # every converter.
        dense = keras.layers.Dense(
            len(self.bias), activation=activation, dtype="float32"
        )
        dense.build((None, len(self.mean)))
        dense.set_weights(self.folded())
        return [dense]

    def folded(self):
        """Returns `(kernel, bias)`, float32, with the standardising in them."""
        kernel = self.kernel / self.deviation.astype("float64")[:, None]
        bias = self.bias - self.mean @ kernel
        return kernel.astype("float32"), bias.astype("float32")


def fit_linear_head(
    x,
    codes,
    groups=None,
    strength=None,
    balanced=False,
    seed=0,
    weights=None,
):
    """Fits a ridge classifier, and calibrates it on people left out.

    The outputs of the ridge, one a class, become probabilities by a softmax of
    the outputs over a temperature (Guo et al., 2017). It is the temperature of
    the lowest mean logarithmic loss on rows of people who were left out when
    the ridge was fitted.

    Args:
        x: `(rows, columns)`, training rows.
        codes: `(rows,)` int, classes from 0; each has a row.
        groups: `(rows,)` str. The person of each row. Defaults to `None`. So,
            and with one person, nothing is chosen by people, and the
            temperature is found on fifths of the rows of each class, in their
            order.
        strength: float. Of the penalty, in multiples of the number of columns.
            Defaults to `None`: the best on people left out, see `fit_ridge`;
            `1.0` where none can be left out.
        balanced: bool. Whether rows count by the inverse share of their class,
            so that each class counts alike. Defaults to `False`.
        seed: int. Deals the people to groups. Defaults to `0`.
        weights: `(rows,)`, how much each row counts. Defaults to `None`: all
            alike.

    Returns:
        `LinearHead`.
    """
    codes = np.asarray(codes)
    if balanced:
        counts = np.bincount(codes, weights)
        shares = len(codes) / (len(counts) * counts[codes])
        weights = shares if weights is None else shares * weights
    if groups is None or len(np.unique(groups)) == 1:
        groups = row_blocks(codes)
        strength = 1.0 if strength is None else strength
    ridge = fit_ridge(
        x, codes, groups, seed, STRENGTHS, weights, chosen=strength
    )
    sharpness = 1.0
    if ridge.left_out is not None:
        sharpness = find_sharpness(ridge.left_out, codes, weights)
    return _head_of(ridge, sharpness)


def row_blocks(codes):
    """Numbers of fifths of the rows of each class, in their order."""
    blocks = np.empty(len(codes), int)
    for code in range(codes.max() + 1):
        rows = np.flatnonzero(codes == code)
        blocks[rows] = np.arange(len(rows)) * ROW_BLOCKS // len(rows)
    return blocks


def fit_number_head(x, values, groups=None, strength=None, seed=0):
    """Fits a ridge regression of one number.

    Args:
        x: `(rows, columns)`, training rows.
        values: `(rows,)`.
        groups: `(rows,)` str. The person of each row. Defaults to `None`.
        strength: float. Of the penalty, in multiples of the number of columns.
            Defaults to `None`: the one with the least mean squared error on
            people left out; `1.0` where none can be left out.
        seed: int. Deals the people to groups. Defaults to `0`.

    Returns:
        `LinearHead` of one output.
    """
    targets = np.asarray(values, "float64")[:, None]
    folds = [] if groups is None else group_rows(groups, INNER_FOLDS, seed)
    ridge = fit_outputs(
        x,
        targets,
        folds,
        lambda outputs: -np.mean((outputs - targets) ** 2),
        chosen=strength,
    )
    return _head_of(ridge)


def _head_of(ridge, sharpness=1.0):
    """The `LinearHead` of a `Ridge`, its outputs times a number."""
    factor = ridge.scale.factor
    deviation = np.where(factor > 0, 1 / np.where(factor > 0, factor, 1), 1.0)
    return LinearHead(
        ridge.scale.mean.astype("float32"),
        deviation.astype("float32"),
        (ridge.weights * sharpness).astype("float32"),
        (ridge.offset * sharpness).astype("float32"),
        ridge.strength,
    )


def softmax(outputs):
    """Rows of probabilities, `(rows, classes)` float64."""
    return special.softmax(np.asarray(outputs, "float64"), axis=1)


def find_sharpness(outputs, codes, weights=None):
    """One over the temperature of the lowest mean logarithmic loss.

    Args:
        outputs: `(rows, classes)`, of which the softmax is taken.
        codes: `(rows,)` int, the true classes.
        weights: `(rows,)`. Defaults to `None`: all rows count alike.

    Returns:
        float.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(codes))

    def loss(log_sharpness):
        probabilities = softmax(np.exp(log_sharpness) * outputs)[rows, codes]
        return np.average(-np.log(probabilities + 1e-12), weights=weights)

    found = minimize_scalar(loss, bounds=np.log(SHARPNESS), method="bounded")
    return float(np.exp(found.x))
