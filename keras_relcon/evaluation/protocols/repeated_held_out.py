from keras_relcon.evaluation.protocols.folds import held_out


def repeated_held_out(
    subjects, test_fraction=0.5, validation_fraction=0.2, seeds=range(5)
):
    """Several single splits, one for each seed.

    Section 4.2.1 of [RelCon](https://arxiv.org/abs/2411.18822) splits the
    subjects of its gait dataset in halves at random, and retrains five times
    with set seeds (Table 1).

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        test_fraction: float in `(0, 1)`. Share of the subjects to test,
            rounded up. Defaults to `0.5`.
        validation_fraction: float in `[0, 1)`. Share of the others that goes
            to validation, rounded up. Defaults to `0.2`.
        seeds: sequence of int. One fold each. Defaults to `range(5)`.

    Returns:
        list of `Fold`. A subject is tested in about half of them.

    Raises:
        ValueError: if there are no seeds or a seed is there twice, and as
            `held_out`.

    Differs from the paper: it does not say whether the seeds redraw the split
    or the probe alone; here they redraw the split. It has no validation part.

    Example:
    >>> folds = keras_relcon.evaluation.repeated_held_out(windows.subjects)
    >>> len(folds)
    5
    """
    seeds = list(seeds)
    if not seeds or len(set(seeds)) != len(seeds):
        raise ValueError(
            "`seeds` must be different ints, at least one. "
            f"Received: seeds={seeds}. Use range(5)."
        )
    return [
        fold
        for seed in seeds
        for fold in held_out(subjects, test_fraction, validation_fraction, seed)
    ]
