"""Which labels of two data sets mean the same activity."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_one_of, message

_PAMAP2 = {
    "walking": "walking",
    "running": "running",
    "ascending_stairs": "stairs",
    "descending_stairs": "stairs",
    "sitting": "sitting",
    "standing": "standing",
    "cycling": "cycling",
}
# Names of the labels as the readers and the builders give them. WISDM does not
# say whether stairs go up or down, so they are one class.
ACTIVITIES = {
    "wisdm_watch": {
        "walking": "walking",
        "jogging": "running",
        "stairs": "stairs",
        "sitting": "sitting",
        "standing": "standing",
    },
    "motionsense": {
        "walking": "walking",
        "jogging": "running",
        "upstairs": "stairs",
        "downstairs": "stairs",
        "sitting": "sitting",
        "standing": "standing",
    },
    "pamap2_hand": _PAMAP2,
    "hhar_watch": {
        "walk": "walking",
        "stairsup": "stairs",
        "stairsdown": "stairs",
        "sit": "sitting",
        "stand": "standing",
        "bike": "cycling",
    },
}


@dataclasses.dataclass(frozen=True)
class LabelMap:
    """The classes that two data sets share, and their labels in each.

    Windows with other labels are left out, as are those of a class that only
    one of the two has.

    Args:
        source: dict of label of the source to class.
        target: dict of label of the target to class.

    Raises:
        ValueError: if the two share fewer than two classes.

    Example:

    >>> keras_relcon.evaluation.LabelMap(
    ...     {"jogging": "run", "walking": "walk"},
    ...     {"running": "run", "walk": "walk", "bike": "bike"},
    ... ).classes
    ('run', 'walk')
    """

    source: Mapping[str, str]
    target: Mapping[str, str]

    def __post_init__(self):
        if len(self.classes) < 2:
            raise ValueError(
                message(
                    "Source and target must share two classes or more.",
                    f"{sorted(set(self.source.values()))} and "
                    f"{sorted(set(self.target.values()))}",
                    "Name what means the same alike in both.",
                )
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of both, sorted."""
        shared = set(self.source.values()) & set(self.target.values())
        return tuple(sorted(shared))

    def codes_of_source(self, labels: ArrayLike) -> np.ndarray:
        """Class of each label, `(windows,)` int; -1 where there is none."""
        return self._codes(self.source, labels)

    def codes_of_target(self, labels: ArrayLike) -> np.ndarray:
        """Class of each label, `(windows,)` int; -1 where there is none."""
        return self._codes(self.target, labels)

    def _codes(self, class_of, labels):
        names, places = np.unique(
            np.asarray(labels).astype(str), return_inverse=True
        )
        class_of = {str(label): name for label, name in class_of.items()}
        code_of = {name: code for code, name in enumerate(self.classes)}
        found = [code_of.get(class_of.get(name, ""), -1) for name in names]
        return np.array(found, int)[places]


def activity_map(source: str, target: str) -> LabelMap:
    """The `LabelMap` of two data sets of daily activities.

    Stairs up and down are one class, because WISDM does not tell them apart.

    Args:
        source, target: str. Two of `"wisdm_watch"`, `"motionsense"`,
            `"pamap2_hand"` and `"hhar_watch"`, with the labels that
            `read_wisdm_watch`, `read_motionsense` and the TFDS builders give.

    Returns:
        `LabelMap`.

    Raises:
        ValueError: if there is no such data set.

    Example:

    >>> activity_map("wisdm_watch", "motionsense").classes
    ('running', 'sitting', 'stairs', 'standing', 'walking')
    """
    check_one_of("source", source, list(ACTIVITIES))
    check_one_of("target", target, list(ACTIVITIES))
    return LabelMap(ACTIVITIES[source], ACTIVITIES[target])
