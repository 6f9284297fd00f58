"""How well a classifier does on people whose labels it has not seen."""

import dataclasses
from typing import Any, ClassVar

import numpy as np

from keras_relcon.evaluation.metrics.calibration import (
    expected_calibration_error,
)
from keras_relcon.evaluation.metrics.confusion import macro_f1_of
from keras_relcon.reprs import text_table

NUM_RESAMPLES = 2000
# Of fewer, the sentence on a new one tells the extremes.
MANY_PEOPLE = 10


@dataclasses.dataclass(frozen=True)
class SubjectScores:
    """Scores of classifiers on people left out, or on new people.

    Attributes:
        classes: tuple of str.
        num_subjects, num_windows: int.
        num_folds: int. Folds of people who were left out in turn; 0 of new
            people, on whom nothing was fitted.
        rows: dict of the name of a classifier to a dict of `accuracy` and
            `macro_f1`, the mean over people, with `accuracy_interval` and
            `macro_f1_interval`, 95 % intervals of that mean over resampled
            people; `accuracy_spread`, what 8 of 10 people are between, or of
            fewer than ten all; `calibration_error`, `None` where there are no
            probabilities; and `of_classes`, the F1 of each class over
            all windows.
        confusion: list of lists of int, true by predicted class, of the first
            row.
    """

    unit: ClassVar[str] = "in percent"
    classes: tuple[str, ...]
    num_subjects: int
    num_windows: int
    num_folds: int
    rows: dict[str, Any]
    confusion: list[list[int]]

    def to_dict(self):
        """JSON-ready values, for `from_dict`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values):
        return cls(**{**values, "classes": tuple(values["classes"])})

    @classmethod
    def of(cls, codes, groups, classes, predictions, num_folds=0, seed=0):
        """Scores classifiers by what they predict.

        Args:
            codes: `(windows,)` int, true classes.
            groups: `(windows,)`, people.
            classes: sequence of str.
            predictions: dict of the name of a classifier to its probabilities,
                `(windows, classes)`, or its classes, `(windows,)` int; the
                first is the one that counts.
            num_folds: int. Defaults to `0`: new people.
            seed: int. Draws people. Defaults to `0`.
        """
        rows, confusion = {}, None
        for name, found in predictions.items():
            probabilities = found if found.ndim == 2 else None
            predicted = found if found.ndim == 1 else found.argmax(axis=1)
            rows[name] = score_row(
                codes, predicted, groups, classes, probabilities, seed
            )
            if confusion is None:
                num_classes = len(classes)
                confusion = confusions_by_person(
                    codes, predicted, groups, num_classes
                ).sum(axis=0)
        return cls(
            classes=tuple(classes),
            num_subjects=len(np.unique(groups)),
            num_windows=len(codes),
            num_folds=num_folds,
            rows=rows,
            confusion=confusion.tolist(),
        )

    def table(self) -> str:
        """Text: a row per classifier; in percent."""
        lines = [
            (
                whom(self),
                "macro-F1",
                "95 % interval",
                "accuracy",
                "calibration error",
            )
        ]
        for name, row in self.rows.items():
            error = row["calibration_error"]
            lines.append(
                (
                    name,
                    f"{100 * row['macro_f1']:.1f}",
                    interval_words(
                        self, row["macro_f1_interval"], "{:.1f}", 100
                    ),
                    f"{100 * row['accuracy']:.1f}",
                    "-" if error is None else f"{100 * error:.1f}",
                )
            )
        return text_table(lines)

    def sentence(self) -> str:
        """What to expect on a new person."""
        name, row = next(iter(self.rows.items()))
        low, high = (f"{100 * x:.0f}" for x in row["accuracy_spread"])
        spread = spread_words(self, low, high, " %")
        weakest = min(row["of_classes"], key=row["of_classes"].get)
        return (
            f"On a new person, expect {100 * row['accuracy']:.0f} % of the "
            f"windows to be right ({spread}). The least "
            f"certain class is {weakest!r} (F1 "
            f"{100 * row['of_classes'][weakest]:.0f} %)."
        )


def score_row(codes, predicted, groups, classes, probabilities=None, seed=0):
    """Scores of one classifier, as in `SubjectScores.rows`.

    Args:
        codes, predicted: `(windows,)` int.
        groups: `(windows,)`.
        classes: sequence of str.
        probabilities: `(windows, classes)`, or `None`.
        seed: int. Draws people.

    Returns:
        dict.
    """
    confusions = confusions_by_person(codes, predicted, groups, len(classes))
    totals = confusions.sum((1, 2))
    accuracy = np.trace(confusions, axis1=1, axis2=2) / totals
    macro_f1 = macro_f1_of(confusions)
    total = confusions.sum(0)
    hits = 2 * np.diag(total)
    f1 = hits / np.maximum(total.sum(0) + total.sum(1), 1)
    error = None
    if probabilities is not None:
        error = expected_calibration_error(
            np.asarray(codes), probabilities, np.arange(len(classes))
        )
    return {
        "accuracy": float(accuracy.mean()),
        "accuracy_interval": person_interval(accuracy, seed),
        "accuracy_spread": person_spread(accuracy),
        "macro_f1": float(macro_f1.mean()),
        "macro_f1_interval": person_interval(macro_f1, seed),
        "calibration_error": error,
        "of_classes": {str(c): float(v) for c, v in zip(classes, f1)},
    }


def confusions_by_person(codes, predicted, groups, num_classes):
    """Counts, `(people, true, predicted)` int; people in sorted order."""
    people, person = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(people), num_classes, num_classes), int)
    np.add.at(counts, (person, codes, predicted), 1)
    return counts


def person_interval(values, seed):
    """95 % interval of the mean over resampled people (percentiles).

    Args:
        values: `(people,)`.
        seed: int. Draws people.

    Returns:
        list of two floats.
    """
    draws = np.random.default_rng(seed).integers(
        len(values), size=(NUM_RESAMPLES, len(values))
    )
    return [
        float(x) for x in np.quantile(values[draws].mean(1), [0.025, 0.975])
    ]


def person_spread(values):
    """What 8 of 10 people are between, or of fewer than ten all.

    Args:
        values: `(people,)`.

    Returns:
        list of two floats.
    """
    ends = (0.1, 0.9) if len(values) >= MANY_PEOPLE else (0, 1)
    return [float(x) for x in np.quantile(values, ends)]


def whom(scores):
    """Heading of a table: whom its scores are of."""
    return "on people left out" if scores.num_folds else "on new people"


def interval_words(scores, ends, form, factor=1):
    """A `person_interval` in words; of one person there is none."""
    if scores.num_subjects == 1:
        return "-"
    return " to ".join(form.format(factor * end) for end in ends)


def spread_words(scores, low, high, unit=""):
    """A `person_spread` in words; the ends are text."""
    people, are_new = scores.num_subjects, not scores.num_folds
    if people >= MANY_PEOPLE:
        how = "it was tested on" if are_new else "left out in turn"
        return f"{low} to {high}{unit} for 8 of 10 of the {people} people {how}"
    if people == 1:
        return "it was tested on one person"
    how = f"{people} people were left out in turn"
    if are_new:
        how = f"it was tested on {people} people"
    return f"{how}; lowest {low}{unit}, highest {high}{unit}"
