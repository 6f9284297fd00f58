import numpy as np
import pytest
from sklearn.metrics import f1_score

from keras_relcon.evaluation import ridge
from keras_relcon.evaluation.suite.logistic import fit_logistic


def _people(num_people=6, num_each=10, num_columns=8, spread=1.0, seed=0):
    """Classes that columns tell apart, and people who shift the columns."""
    generator = np.random.default_rng(seed)
    subjects = np.repeat([f"p{i}" for i in range(num_people)], num_each)
    y = generator.integers(0, 3, len(subjects))
    x = generator.normal(size=(len(subjects), num_columns))
    x[:, :3] += 2 * np.eye(3)[y]
    shift = generator.normal(size=(num_people, num_columns)) * spread
    return x + np.repeat(shift, num_each, 0), y, subjects


def _normal_equations(x, targets, penalty):
    """Weights and intercept of a ridge whose intercept is free."""
    mean = x.mean(0)
    gram = (x - mean).T @ (x - mean) + penalty * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, (x - mean).T @ targets)
    return weights, targets.mean(0) - mean @ weights


@pytest.mark.parametrize("num_columns", [8, 200])
def test_weights_are_those_of_the_normal_equations(num_columns):
    x, y, subjects = _people(num_columns=num_columns)
    x = x * np.linspace(1, 50, num_columns) + 7
    model = ridge.fit_ridge(x, y, subjects, strengths=[0.3])
    standard = (x - x.mean(0)) / x.std(0)
    targets = 2.0 * np.eye(3)[y] - 1
    weights, offset = _normal_equations(standard, targets, 0.3 * num_columns)
    np.testing.assert_allclose(model.weights, weights, atol=1e-10)
    np.testing.assert_allclose(model.offset, offset, atol=1e-10)
    expected = np.argmax(standard @ weights + offset, 1)
    np.testing.assert_array_equal(model.predict(x), expected)


@pytest.mark.parametrize("num_columns", [8, 200])
def test_strength_is_chosen_by_people_left_out(num_columns):
    """The short formula against fits without each group of people."""
    x, y, subjects = _people(num_columns=num_columns, spread=1.5, seed=3)
    model = ridge.fit_ridge(x, y, subjects, seed=1)
    standard = (x - x.mean(0)) / x.std(0)
    targets = 2.0 * np.eye(3)[y] - 1
    scores = []
    for strength in ridge.STRENGTHS:
        predicted = np.empty_like(y)
        for rows in ridge.group_rows(subjects, 5, seed=1):
            kept = np.setdiff1d(np.arange(len(y)), rows)
            weights, offset = _normal_equations(
                standard[kept], targets[kept], strength * num_columns
            )
            predicted[rows] = np.argmax(standard[rows] @ weights + offset, 1)
        scores.append(f1_score(y, predicted, average="macro"))
    best = np.flatnonzero(np.isclose(scores, max(scores)))[-1]
    assert model.strength == ridge.STRENGTHS[best]
    assert len(set(np.round(scores, 6))) > 2  # else nothing was chosen


def test_people_left_out_choose_more_strength_than_rows_left_out():
    x, y, subjects = _people(
        num_people=8, num_each=12, num_columns=150, spread=3, seed=1
    )
    by_people = ridge.fit_ridge(x, y, subjects).strength
    rows = [f"row {i}" for i in range(len(y))]
    assert by_people > ridge.fit_ridge(x, y, rows).strength


def test_groups_hold_whole_people():
    _, _, subjects = _people(num_people=7)
    groups = ridge.group_rows(subjects, 5, seed=0)
    assert len(groups) == 5
    assert sorted(np.concatenate(groups)) == list(range(len(subjects)))
    for rows in groups:
        others = np.setdiff1d(np.arange(len(subjects)), rows)
        assert not set(subjects[rows]) & set(subjects[others])
    assert len(ridge.group_rows(subjects[:20], 5, seed=0)) == 2


def test_constant_columns_and_lone_people():
    x, y, subjects = _people()
    with_constant = np.concatenate([x, np.full((len(x), 1), 0.1)], 1)
    model = ridge.fit_ridge(with_constant, y, subjects)
    assert np.isfinite(model.weights).all() and not model.weights[-1].any()
    alone = subjects == "p0"
    model = ridge.fit_ridge(x[alone], y[alone], subjects[alone])
    assert model.strength == ridge.LONE_STRENGTH
    for fit in (ridge.fit_ridge, fit_logistic):
        one_class = fit(x[:10], np.ones(10, int), subjects[:10])
        assert (one_class.predict(x) == 1).all()


def test_macro_f1_is_that_of_scikit_learn():
    generator = np.random.default_rng(0)
    true, predicted = generator.integers(0, 4, (2, 50))
    predicted[predicted == 3] = 0
    true[true == 2] = 1
    expected = f1_score(true, predicted, average="macro", zero_division=0)
    assert ridge.macro_f1(true, predicted, 6) == pytest.approx(expected)


def test_logistic_chooses_by_people_left_out():
    x, y, subjects = _people(num_people=10, spread=0.1)
    model = fit_logistic(x, y, subjects, penalties=[1e-6, 1.0])
    assert model.strength == 1.0
    assert np.mean(model.predict(x) == y) > 0.8
    # With labels of chance whatever is learned of people left out is wrong
    # as often as right: the stronger of equals is taken.
    same = fit_logistic(x, np.arange(len(y)) % 2 * 0, subjects)
    assert same.strength == 1e-4


@pytest.mark.parametrize("num_columns", [8, 200])
def test_a_row_of_weight_two_counts_as_two_rows(num_columns):
    x, y, subjects = _people(num_columns=num_columns, seed=2)
    x = (x - x.mean(0)) / x.std(0)
    weights = np.where(subjects == "p1", 2.0, 1.0)
    model = ridge.fit_ridge(x, y, subjects, chosen=0.5, weights=weights)
    doubled = np.concatenate([np.arange(len(y)), np.flatnonzero(weights == 2)])
    coefficients, offset = _normal_equations(
        x[doubled], 2.0 * np.eye(3)[y[doubled]] - 1, 0.5 * num_columns
    )
    np.testing.assert_allclose(model.weights, coefficients, atol=1e-9)
    np.testing.assert_allclose(model.offset, offset, atol=1e-9)


@pytest.mark.parametrize("num_columns", [8, 200])
def test_left_out_outputs_are_those_of_fits_without_the_group(num_columns):
    x, y, subjects = _people(num_columns=num_columns, seed=4)
    x = (x - x.mean(0)) / x.std(0)
    generator = np.random.default_rng(0)
    weights = generator.uniform(0.5, 2, len(y))
    model = ridge.fit_ridge(x, y, subjects, chosen=0.5, weights=weights)
    targets = 2.0 * np.eye(3)[y] - 1
    for rows in ridge.group_rows(subjects, 5, seed=0):
        kept = np.setdiff1d(np.arange(len(y)), rows)
        w = weights[kept] / weights[kept].sum()
        center, offset = w @ x[kept], w @ targets[kept]
        roots = np.sqrt(weights[kept])[:, None]
        scaled = (x[kept] - center) * roots
        gram = scaled.T @ scaled + 0.5 * num_columns * np.eye(num_columns)
        coefficients = np.linalg.solve(
            gram, scaled.T @ ((targets[kept] - offset) * roots)
        )
        expected = (x[rows] - center) @ coefficients + offset
        np.testing.assert_allclose(model.left_out[rows], expected, atol=1e-9)
