import pytest

from keras_relcon.evaluation import leaks


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
