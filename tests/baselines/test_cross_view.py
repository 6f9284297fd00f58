"""The student and teacher of two views of the same time."""

import keras
import numpy as np
import pytest
import reference
from support import (
    assert_trains_and_keeps_its_encoder,
    plain_encoder,
    to_numpy,
    variable_gradients,
    windows_of_two_kinds,
)

from keras_relcon.baselines import CrossView

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


def dense_teacher(width=6):
    return keras.Sequential([keras.layers.Dense(width, "tanh")])


def small(teacher=None, **kwargs):
    keras.utils.set_random_seed(0)
    return CrossView(
        plain_encoder(),
        teacher or dense_teacher(),
        **{"projector": keras.layers.Dense(6), "temperature": 0.3, **kwargs},
    )


def batch(rng, count=8):
    """Windows, and the share of each kind that only the teacher is told."""
    windows = windows_of_two_kinds(rng, count)
    kind = np.arange(count) % 2
    told = np.stack([kind, 1 - kind, rng.normal(0, 0.1, count)], axis=1)
    return {"windows": windows, "privileged": told.astype("float32")}


@pytest.mark.parametrize("train_teacher", [False, True])
def test_loss_is_the_oracle_of_projections_and_targets(rng, train_teacher):
    model = small(train_teacher=train_teacher)
    inputs = batch(rng)
    outputs = model(inputs)
    expected = to_numpy(model.projector(model.encoder(inputs["windows"])))
    np.testing.assert_allclose(
        to_numpy(outputs["projection"]), expected, atol=1e-6
    )
    target = to_numpy(model.teacher(inputs["privileged"]))
    np.testing.assert_allclose(to_numpy(outputs["target"]), target, atol=1e-6)
    loss = to_numpy(model.compute_loss(None, None, outputs))
    expected = reference.nt_xent_loss(
        np.float64(expected), np.float64(target), 0.3
    ).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_the_encoder_may_have_the_width_of_the_teacher(rng):
    model = small(dense_teacher(8), projector=None)
    outputs = model(batch(rng))
    np.testing.assert_array_equal(
        to_numpy(outputs["projection"]), to_numpy(outputs["embedding"])
    )


def test_a_frozen_teacher_stays_and_the_student_follows(rng, tmp_path):
    model = small()
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    inputs = batch(rng, 16)
    model.build({name: x.shape for name, x in inputs.items()})
    before = [to_numpy(w) for w in model.teacher.weights]
    loaded = assert_trains_and_keeps_its_encoder(
        model,
        inputs,
        inputs["windows"],
        tmp_path,
        epochs=8,
        batch_size=8,
    )
    for old, weight in zip(before, model.teacher.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), old)
    for name, output in model(inputs).items():
        np.testing.assert_array_equal(
            to_numpy(loaded(inputs)[name]), to_numpy(output)
        )
    assert model.history.history["embedding_spread"][-1] > 0.05


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_no_gradient_reaches_a_teacher_that_is_made_trainable(rng):
    model = small()
    inputs = batch(rng)
    model.build({name: x.shape for name, x in inputs.items()})
    model.teacher.trainable = True
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    before = [
        to_numpy(part.weights[0])
        for part in (model.teacher, model.encoder.layers[0])
    ]
    model.fit(inputs, verbose=0)
    teacher, student = (
        to_numpy(part.weights[0])
        for part in (model.teacher, model.encoder.layers[0])
    )
    np.testing.assert_array_equal(teacher, before[0])
    assert (student != before[1]).any()


def test_a_teacher_stays_frozen_when_the_model_no_longer_is(rng):
    model = small()
    shapes = {name: x.shape for name, x in batch(rng).items()}
    model.build(shapes)
    expected = [variable.path for variable in model.trainable_variables]
    assert not any(v.trainable for v in model.teacher.variables)
    model.trainable = False
    assert not model.trainable_variables
    model.trainable = True
    assert not model.teacher.trainable
    found = [variable.path for variable in model.trainable_variables]
    assert found == expected


@pytest.mark.parametrize("train_teacher", [False, True])
def test_the_teacher_has_a_gradient_where_it_is_trained(rng, train_teacher):
    model = small(train_teacher=train_teacher)
    inputs = batch(rng)
    model.build({name: x.shape for name, x in inputs.items()})
    names = {id(variable) for variable in model.trainable_variables}
    is_trained = [id(w) in names for w in model.teacher.weights]
    assert all(is_trained) if train_teacher else not any(is_trained)

    def loss():
        return model.compute_loss(None, None, model(inputs, training=True))

    variables = model.trainable_variables
    found = variable_gradients(loss, variables)
    assert all(np.abs(gradient).max() > 0 for gradient in found[:2])
    # By finite differences, of a bias of what is last.
    bias = (model.teacher if train_teacher else model.projector).weights[-1]
    (by_bias,) = [g for g, v in zip(found, variables) if v.path == bias.path]
    value, step = to_numpy(bias).copy(), 1e-2
    for place in (0, 3):
        ends = []
        for sign in (1, -1):
            moved = value.copy()
            moved[place] += sign * step
            bias.assign(moved)
            ends.append(float(to_numpy(loss())))
        bias.assign(value)
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(by_bias[place], slope, rtol=0.02, atol=1e-4)


@pytest.mark.parametrize("train_teacher", [False, True])
def test_a_frozen_teacher_is_as_in_inference(rng, train_teacher):
    teacher = keras.Sequential(
        [keras.layers.Dense(6), keras.layers.Dropout(0.5, seed=0)]
    )
    model = small(teacher, train_teacher=train_teacher)
    inputs = batch(rng)
    in_training = to_numpy(model(inputs, training=True)["target"])
    plain = to_numpy(model(inputs, training=False)["target"])
    assert np.array_equal(in_training, plain) is not train_teacher


def test_wrong_arguments_are_explained(rng):
    inputs = batch(rng)
    with pytest.raises(ValueError, match="a dict of 'windows' and 'privileg"):
        small()(inputs["windows"])
    with pytest.raises(ValueError, match="Received: .'windows'"):
        small()({"windows": inputs["windows"]})
    with pytest.raises(ValueError, match="which are 6.*projector=keras_relcon"):
        small(projector=None)(inputs)
    with pytest.raises(TypeError, match="`teacher` must be a Keras layer"):
        small(teacher=np.mean)
    with pytest.raises(TypeError, match="`projector` must be"):
        small(projector=np.mean)
    with pytest.raises(ValueError, match="`temperature`.*above 0"):
        small(temperature=0)
