"""Scores of the suite, and intervals of their differences over people."""

import dataclasses

import numpy as np

from keras_relcon.evaluation.metrics.confusion import macro_f1_of

NUM_RESAMPLES = 2000


@dataclasses.dataclass(frozen=True)
class Row:
    """What one classifier on one representation predicted on every set.

    Attributes:
        representation: str.
        head: str.
        num_labelled: int, the labelled people, or `None` for all.
        is_rotated: bool. Whether the test windows were turned at random.
        is_control: bool. Whether nothing of it was learned from motion.
        confusion: dict of set to `(draws, people, true, predicted)` int,
            counts of test windows.
    """

    representation: str
    head: str
    num_labelled: int | None
    is_rotated: bool
    is_control: bool
    confusion: dict[str, np.ndarray]

    @property
    def condition(self) -> tuple[str, int | None, bool]:
        """What rows must share to be compared."""
        return self.head, self.num_labelled, self.is_rotated

    def macro_f1(self, name: str) -> float:
        """Macro-F1 of a set: of all its test windows, mean over draws."""
        return float(macro_f1_of(self.confusion[name].sum(1)).mean())

    def mean(self) -> float:
        """Mean of the macro-F1 over sets."""
        return float(np.mean([self.macro_f1(name) for name in self.confusion]))

    def of_people(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Accuracy and macro-F1 of each person, means over draws.

        Returns:
            two arrays `(people,)`; NaN for people without test windows.
        """
        counts = self.confusion[name]
        hits = np.trace(counts, axis1=-2, axis2=-1)
        with np.errstate(invalid="ignore"):
            accuracy = hits / counts.sum((-2, -1))
        return accuracy.mean(0), macro_f1_of(counts).mean(0)


def draw_people(people_of, num_resamples=NUM_RESAMPLES, seed=0):
    """Draws people with replacement, for a bootstrap.

    Args:
        people_of: dict of archive to the ids of its people. People are drawn
            within an archive, because each set counts equally in the mean. A
            person of several sets is drawn for all of them together.
        num_resamples: int.
        seed: int.

    Returns:
        dict of archive to `(resamples, people)` int, how often each is drawn.
    """
    generator = np.random.default_rng(seed)
    return {
        archive: generator.multinomial(
            len(people), np.full(len(people), 1 / len(people)), num_resamples
        )
        for archive, people in people_of.items()
    }


def resampled_means(row, drawn_of_set):
    """Mean macro-F1 over sets, of each resample of the people.

    Args:
        row: `Row`.
        drawn_of_set: dict of set to `(resamples, people)` int.

    Returns:
        `(resamples,)` float.
    """
    means = []
    for name, drawn in drawn_of_set.items():
        counts = row.confusion[name]  # (draws, people, true, predicted)
        resampled = np.tensordot(drawn, counts, axes=(1, 1))
        means.append(macro_f1_of(resampled).mean(1))
    return np.mean(means, axis=0)


def interval(differences):
    """The middle 95 % of resampled differences, `(low, high)`."""
    low, high = np.nanquantile(differences, [0.025, 0.975])
    return float(low), float(high)
