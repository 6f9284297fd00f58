import numpy as np
from sklearn.linear_model import LogisticRegression

from keras_relcon.evaluation import LinearProbe


def macro_f1(y_true, y_pred):
    """Mean over classes, each counting alike however rare it is."""
    scores = []
    for label in np.union1d(y_true, y_pred):
        right = np.sum((y_true == label) & (y_pred == label))
        wrong = np.sum((y_true == label) ^ (y_pred == label))
        scores.append(2 * right / (2 * right + wrong))
    return np.mean(scores)


def test_macro_f1_chooses_the_penalty_where_a_class_is_rare():
    """Protocols 2 and methods 4.1: "chosen by macro-F1 on the validation"."""
    rng = np.random.default_rng(3)
    y = np.repeat(["often", "rare"], [180, 20])
    x = rng.normal(size=(200, 4)) + 1.5 * (y == "rare")[:, None]
    validation_y = np.repeat(["often", "rare"], [90, 10])
    validation_x = rng.normal(size=(100, 4))
    validation_x += 1.5 * (validation_y == "rare")[:, None]

    grid = (1e-4, 1e-2, 1.0)
    probe = LinearProbe(grid).fit(x, y, validation_x, validation_y)
    mean, std = x.mean(0), x.std(0)
    scores, shares = [], []
    for value in grid:
        one = LogisticRegression(C=value, max_iter=100)
        one.fit((x - mean) / std, y)
        predicted = one.predict((validation_x - mean) / std)
        scores.append(macro_f1(validation_y, predicted))
        shares.append(np.mean(predicted == validation_y))
    # A rare class that is never predicted costs half, but few windows.
    assert scores[0] < 0.5 < 0.85 < shares[0]
    np.testing.assert_allclose(probe.validation_scores_, scores, atol=1e-9)
