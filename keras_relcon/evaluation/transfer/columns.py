"""How much of the target has labels: people, or windows of each class."""

import dataclasses

import numpy as np

from keras_relcon.evaluation.protocols.folds import share
from keras_relcon.evaluation.suite.classify import draw_labelled


@dataclasses.dataclass(frozen=True)
class Column:
    """One amount of labels.

    Attributes:
        name: str.
        num_people: int, or `None`. Training people, all of whose windows have
            labels.
        num_each: int, or `None`. Windows of each class, of all training
            people.
    """

    name: str
    num_people: int | None = None
    num_each: int | None = None

    def rows(self, train, subjects, y, seed, draw):
        """Draws the windows that have labels.

        With one seed and one draw, fewer people are the first of more, and
        fewer windows of a class too.

        Args:
            train: `(any,)` int. Windows of all training people.
            subjects: `(windows,)` str.
            y: `(windows,)` int, classes.
            seed, draw: int.

        Returns:
            `(rows,)` int, sorted.
        """
        if self.num_each is None:
            everyone = np.unique(subjects[train])
            people = draw_labelled(everyone, self.num_people, [seed], draw)
            return train[np.isin(subjects[train], people)]
        chosen = []
        for code in np.unique(y[train]):
            own = train[y[train] == code]
            generator = np.random.default_rng([seed, draw, int(code)])
            chosen.append(generator.permutation(own)[: self.num_each])
        return np.sort(np.concatenate(chosen))

    def is_all(self, num_people):
        """Whether every draw has the same windows."""
        return self.num_people is not None and self.num_people >= num_people


def make_columns(num_people, shares, windows_per_class):
    """Columns of shares of people, then of windows per class.

    Shares that are as many people, rounded up, are one column.

    Args:
        num_people: int. Training people of the target.
        shares: sequence of float in `(0, 1]`.
        windows_per_class: sequence of int.

    Returns:
        list of `Column`.
    """
    shares_of: dict[int, list[str]] = {}
    for each in sorted(shares):
        number = share(each, num_people)
        shares_of.setdefault(number, []).append(f"{100 * each:g} %")
    columns = [
        Column(f"{', '.join(names)} ({number})", num_people=number)
        for number, names in shares_of.items()
    ]
    return columns + [
        Column(f"{number} a class", num_each=number)
        for number in sorted(set(windows_per_class))
    ]
