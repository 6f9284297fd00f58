"""How well a regression does on people whose numbers it has not seen."""

import dataclasses
from typing import Any, ClassVar

import numpy as np

from keras_relcon.estimators.subject_scores import (
    interval_words,
    person_interval,
    person_spread,
    spread_words,
    whom,
)
from keras_relcon.reprs import text_table


@dataclasses.dataclass(frozen=True)
class NumberScores:
    """Scores of regressions on people left out, or on new people.

    They are in the unit of the numbers.

    Attributes:
        num_subjects, num_windows: int.
        num_folds: int. Folds of people who were left out in turn; 0 of new
            people, on whom nothing was fitted.
        rows: dict of the name of a regression to a dict of `mae`, the mean
            absolute error, a mean over people; `mae_interval`, its 95 %
            interval over resampled people; `mae_spread`, what 8 of 10 people
            are between, or of fewer than ten all; `rmse`, the root of the mean
            squared error over all windows; `r2`, the share of the variance
            that it explains (1 is perfect, 0 no better than the mean of these
            windows); and `bias`, the mean error, a mean over people.
    """

    unit: ClassVar[str] = "in the unit of the numbers"
    num_subjects: int
    num_windows: int
    num_folds: int
    rows: dict[str, Any]

    def to_dict(self):
        """JSON-ready values, for `from_dict`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values):
        return cls(**values)

    @classmethod
    def of(cls, true, groups, predictions, num_folds=0, seed=0):
        """Scores regressions by what they predict.

        Args:
            true: `(windows,)`.
            groups: `(windows,)`, people.
            predictions: dict of the name of a regression to its numbers,
                `(windows,)`; the first is the one that counts, the last the
                simplest.
            num_folds: int. Defaults to `0`: new people.
            seed: int. Draws people. Defaults to `0`.
        """
        return cls(
            num_subjects=len(np.unique(groups)),
            num_windows=len(true),
            num_folds=num_folds,
            rows={
                name: score_numbers(true, found, groups, seed)
                for name, found in predictions.items()
            },
        )

    def table(self) -> str:
        """Text: a row per regression."""
        lines = [
            (
                whom(self),
                "mean absolute error",
                "95 % interval",
                "root mean square",
                "bias",
                "R2",
            )
        ]
        for name, row in self.rows.items():
            lines.append(
                (
                    name,
                    f"{row['mae']:.3g}",
                    interval_words(self, row["mae_interval"], "{:.3g}"),
                    f"{row['rmse']:.3g}",
                    f"{row['bias']:+.2g}",
                    f"{row['r2']:.2f}",
                )
            )
        return text_table(lines)

    def sentence(self) -> str:
        """What to expect on a new person."""
        row, *_, simplest = self.rows.values()
        low, high = (f"{x:.3g}" for x in row["mae_spread"])
        spread = spread_words(self, low, high)
        return (
            f"On a new person, expect a window to be wrong by {row['mae']:.3g} "
            f"on average ({spread}); the mean of the other "
            f"people is wrong by {simplest['mae']:.3g}."
        )


def score_numbers(true, predicted, groups, seed=0):
    """Scores of one regression, as in `NumberScores.rows`.

    Args:
        true, predicted: `(windows,)`.
        groups: `(windows,)`.
        seed: int. Draws people.

    Returns:
        dict.
    """
    error = np.asarray(predicted, "float64") - true
    people, person = np.unique(groups, return_inverse=True)
    counts = np.bincount(person)
    mae = np.bincount(person, np.abs(error)) / counts
    variance = np.var(true)
    unexplained = np.mean(error**2)
    return {
        "mae": float(mae.mean()),
        "mae_interval": person_interval(mae, seed),
        "mae_spread": person_spread(mae),
        "rmse": float(np.sqrt(unexplained)),
        "r2": float(1 - unexplained / variance) if variance > 0 else 0.0,
        "bias": float(np.mean(np.bincount(person, error) / counts)),
    }
