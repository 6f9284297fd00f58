import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, _multilayer_perceptron
from sklearn.preprocessing import StandardScaler

from keras_relcon.evaluation import MLPProbe

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.{ConvergenceWarning.__name__}"
)


def _plain(epochs, seed=0, **kwargs):
    """scikit-learn's own training, of a fixed number of epochs."""
    settings = {
        "hidden_layer_sizes": (8,),
        "batch_size": 20,
        "max_iter": epochs,
        "n_iter_no_change": epochs,
        "random_state": np.random.RandomState(seed),
    }
    return MLPClassifier(**{**settings, **kwargs})


@pytest.mark.parametrize("shuffle, epochs", [(False, 7), (True, 1)])
@pytest.mark.parametrize("scale", [False, True])
def test_equals_scikit_learn_after_the_same_epochs(
    make_blobs, shuffle, epochs, scale
):
    # In later epochs scikit-learn shuffles the order of the epoch before,
    # the probe the rows as given: other orders, equally random.
    (x, y), (other, _) = make_blobs(70, 0, shift=3.0), make_blobs(20, 1)
    probe = MLPProbe(
        8, batch_size=20, epochs=epochs, shuffle=shuffle, scale=scale
    ).fit(x, y)
    scaler = StandardScaler(with_mean=scale, with_std=scale).fit(x)
    plain = _plain(epochs, shuffle=shuffle).fit(scaler.transform(x), y)
    np.testing.assert_allclose(
        probe.predict_proba(other),
        plain.predict_proba(scaler.transform(other)),
        atol=1e-12,
    )
    assert (
        probe.predict(other).tolist()
        == plain.predict(scaler.transform(other)).tolist()
    )


def test_each_epoch_has_its_own_order(make_blobs, monkeypatch):
    orders = []

    def spy(rows, random_state):
        orders.append(random_state.permutation(rows))
        return orders[-1]

    monkeypatch.setattr(_multilayer_perceptron, "shuffle", spy)
    MLPProbe(8, epochs=4).fit(*make_blobs(30, 0))
    assert len({tuple(order) for order in orders}) == len(orders) == 4
    MLPProbe(8, epochs=4, shuffle=False).fit(*make_blobs(30, 0))
    assert len(orders) == 4


def _accuracy(model, x, y):
    return np.mean(model.predict(x) == y)


def _negative_loss(model, x, y):
    order = model.classes_.tolist()
    said = model.predict_proba(x)
    return np.mean([np.log(p[order.index(c)]) for p, c in zip(said, y)])


@pytest.mark.parametrize(
    "monitor, score", [("accuracy", _accuracy), ("loss", _negative_loss)]
)
def test_epoch_of_the_highest_validation_score_is_kept(
    make_blobs, monitor, score
):
    train, validation = make_blobs(60, 0), make_blobs(40, 1)
    test = make_blobs(20, 2)
    models = [
        _plain(epochs, learning_rate_init=0.02, shuffle=False).fit(*train)
        for epochs in range(1, 26)
    ]
    scores = [score(model, *validation) for model in models]
    best = int(np.argmax(scores))
    assert 0 < best < 24 and scores[-1] < scores[best], "a task that overfits"
    probe = MLPProbe(
        8,
        0.02,
        batch_size=20,
        epochs=25,
        patience=None,
        scale=False,
        shuffle=False,
        monitor=monitor,
    ).fit(*train, *validation)
    assert probe.epochs_ == best + 1
    np.testing.assert_allclose(probe.validation_scores_, scores)
    np.testing.assert_allclose(
        probe.predict_proba(test[0]),
        models[best].predict_proba(test[0]),
        atol=1e-12,
    )


@pytest.mark.parametrize("tolerance", [1e-4, 0.05])
def test_stops_where_scikit_learn_would_on_the_validation_rows(
    make_blobs, monkeypatch, tolerance
):
    train, validation = make_blobs(60, 0), make_blobs(40, 1)
    monkeypatch.setattr(
        _multilayer_perceptron,
        "train_test_split",
        lambda x, y, **kwargs: (
            x[:60],
            x[60:],
            y[:60],
            y[60:],
        ),
    )
    plain = _plain(
        100,
        learning_rate_init=0.01,
        shuffle=False,
        early_stopping=True,
        n_iter_no_change=4,
        tol=tolerance,
    ).fit(*(np.concatenate(pair) for pair in zip(train, validation)))
    probe = MLPProbe(
        8,
        0.01,
        batch_size=20,
        epochs=100,
        patience=4,
        tolerance=tolerance,
        shuffle=False,
        scale=False,
        monitor="accuracy",
    ).fit(*train, *validation)
    assert 1 < probe.epochs_ < len(probe.validation_scores_) < 100
    assert probe.validation_scores_ == tuple(plain.validation_scores_)
    x = make_blobs(20, 2)[0]
    np.testing.assert_allclose(
        probe.predict_proba(x), plain.predict_proba(x), atol=1e-12
    )


