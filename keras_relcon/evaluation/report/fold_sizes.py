"""How large the parts of a fold were, from the settings of a report."""

import numpy as np

PARTS = ("train", "validation", "test")


def fold_sizes(report, fold):
    """Counts the subjects of each part, or the windows of a leaky fold.

    Args:
        report: `Report`.
        fold: int.

    Returns:
        dict of `"train"`, `"validation"`, `"test"` and `"unit"`, which is
        `"subjects"` or `"windows"`; `None` if the settings do not tell.
    """
    described = report.settings.get("folds", ())
    if not isinstance(described, (list, tuple)) or fold >= len(described):
        return None
    parts = described[fold] if isinstance(described[fold], dict) else {}
    for unit, suffix in (("windows", "_rows"), ("subjects", "")):
        keys = [part + suffix for part in PARTS]
        if all(key in parts for key in keys):
            sizes = [len(parts[key]) for key in keys]
            return {**dict(zip(PARTS, sizes)), "unit": unit}
    return None


def size_ratio(report):
    """Mean over folds of the size of the test part over the fitted part.

    The fitted part is the training part, and the validation part if the task
    learns from it in the end. Without settings it is taken to be all subjects
    that other folds test.

    Args:
        report: `Report`.

    Returns:
        float.
    """
    everybody = set().union(*report.subjects_of_folds.values())
    ratios = []
    for fold, subjects in report.subjects_of_folds.items():
        sizes = fold_sizes(report, fold)
        if sizes is None:
            num_test = len(set(subjects))
            num_fitted = len(everybody) - num_test
        else:
            num_test = sizes["test"]
            num_fitted = sizes["train"]
            if report.settings.get("refits_on_validation", False):
                num_fitted += sizes["validation"]
        if not num_fitted:  # the same people in every fold: k equal parts
            num_test, num_fitted = 1, max(len(report.folds) - 1, 1)
        ratios.append(num_test / num_fitted)
    return float(np.mean(ratios))
