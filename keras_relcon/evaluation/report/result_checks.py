"""What must hold for the results of a report to be comparable."""


def check_results(results):
    """Raises unless all representations were scored on the same folds.

    Args:
        results: list of `FoldResult`.

    Raises:
        ValueError: if there is none; if a representation has a fold twice;
            if representations differ in folds, tested subjects or number of
            windows; or if results differ in their metrics.
    """
    if not results:
        raise ValueError(
            "A report needs at least one `FoldResult`. Received: results=[]. "
            "Make them with `cross_validate`."
        )
    folds = {}
    for result in results:
        tested = (tuple(result.subjects), len(result.y_true))
        own = folds.setdefault(result.representation, {})
        if result.fold in own:
            raise ValueError(
                "A representation must have each fold once. Received: fold "
                f"{result.fold} of {result.representation!r} twice. Give "
                "each representation a name of its own."
            )
        own[result.fold] = tested
        if set(result.metrics) != set(results[0].metrics):
            raise ValueError(
                "All results must have the same metrics. Received: "
                f"{sorted(result.metrics)} for {result.representation!r}, "
                f"and {sorted(results[0].metrics)} for "
                f"{results[0].representation!r}. Do not mix tasks."
            )
    _check_same_folds(folds)


def _check_same_folds(folds):
    first, *others = folds
    for name in others:
        if folds[name].keys() != folds[first].keys():
            raise ValueError(
                "All representations must have the same folds. Received: "
                f"folds {sorted(folds[first])} of {first!r} and "
                f"{sorted(folds[name])} of {name!r}. Run the missing ones."
            )
        for fold, tested in folds[name].items():
            if tested != folds[first][fold]:
                raise ValueError(
                    "All representations must be tested on the same windows. "
                    f"Received: fold {fold} of {first!r} with subjects "
                    f"{folds[first][fold][0]}, {folds[first][fold][1]} "
                    f"windows, and of {name!r} with {tested[0]}, {tested[1]} "
                    "windows. Use one protocol for all."
                )
