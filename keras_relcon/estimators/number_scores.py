"""How well a regression does on people whose numbers it has not seen."""

import dataclasses
from typing import Any, ClassVar

import numpy as np

from keras_relcon.estimators.subject_scores import (
    person_interval,
    person_spread,
    spread_words,
)
from keras_relcon.reprs import text_table


@dataclasses.dataclass(frozen=True)
class NumberScores:
    """Scores of regressions on people left out, in the unit of the numbers.

    Attributes:
        num_subjects, num_windows, num_folds: int.
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

    def table(self) -> str:
        """Text: a row per regression."""
        lines = [
            (
                "on people left out",
                "mean absolute error",
                "95 % interval",
                "root mean square",
                "bias",
                "R2",
            )
        ]
        for name, row in self.rows.items():
            low, high = row["mae_interval"]
            lines.append(
                (
                    name,
                    f"{row['mae']:.3g}",
                    f"{low:.3g} to {high:.3g}",
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
        spread = spread_words(low, high, self.num_subjects)
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
