import numpy as np
import pytest

from keras_relcon.evaluation import RidgeProbe


def _rows(count, seed, shift=0.0, dim=5):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(count, dim)) * [1, 10, 0.1, 1, 1] + shift
    weights = np.array([1.0, -0.2, 8.0, 0.0, 0.0])
    return x, x @ weights + 2.0 + generator.normal(0, 1.0, count)


def _normal_equations(alpha, x, y, test_x):
    """Ridge on standardised columns, the intercept without a penalty."""
    mean, std = x.mean(axis=0), x.std(axis=0)
    z = (x - mean) / std
    gram = z.T @ z + alpha * np.eye(z.shape[1])
    weights = np.linalg.solve(gram, z.T @ (y - y.mean()))
    return (test_x - mean) / std @ weights + y.mean()


def test_matches_the_normal_equations():
    train, validation, test = _rows(12, 0), _rows(30, 1), _rows(20, 2)
    alphas = (1e-2, 1.0, 3.0, 10.0, 1e3)
    errors = [
        np.mean(
            (_normal_equations(a, *train, validation[0]) - validation[1]) ** 2
        )
        for a in alphas
    ]
    best = alphas[int(np.argmin(errors))]
    assert best not in (alphas[0], alphas[-1]), "a choice to make"
    probe = RidgeProbe("speed_m_s", alphas).fit(*train, *validation)
    np.testing.assert_allclose(probe.validation_errors_, errors, rtol=1e-10)
    assert probe.alpha_ == best and probe.choice_ == {"alpha": best}
    x = np.concatenate([train[0], validation[0]])
    y = np.concatenate([train[1], validation[1]])
    np.testing.assert_allclose(
        probe.predict(test[0]),
        _normal_equations(best, x, y, test[0]),
        rtol=1e-10,
    )


def test_no_penalty_is_least_squares():
    (x, y), (test_x, _) = _rows(30, 0), _rows(10, 1)
    probe = RidgeProbe.preset("table1", target="speed_m_s").fit(x, y)
    design = np.column_stack([x, np.ones(len(x))])
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    expected = np.column_stack([test_x, np.ones(10)]) @ weights
    np.testing.assert_allclose(probe.predict(test_x), expected, rtol=1e-9)
    assert probe.validation_errors_ == ()


def test_no_penalty_is_tame_where_two_columns_are_alike():
    # They differ by rounding alone; solving the normal equations would give
    # both of them weights of about 1e13.
    (x, y), (test_x, _) = _rows(30, 0), _rows(10, 1)
    noise = np.random.default_rng(9).normal(size=30)
    x[:, 4] = x[:, 3] + 1e-16 * noise
    y = y + x[:, 3]
    probe = RidgeProbe("speed_m_s", (0.0,)).fit(x, y)
    mean, std = x.mean(axis=0), x.std(axis=0)
    inverse = np.linalg.pinv((x - mean) / std, rcond=1e-10)
    weights = inverse @ (y - y.mean())
    expected = (test_x - mean) / std @ weights + y.mean()
    np.testing.assert_allclose(probe.predict(test_x), expected, rtol=1e-9)


def test_no_penalty_takes_the_least_norm_where_rows_are_few():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(6, 20)), generator.normal(size=6)
    x[:, 3] = 7.0  # constant: no scale to divide by
    probe = RidgeProbe("speed_m_s", (0.0,)).fit(x, y)
    z = x - x.mean(axis=0)
    z[:, np.arange(20) != 3] /= x.std(axis=0)[np.arange(20) != 3]
    test_x = x + 0.1
    centered = z + 0.1 / np.where(np.arange(20) == 3, 1.0, x.std(axis=0))
    expected = centered @ np.linalg.pinv(z) @ (y - y.mean()) + y.mean()
    np.testing.assert_allclose(probe.predict(test_x), expected, rtol=1e-9)


def test_first_of_equal_errors_wins():
    x = _rows(20, 0)[0]
    y = np.full(20, 1.5)  # every penalty predicts the mean
    for alphas in ((10.0, 1.0, 0.0), (1.0, 10.0, 0.0)):
        probe = RidgeProbe("speed_m_s", alphas).fit(x, y, x, y)
        assert probe.validation_errors_ == (0.0, 0.0, 0.0)
        assert probe.alpha_ == alphas[0]


def test_scaler_is_fitted_on_train_while_choosing_and_never_on_test(
    scaler_fits,
):
    train, validation = _rows(20, 0), _rows(15, 1, shift=5.0)
    probe = RidgeProbe("speed_m_s", (0.1, 1.0)).fit(*train, *validation)
    probe.predict(_rows(20, 2, shift=1000.0)[0])
    assert len(scaler_fits) == 3
    for rows in scaler_fits[:2]:
        np.testing.assert_array_equal(rows, train[0])
    np.testing.assert_array_equal(
        scaler_fits[2], np.concatenate([train[0], validation[0]])
    )


def test_prediction_of_a_row_does_not_depend_on_the_other_rows():
    train, shared = _rows(20, 0), _rows(5, 1)[0]
    said = []
    for shift in (0.0, 1000.0):
        probe = RidgeProbe("speed_m_s", (1.0,)).fit(*train)
        rows = np.concatenate([shared, _rows(20, 2, shift=shift)[0]])
        said.append(probe.predict(rows)[:5])
    np.testing.assert_allclose(said[0], said[1], rtol=1e-12)


def test_errors_say_what_to_do():
    x, y = _rows(20, 0)
    with pytest.raises(ValueError, match="`target` must name a target"):
        RidgeProbe("")
    with pytest.raises(ValueError, match="`alphas` must be a list or tuple"):
        RidgeProbe("speed_m_s", alphas=())
    with pytest.raises(ValueError, match="`alphas` must be a list or tuple"):
        RidgeProbe("speed_m_s", alphas=1.0)
    with pytest.raises(ValueError, match="`alphas` must be .* at least 0"):
        RidgeProbe("speed_m_s", alphas=(-1.0, 1.0))
    with pytest.raises(ValueError, match="`alphas` needs validation rows"):
        RidgeProbe("speed_m_s").fit(x, y)
