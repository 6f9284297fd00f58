"""The difference of two rows over the folds, and the sizes of the folds."""

import dataclasses

import numpy as np

from keras_relcon.evaluation.protocols.folds import PARTS


@dataclasses.dataclass(frozen=True)
class PairedDifference:
    """Mean of `row_a - row_b` over folds and its 95 % interval.

    Attributes:
        mean: float, in the unit of the metric; `low` and `high` likewise.
        low: float.
        high: float.
    """

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self):
        """Whether the two rows differ clearly, given the spread over folds."""
        return bool(self.low > 0 or self.high < 0)


def paired_difference(values_a, values_b, test_train_ratio=0.0):
    """Student's interval of the mean difference of two rows of folds.

    With `J` folds the variance of the mean is taken to be
    `(1 / J + test_train_ratio) * s**2`, `s` being the sample standard
    deviation of the differences. A ratio of 0 is the plain paired t
    interval, which is too narrow where folds share training subjects;
    Nadeau and Bengio (2003), "Inference for the generalization error",
    Machine Learning 52, section 3.4.2, add the ratio of the sizes of the test
    and the training part.

    Args:
        values_a: `(folds,)`. Folds where one of the two is not finite are
            left out.
        values_b: `(folds,)`.
        test_train_ratio: float. Defaults to `0.0`.

    Returns:
        `PairedDifference`.

    Raises:
        ValueError: if fewer than 2 folds are left.
    """
    from scipy.stats import t

    difference = np.asarray(values_a) - np.asarray(values_b)
    difference = difference[np.isfinite(difference)]
    num_folds = len(difference)
    if num_folds < 2:
        raise ValueError(
            "A paired difference needs at least 2 folds. "
            f"Received: {num_folds}. Use a protocol with more folds."
        )
    factor = np.sqrt(1 / num_folds + test_train_ratio)
    half = t.ppf(0.975, num_folds - 1) * factor * difference.std(ddof=1)
    mean = float(difference.mean())
    return PairedDifference(mean, float(mean - half), float(mean + half))


def fold_sizes(report, fold):
    """Counts the subjects of each part, or the windows of a leaky fold.

    Args:
        report: `Report`.
        fold: int.

    Returns:
        dict of `"train"`, `"validation"`, `"test"` and `"unit"`, which is
        `"subjects"` or `"windows"`; `None` if the settings do not say.
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

    The fitted part is the training part, with the validation part if the final
    fit uses it. Without settings it is assumed to be all subjects that other
    folds test.

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
        if not num_fitted:  # the same subjects in every fold: k equal parts
            num_test, num_fitted = 1, max(len(report.folds) - 1, 1)
        ratios.append(num_test / num_fitted)
    return float(np.mean(ratios))
