import keras
import numpy as np
import pytest
from support import gradients, to_numpy

from keras_relcon.models import EMA

pytestmark = pytest.mark.every_backend


def small_model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.layers.Dense(3), keras.layers.BatchNormalization(momentum=0.5)]
    )
    model.build((None, 2))
    return model


def shift(model, by):
    for variable in model.variables:
        variable.assign(to_numpy(variable) + by)


def test_weights_follow_as_their_moving_mean(rng):
    model = small_model()
    ema = EMA(model, momentum=0.9)
    ema.build((None, 2))
    ema.update(model)  # as it is
    expected = [
        to_numpy(v).astype("float64") for v in model.trainable_variables
    ]
    for value, slow in zip(expected, trained_part(ema, model)):
        np.testing.assert_allclose(to_numpy(slow), value, rtol=1e-6)
    for _ in range(3):
        shift(model, 0.5)
        ema.update(model)
        expected = [
            0.9 * old + 0.1 * to_numpy(v)
            for old, v in zip(expected, model.trainable_variables)
        ]
    for value, slow in zip(expected, trained_part(ema, model)):
        np.testing.assert_allclose(to_numpy(slow), value, rtol=1e-5)


def trained_part(ema, model):
    trained = {id(v) for v in model.trainable_variables}
    return [
        slow
        for slow, variable in zip(ema.copy.variables, model.variables)
        if id(variable) in trained
    ]


def test_moving_statistics_are_the_copys_own(rng):
    model = small_model()
    ema = EMA(model)
    ema.build((None, 2))
    shift(model, 1.0)
    ema.update(model)  # the first takes them
    norm = ema.copy.layers[1]
    first = to_numpy(norm.moving_mean)
    np.testing.assert_array_equal(first, to_numpy(model.layers[1].moving_mean))
    shift(model, 1.0)
    ema.update(model)  # and no other
    np.testing.assert_array_equal(to_numpy(norm.moving_mean), first)
    x = rng.normal(size=(8, 2)).astype("float32")
    ema(x, training=True)
    seen = to_numpy(ema.copy.layers[0](x)).mean(0)
    np.testing.assert_allclose(
        to_numpy(norm.moving_mean), (first + seen) / 2, rtol=1e-4
    )


def test_momentum_rises_by_half_a_cosine():
    model = small_model()
    ema = EMA(model, momentum=0.9, num_steps=4)
    ema.build((None, 2))
    found = []
    for _ in range(6):
        found.append(float(to_numpy(ema.current_momentum())))
        ema.update(model)
    steps = np.minimum(np.arange(6), 4)
    expected = 1 - 0.1 * (np.cos(np.pi * steps / 4) + 1) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_no_gradient_passes_the_copy(rng):
    model = small_model()
    ema = EMA(model)
    ema.build((None, 2))
    assert not ema.trainable_variables
    x = rng.normal(size=(4, 2)).astype("float32")
    (found,) = gradients(
        lambda t: keras.ops.sum(t**2) + keras.ops.sum(ema(t)), [x]
    )
    np.testing.assert_allclose(found, 2 * x, rtol=1e-6)


def test_the_copy_stays_frozen_when_what_holds_it_no_longer_is(rng):
    ema = EMA(small_model())
    outer = keras.Sequential([keras.Input((2,)), ema, keras.layers.Dense(1)])
    outer.trainable = False
    outer.trainable = True
    assert len(outer.trainable_variables) == 2  # of the dense layer
    assert not any(variable.trainable for variable in ema.copy.variables)
    # Its batch norm still collects statistics.
    norm = ema.copy.layers[1]
    before = to_numpy(norm.moving_mean)
    ema(rng.normal(3, 1, size=(4, 2)).astype("float32"), training=True)
    assert (to_numpy(norm.moving_mean) != before).all()


def test_it_is_loaded_with_its_place_in_the_schedule(tmp_path):
    model = small_model()
    ema = EMA(model, momentum=0.9, num_steps=4)
    ema.build((None, 2))
    ema.update(model)
    shift(model, 1.0)
    ema.update(model)
    outer = keras.Sequential([keras.Input((2,)), ema])
    outer.save(tmp_path / "ema.keras")
    loaded = keras.saving.load_model(tmp_path / "ema.keras").layers[-1]
    assert int(to_numpy(loaded.num_updates)) == 2
    assert not loaded.trainable_variables
    for one, other in zip(loaded.variables, ema.variables, strict=True):
        np.testing.assert_array_equal(to_numpy(one), to_numpy(other))


def test_bad_arguments_are_explained():
    with pytest.raises(TypeError, match="`model` must be a Keras layer"):
        EMA(np.mean)
    with pytest.raises(ValueError, match="`momentum`.*at most 1"):
        EMA(small_model(), momentum=1.1)
    with pytest.raises(ValueError, match="`num_steps`"):
        EMA(small_model(), num_steps=0)