def test_random_part_is_that_of_scikit_learn_on_validation_then_train(
    make_blobs,
):
    train, validation = make_blobs(60, 0), make_blobs(20, 1)
    probe = MLPProbe.preset("table3_released", hidden=8, batch_size=20)
    probe.fit(*train, *validation)
    plain = _plain(
        200,
        seed=42,
        shuffle=False,
        early_stopping=True,
        validation_fraction=0.25,
        n_iter_no_change=5,
    ).fit(*(np.concatenate(pair) for pair in zip(validation, train)))
    assert probe.validation_scores_ == tuple(plain.validation_scores_)
    assert probe.epochs_ == 1 + int(np.argmax(plain.validation_scores_))
    x = make_blobs(20, 2)[0]
    np.testing.assert_allclose(
        probe.predict_proba(x), plain.predict_proba(x), atol=1e-12
    )


def test_random_part_rewards_knowing_the_subjects_by_heart():
    # Each training row has a neighbour of the same subject and label, and
    # the validation subject has labels of its own: only the random part
    # believes in what was learnt by heart.
    generator = np.random.default_rng(0)
    x = np.repeat(generator.normal(size=(30, 8)), 4, axis=0)
    y = np.repeat(np.array(["a", "b"])[generator.integers(0, 2, 30)], 4)
    x += generator.normal(0, 1e-3, x.shape)
    validation = (generator.normal(size=(40, 8)), np.resize(["a", "b"], 40))
    scores = {}
    for name in ("table3", "table3_released"):
        probe = MLPProbe.preset(name, hidden=64, learning_rate=0.02)
        probe.fit(x, y, *validation)
        scores[name] = max(probe.validation_scores_)
    assert scores["table3_released"] > scores["table3"] + 0.1


@pytest.mark.parametrize("early_stopping", ["validation", "random"])
def test_scaler_is_fitted_on_the_training_rows_alone(
    make_blobs, scaler_fits, early_stopping
):
    train, validation = make_blobs(40, 0), make_blobs(30, 1, shift=5.0)
    probe = MLPProbe(
        8, epochs=2, monitor="accuracy", early_stopping=early_stopping
    )
    probe.fit(*train, *validation)
    probe.predict(make_blobs(20, 2, shift=1000.0)[0])
    assert len(scaler_fits) == 1
    np.testing.assert_array_equal(scaler_fits[0], train[0])


def test_prediction_of_a_row_does_not_depend_on_the_other_rows(make_blobs):
    train, validation = make_blobs(40, 0), make_blobs(30, 1)
    shared = make_blobs(10, 2)[0]
    said = []
    for shift in (0.0, 1000.0):
        probe = MLPProbe(8, epochs=5).fit(*train, *validation)
        rows = np.concatenate([shared, make_blobs(30, 3, shift=shift)[0]])
        said.append(probe.predict_proba(rows)[:10])
    np.testing.assert_array_equal(said[0], said[1])
    np.testing.assert_allclose(probe.predict_proba(shared), said[0], atol=1e-12)


def test_alpha_is_chosen_on_the_validation_rows(make_blobs):
    train, validation = make_blobs(60, 0), make_blobs(60, 1)
    settings = {"hidden": 8, "epochs": 30, "learning_rate": 0.01}
    alone = {
        alpha: MLPProbe(alphas=(alpha,), **settings).fit(*train, *validation)
        for alpha in (1e-4, 1e3)
    }
    best = {a: max(p.validation_scores_) for a, p in alone.items()}
    assert best[1e-4] > best[1e3]
    for alphas in ((1e-4, 1e3), (1e3, 1e-4)):
        probe = MLPProbe(alphas=alphas, **settings).fit(*train, *validation)
        chosen = alone[1e-4]
        assert probe.choice_ == {"alpha": 1e-4, "epochs": chosen.epochs_}
        assert probe.validation_scores_ == chosen.validation_scores_


