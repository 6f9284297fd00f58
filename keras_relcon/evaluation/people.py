"""Whether the people of a test are others than those of the training."""

import numpy as np

from keras_relcon.checks import message, some_of
from keras_relcon.evaluation.features import handmade_features

# One of 4,190 pairs of different people in public sets reaches both.
_OF_OTHERS = 0.3
_OF_ALL = 0.2
# Data sets that call the same people by the same names.
_SAME_NAMES = (
    ("wisdm-dataset", "wisdm2019_phone"),
    ("dsads_left_wrist", "dsads_right_wrist"),
)
_MIN_WINDOWS = 20
_MAX_WINDOWS = 200  # of each person
_MAX_PEOPLE = 50
_MIN_PEOPLE = 5  # among fewer, a third of the neighbours is chance
_MIN_SAMPLES = 16


def people_alike(acceleration, subjects):
    """Finds pairs of people whose windows look as if of one person.

    Of each window the nearest one, by standardised hand-made features, is
    looked for. Two people are alike if, among the windows of other people, it
    is of the other for 30 % of the windows of each; and, among all windows,
    those of the same person too, for 20 %: so people are not alike who are
    nearest to each other, but far. `benchmarks/people_alike.py` measures how
    often one person under two names is found, and how often two people are.

    Args:
        acceleration: `(windows, time, 3)`, g.
        subjects: `(windows,)` str. Those with fewer than 20 windows are left
            out; of each at most 200 windows are used, and at most 50 people.

    Returns:
        list of `(one, other, share)`, the smaller share of other people's
        windows, largest first. Empty where there are fewer than five people.
    """
    subjects = np.asarray(subjects).astype(str)
    names, counts = np.unique(subjects, return_counts=True)
    names = names[counts >= _MIN_WINDOWS]
    if len(names) < _MIN_PEOPLE or acceleration.shape[1] < _MIN_SAMPLES:
        return []
    names = names[:: -(-len(names) // _MAX_PEOPLE)]
    rows = np.concatenate([_some(subjects == name) for name in names])
    columns = handmade_features(acceleration[rows]).astype("float64")
    spread = columns.std(axis=0)
    columns = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1)
    codes = np.searchsorted(names, subjects[rows])
    squares = (columns**2).sum(axis=1)
    of_others, of_all = np.zeros((2, len(names), len(names)))
    for code in range(len(names)):
        own = np.flatnonzero(codes == code)
        distances = squares - 2 * columns[own] @ columns.T
        distances[np.arange(len(own)), own] = np.inf
        of_all[code] = _shares(distances, codes, len(names))
        distances[:, own] = np.inf
        of_others[code] = _shares(distances, codes, len(names))
    of_others, of_all = (np.minimum(x, x.T) for x in (of_others, of_all))
    is_alike = (of_others >= _OF_OTHERS) & (of_all >= _OF_ALL)
    found = [
        (str(names[i]), str(names[j]), float(of_others[i, j]))
        for i, j in np.argwhere(np.triu(is_alike, 1))
    ]
    return sorted(found, key=lambda pair: -pair[2])


def _shares(distances, codes, num_people):
    nearest = codes[distances.argmin(axis=1)]
    return np.bincount(nearest, minlength=num_people) / len(nearest)


def _some(is_own):
    """Indices of windows of a person, evenly spaced."""
    rows = np.flatnonzero(is_own)
    return rows[:: -(-len(rows) // _MAX_WINDOWS)]


def pretrained_on(encoder, subjects, source=None):
    """Names of tested people that are also names of a preset's training.

    Args:
        encoder: of `from_preset`; of anything else nothing is known.
        subjects: sequence of str. Who is tested.
        source: str. Name of their data set, as of `pretrain`: that of its file
            without the ending; another set of the same people is found too.
            Defaults to `None`: any.

    Returns:
        sorted list of str, `"<source>/<subject>"`.
    """
    preset = getattr(encoder, "preset_metadata", None)
    named = preset.facts.get("subjects") if preset else None
    if not isinstance(named, dict):
        return []
    tested = {str(subject) for subject in subjects}
    sources = names_of_people(source)
    return sorted(
        f"{name}/{person}"
        for name, people in named.items()
        if source is None or name in sources
        for person in (people if isinstance(people, list) else ())
        if person in tested or f"{name}/{person}" in tested
    )


def names_of_people(source):
    """Names of data sets that have the people of this one, its own too."""
    return {source}.union(*(same for same in _SAME_NAMES if source in same))


def pretrained_message(name, people, is_sure=True):
    """What to say of a preset and people of `pretrained_on`.

    Args:
        name: str. Of the preset.
        people: list of str.
        is_sure: bool. Whether it is known that they are of that data set.
            Defaults to `True`.
    """
    found = f"{some_of(people)}, whose windows without labels the preset "
    found += f"{name!r} was trained on"
    if is_sure:
        return message(
            "The people of a test must not be those of the pretraining.",
            f"{found}, by their names",
            "Test other people, or say so beside the score.",
        )
    return message(
        "The people of a test must not be those of the pretraining.",
        f"names that are also those of {found}",
        "If they are the same people, test others, or say so beside the "
        "score; else pass the name of their data set as `source`.",
    )
