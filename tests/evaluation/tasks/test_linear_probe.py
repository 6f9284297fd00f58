import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from keras_relcon.evaluation import LinearProbe


def _blobs(count, seed, shift=0.0, dim=4):
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 3, count)
    x = generator.normal(size=(count, dim)) + 1.2 * np.eye(3, dim)[y] + shift
    return x, np.array(["a", "b", "c"])[y]


def test_matches_scikit_learn_written_out():
    train, validation, test = _blobs(90, 0), _blobs(60, 1), _blobs(60, 2)
    grid = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, np.inf)
    best, best_score = None, -1.0
    for c in grid:
        scaler = StandardScaler().fit(train[0])
        model = LogisticRegression(C=c, max_iter=100)
        model.fit(scaler.transform(train[0]), train[1])
        predicted = model.predict(scaler.transform(validation[0]))
        score = f1_score(validation[1], predicted, average="macro")
        if score > best_score:
            best, best_score = c, score
    x = np.concatenate([train[0], validation[0]])
    y = np.concatenate([train[1], validation[1]])
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=best, max_iter=100).fit(scaler.transform(x), y)
    probe = LinearProbe().fit(*train, *validation)
    assert probe.regularization_ == (None if best == np.inf else best)
    np.testing.assert_allclose(
        probe.predict_proba(test[0]),
        model.predict_proba(scaler.transform(test[0])),
        atol=1e-6,
    )
    assert (
        probe.predict(test[0]).tolist()
        == probe.classes_[probe.predict_proba(test[0]).argmax(axis=1)].tolist()
    )


def test_scaler_is_fitted_on_train_while_choosing_and_never_on_test(
    scaler_fits,
):
    train, validation = _blobs(40, 0), _blobs(30, 1, shift=5.0)
    test = _blobs(20, 2, shift=1000.0)
    probe = LinearProbe(regularization=(0.1, 1e-3)).fit(*train, *validation)
    probe.predict(test[0]), probe.predict_proba(test[0])
    assert len(scaler_fits) == 3
    for rows in scaler_fits[:2]:
        np.testing.assert_array_equal(rows, train[0])
    np.testing.assert_array_equal(
        scaler_fits[2], np.concatenate([train[0], validation[0]])
    )


def test_penalty_is_chosen_on_validation_rows_alone():
    # A rare class: a strong penalty ignores it, a weak one finds it. The
    # validation rows decide, by holding the class or not.
    generator = np.random.default_rng(0)
    train_x = generator.normal(size=(200, 2))
    train_y = np.where(np.arange(200) < 10, "rare", "common")
    train_x[:10] += 3
    probe = LinearProbe(regularization=(1e-5, 1.0))
    with_rare = probe.fit(train_x, train_y, train_x[:20], train_y[:20])
    assert with_rare.regularization_ == 1.0
    assert with_rare.validation_scores_[0] < with_rare.validation_scores_[1]
    common_only = probe.fit(train_x, train_y, train_x[100:], train_y[100:])
    assert common_only.regularization_ == 1e-5


def test_first_of_equal_scores_wins():
    x = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    y = np.array(["a", "a", "b", "b"])
    for grid in ((1.0, 0.1, None), (None, 0.1, 1.0)):
        probe = LinearProbe(regularization=grid).fit(x, y, x, y)
        assert probe.validation_scores_ == (1.0, 1.0, 1.0)
        assert probe.regularization_ == grid[0]


def test_none_is_no_penalty():
    x, y = _blobs(300, 3)
    free = LinearProbe((None,), max_iterations=1000).fit(x, y)
    weak = LinearProbe((1e8,), max_iterations=1000).fit(x, y)
    np.testing.assert_allclose(
        free.predict_proba(x), weak.predict_proba(x), atol=1e-3
    )


def test_iteration_limit_is_told_by_an_attribute_and_not_a_warning():
    x, y = _blobs(200, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not LinearProbe((None,), max_iterations=1).fit(x, y).converged_
        assert LinearProbe((None,), max_iterations=500).fit(x, y).converged_


def test_refit_forgets_the_fit_before():
    probe = LinearProbe((0.1,))
    first, second = _blobs(80, 5), _blobs(80, 6, shift=2.0)
    probe.fit(*first)
    again = probe.fit(*second).predict_proba(second[0])
    fresh = LinearProbe((0.1,)).fit(*second).predict_proba(second[0])
    np.testing.assert_array_equal(again, fresh)


def test_errors_say_what_to_do():
    x, y = _blobs(30, 0)
    with pytest.raises(ValueError, match="above 0.*Use None for no penalty"):
        LinearProbe(regularization=(0.0, 1.0))
    with pytest.raises(ValueError, match="must be a list or tuple"):
        LinearProbe(regularization=())
    with pytest.raises(ValueError, match=r"a list or tuple.*Use \[0.1\]"):
        LinearProbe(regularization=0.1)
    with pytest.raises(ValueError, match="`max_iterations` must be .* least 1"):
        LinearProbe(max_iterations=-1)
    with pytest.raises(ValueError, match="needs validation rows"):
        LinearProbe().fit(x, y)
    with pytest.raises(ValueError, match="at least two classes"):
        LinearProbe().fit(x, np.full(30, "a"), x, y)