def test_first_of_equal_alphas_wins(make_blobs):
    x, y = make_blobs(30, 0)
    x = x + 100 * np.array([[label == c for c in "abcd"] for label in y])
    for alphas in ((1e-3, 1e-4), (1e-4, 1e-3)):
        probe = MLPProbe(
            32, 0.01, alphas, epochs=80, patience=None, monitor="accuracy"
        )
        probe.fit(x, y, x, y)
        assert max(probe.validation_scores_) == 1.0
        assert probe.alpha_ == alphas[0]


def test_without_validation_rows_every_epoch_is_trained(make_blobs):
    probe = MLPProbe(8, epochs=12, patience=1).fit(*make_blobs(40, 0))
    assert probe.choice_ == {"alpha": 1e-4, "epochs": 12}
    assert probe.validation_scores_ == ()
    empty = MLPProbe(8, epochs=12).fit(*make_blobs(40, 0), np.zeros((0, 4)), [])
    assert empty.epochs_ == 12


def test_class_of_the_validation_rows_alone_has_a_column(make_blobs):
    x, y = make_blobs(40, 0)
    is_known = y != "c"
    probe = MLPProbe(8, epochs=3).fit(x[is_known], y[is_known], x, y)
    assert probe.classes_.tolist() == ["a", "b", "c"]
    assert probe.predict_proba(x).shape == (40, 3)


@pytest.mark.parametrize("hidden", [(), None, (6, 5)])
def test_any_number_of_hidden_layers(make_blobs, hidden):
    x, y = make_blobs(40, 0)
    probe = MLPProbe(hidden, epochs=3).fit(x, y)
    assert probe.predict_proba(x).shape == (40, 3)
    assert len(probe._classifier.coefs_) == len(hidden or ()) + 1


def test_refit_forgets_the_fit_before(make_blobs):
    probe = MLPProbe(8, epochs=4)
    first, second = make_blobs(50, 5), make_blobs(50, 6, shift=2.0)
    again = probe.fit(*first, *second).fit(*second).predict_proba(second[0])
    fresh = MLPProbe(8, epochs=4).fit(*second).predict_proba(second[0])
    np.testing.assert_array_equal(again, fresh)


def test_errors_say_what_to_do(make_blobs):
    x, y = make_blobs(30, 0)
    for name in ("learning_rate", "patience"):
        with pytest.raises(ValueError, match=f"`{name}` must be .* above 0"):
            MLPProbe(**{name: 0})
    for name in ("batch_size", "epochs"):
        with pytest.raises(ValueError, match=f"`{name}` must be .* least 1"):
            MLPProbe(**{name: 0})
    with pytest.raises(ValueError, match="`hidden` must be a number of units"):
        MLPProbe(hidden=(8, 0))
    with pytest.raises(ValueError, match="`hidden` must be a number of units"):
        MLPProbe(hidden=True)
    assert MLPProbe(hidden=np.int64(8)).hidden == (8,)
    with pytest.raises(ValueError, match="`alphas` must be .* at least 0"):
        MLPProbe(alphas=(-1.0,))
    with pytest.raises(ValueError, match="`alphas` must be a list or tuple"):
        MLPProbe(alphas=())
    with pytest.raises(ValueError, match="`alphas` must be a list or tuple"):
        MLPProbe(alphas=1e-4)
    with pytest.raises(ValueError, match="a whole number.*epochs=2.5"):
        MLPProbe(epochs=2.5)
    with pytest.raises(ValueError, match="`early_stopping` must be one of"):
        MLPProbe(early_stopping="test")
    with pytest.raises(ValueError, match="`monitor` must be one of"):
        MLPProbe(monitor="f1")
    released = MLPProbe.presets["table3_released"]
    for wrong in ({"alphas": (1.0, 2.0)}, {"monitor": "loss"}):
        with pytest.raises(ValueError, match="needs a single alpha and"):
            MLPProbe(**{**released, **wrong})
    for probe in (MLPProbe(alphas=(1.0, 2.0)), MLPProbe(**released)):
        with pytest.raises(ValueError, match="need validation rows"):
            probe.fit(x, y)
