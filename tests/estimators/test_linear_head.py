import keras
import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax as scipy_softmax
from support import small_encoder

from keras_relcon.estimators.fine_tuned import fit_fine_tuned
from keras_relcon.estimators.linear_head import (
    find_sharpness,
    fit_linear_head,
    softmax,
)
from keras_relcon.evaluation.ridge import fit_ridge


def _rows(num_people=6, num_each=20, seed=0):
    generator = np.random.default_rng(seed)
    people = np.repeat([f"p{i}" for i in range(num_people)], num_each)
    codes = generator.integers(0, 3, len(people))
    x = generator.normal(size=(len(people), 8)) * np.linspace(1, 30, 8) + 5
    x[:, :3] += 2 * np.eye(3)[codes]
    return x, codes, people


def test_probabilities_are_a_softmax_of_the_ridge_over_a_temperature():
    x, codes, people = _rows()
    head = fit_linear_head(x, codes, people)
    ridge = fit_ridge(x, codes, people)
    assert head.strength == ridge.strength

    def loss(sharpness):
        found = scipy_softmax(sharpness * ridge.left_out, axis=1)
        return -np.mean(np.log(found[np.arange(len(codes)), codes]))

    best = minimize_scalar(loss, bounds=(0.1, 100), method="bounded").x
    expected = scipy_softmax(best * ridge.outputs(x), axis=1)
    np.testing.assert_allclose(head.probabilities(x), expected, atol=1e-4)


def test_sharpness_finds_the_temperature_that_drew_the_labels():
    generator = np.random.default_rng(0)
    outputs = generator.normal(size=(20_000, 3))
    drawn = [generator.choice(3, p=row) for row in softmax(2.5 * outputs)]
    assert find_sharpness(outputs, np.array(drawn)) == pytest.approx(
        2.5, rel=0.05
    )
    weights = np.ones(len(drawn))
    weights[10_000:] = 1e-9
    half = find_sharpness(outputs[:10_000], np.array(drawn[:10_000]))
    weighted = find_sharpness(outputs, np.array(drawn), weights)
    assert weighted == pytest.approx(half, rel=1e-3)


def test_balanced_rows_find_a_rare_class_more_often():
    x, codes, people = _rows(num_each=60, seed=1)
    kept = (codes != 2) | (np.arange(len(codes)) % 8 == 0)
    x, codes, people = x[kept], codes[kept], people[kept]
    found = [
        np.sum(
            fit_linear_head(x, codes, people, 0.3, balanced)
            .probabilities(x)
            .argmax(1)
            == 2
        )
        for balanced in (False, True)
    ]
    assert found[1] > found[0]


def test_balanced_rows_with_weights_count_by_class_alone():
    x, codes, people = _rows(num_each=60, seed=1)
    weights = np.array([1.0, 5.0, 0.2])[codes]
    plain, weighted = (
        fit_linear_head(x, codes, people, 0.3, True, 0, each)
        for each in (None, weights)
    )
    np.testing.assert_allclose(
        weighted.probabilities(x), plain.probabilities(x), atol=1e-5
    )


def test_without_people_the_strength_is_one_unless_it_is_given():
    x, codes, _ = _rows()
    assert fit_linear_head(x, codes).strength == 1.0
    assert fit_linear_head(x, codes, strength=0.2).strength == 0.2


@pytest.mark.parametrize("people", [None, "one"])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_without_people_each_class_is_left_out_in_parts(people, is_sorted):
    x, codes, _ = _rows()
    x[:, :3] += 20 * np.eye(3)[codes]  # easy to tell
    if is_sorted:
        order = np.argsort(codes, kind="stable")
        x, codes = x[order], codes[order]
    groups = None if people is None else np.full(len(codes), people)
    head = fit_linear_head(x, codes, groups)
    found = head.probabilities(x)[np.arange(len(codes)), codes]
    assert found.mean() > 0.9


@pytest.mark.every_backend
def test_layers_are_the_head():
    x, codes, people = _rows()
    x[:, 5] = 3.0  # a constant column
    head = fit_linear_head(x, codes, people)
    model = keras.Sequential(head.layers())
    found = model.predict(x.astype("float32"), verbose=0)
    np.testing.assert_allclose(found, head.probabilities(x), atol=1e-5)


def test_one_person_is_trained_on_as_nobody():
    x = np.random.default_rng(0).normal(size=(20, 64, 3)).astype("float32")
    codes = np.arange(20) % 2
    encoder = small_encoder()
    encoder.build((None, 64, 3))
    heads = [
        fit_fine_tuned(encoder, x, codes, groups, epochs=1).head
        for groups in (None, np.full(20, "s0"))
    ]
    np.testing.assert_array_equal(heads[0].kernel, heads[1].kernel)
