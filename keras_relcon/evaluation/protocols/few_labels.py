import numpy as np

from keras_relcon.evaluation.protocols.folds import Fold, share


def few_labels(folds, fraction, seed=0):
    """The same folds, with labels of only a share of the subjects.

    A share of the training subjects is kept, and the same share of the
    validation subjects, whose labels are labels too. Tested subjects stay.
    Smaller shares are inside larger ones of the same seed.

    Args:
        folds: list of `Fold`.
        fraction: float in `(0, 1]`. Share of the subjects of each of both
            parts, rounded up: at least one. Usual ones are 0.01, 0.05, 0.1,
            0.5 and 1.
        seed: int. Draws the subjects, in each fold anew. Defaults to `0`.

    Returns:
        list of `Fold`, in the order of `folds`.

    Raises:
        ValueError: if `fraction` is outside `(0, 1]`.
        TypeError: if a fold is not a `Fold`.

    Example:
    >>> folds = keras_relcon.evaluation.motionsense_folds()
    >>> [len(fold.train) for fold in few_labels(folds, 0.1)]
    [2, 2, 2, 2, 2]
    """
    if not 0 < fraction <= 1:
        raise ValueError(
            "`fraction` must be above 0 and at most 1. "
            f"Received: fraction={fraction}. Use 0.01 for 1 %."
        )
    few = []
    for index, fold in enumerate(folds):
        if not isinstance(fold, Fold):
            raise TypeError(
                "`folds` must be a list of `Fold`. "
                f"Received: an item of type {type(fold).__name__}. Use a "
                "protocol whose folds are made of subjects."
            )
        generator = np.random.default_rng([seed, index])
        train = _keep(fold.train, fraction, generator)
        validation = _keep(fold.validation, fraction, generator)
        few.append(Fold(train, validation, fold.test))
    return few


def _keep(subjects, fraction, generator):
    # the whole order is drawn, so smaller shares begin it like larger ones
    order = generator.permutation(len(subjects))
    num_kept = share(fraction, len(subjects))
    kept = set(order[:num_kept].tolist())
    return tuple(s for index, s in enumerate(subjects) if index in kept)
