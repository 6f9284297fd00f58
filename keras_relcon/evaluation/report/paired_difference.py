import dataclasses

import numpy as np


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
        """Whether the two rows differ by more than the folds scatter."""
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
