import numpy as np
import pytest

from keras_relcon.evaluation import leaks
from keras_relcon.evaluation.fold_runs import FoldRuns


@pytest.mark.parametrize("sign", [1, -1])
def test_a_tenth_of_a_deviation_is_found_and_rounding_is_not(rng, sign):
    """The limit is a twentieth of the standard deviation of the outputs."""
    x = rng.normal(size=(64, 5))

    def predict_moved_by(deviations):
        def predict(rows):
            is_whole = len(rows) == len(x)
            moved = 0 if is_whole else sign * deviations
            return rows + moved * x.std(axis=0)

        return predict

    leaks.check_rows_apart(predict_moved_by(0.01), x, "It")
    with pytest.raises(ValueError, match="It must depend on the window alone"):
        leaks.check_rows_apart(predict_moved_by(0.1), x, "It")


class Ranked:
    """Says what is in the upper half of the rows that it is given."""

    classes_ = np.array(["a", "b"])

    def predict_proba(self, x):
        share = 1 / (1 + np.exp(-x[:, 0]))
        return np.stack([1 - share, share], axis=1)

    def predict(self, x):
        return self.classes_[(x[:, 0] > np.median(x[:, 0])).astype(int)]


class Rounded(Ranked):
    """Has an error of a thousandth that depends on the batch."""

    def predict_proba(self, x):
        generator = np.random.default_rng(len(x))
        error = generator.normal(0, 1e-3, (len(x), 1)) * [-1, 1]
        return super().predict_proba(x) + error

    def predict(self, x):
        return self.classes_[self.predict_proba(x).argmax(axis=1)]


def test_labels_are_compared_where_both_calls_are_sure():
    draws = [np.random.default_rng(s).normal(size=(256, 1)) for s in range(200)]
    for x in draws:
        FoldRuns._check_rows_apart(None, Rounded(), x)
    with pytest.raises(ValueError, match="must depend on the window alone"):
        FoldRuns._check_rows_apart(None, Ranked(), draws[0])
