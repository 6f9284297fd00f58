import keras
import numpy as np
import pytest
from losses.test_outlier_exposure_loss import loss_by_loops
from support import (
    assert_trains_and_keeps_its_encoder,
    plain_encoder,
    to_numpy,
    windows_of_two_kinds,
)

from keras_relcon.baselines import OutlierExposure
from keras_relcon.layers import Negation, TimeFlip
from keras_relcon.models import mlp_projector

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


def small(**kwargs):
    keras.utils.set_random_seed(0)
    kwargs = {"projector": mlp_projector((8, 8), batch_norm=True), **kwargs}
    return OutlierExposure(plain_encoder(), **{"seed": 1, **kwargs})


def inside_and_outside(rng, count=8):
    return {
        "inside": windows_of_two_kinds(rng, count),
        "outside": rng.normal(0, 2, (count, 64, 3)).astype("float32"),
    }


def expected_loss(outputs, alpha, temperature=0.5):
    inside = to_numpy(outputs["projection"])
    outside = to_numpy(outputs["outside_projection"])
    return loss_by_loops(
        inside[:, 0],
        inside[:, 1],
        outside.reshape(-1, outside.shape[-1]),
        alpha,
        temperature,
    )


@pytest.mark.parametrize("is_given", [True, False])
def test_loss_of_a_batch_is_that_of_loops(rng, is_given):
    inputs = inside_and_outside(rng)
    model = small(
        outside=None if is_given else "self", alpha=0.7, temperature=0.2
    )
    outputs = model(inputs if is_given else inputs["inside"], training=True)
    assert to_numpy(outputs["embedding"]).shape == (8, 2, 8)
    assert to_numpy(outputs["projection"]).shape == (8, 2, 8)
    assert to_numpy(outputs["outside_projection"]).shape == (8, 2, 8)
    loss = to_numpy(model.compute_loss(None, None, outputs))
    np.testing.assert_allclose(
        loss, expected_loss(outputs, 0.7, 0.2), rtol=1e-4
    )


def test_all_views_are_one_batch_norm_population(rng):
    inputs = inside_and_outside(rng, 4)
    model = small(outside=None, projector=None, views=Negation())
    outputs = model(inputs, training=True)
    twin = small(outside=None, projector=None)
    both = np.concatenate([inputs["inside"], inputs["outside"]])
    expected = to_numpy(
        twin.encoder(np.concatenate([-both, -both]), training=True)
    )
    for view in (0, 1):
        for name, rows in (
            ("projection", expected[:4]),
            ("outside_projection", expected[4:8]),
        ):
            found = to_numpy(outputs[name])[:, view]
            np.testing.assert_allclose(found, rows, atol=1e-5)


def test_a_layer_makes_what_is_outside(rng):
    windows = windows_of_two_kinds(rng, 4)
    model = small(outside=Negation(), projector=None, views=TimeFlip())
    outputs = model(windows)
    expected = to_numpy(model.encoder(-windows[:, ::-1].copy()))
    found = to_numpy(outputs["outside_projection"])[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_alpha_is_zero_in_the_first_steps(rng):
    model = small(alpha=0.5, steps_before_alpha=2)
    windows = windows_of_two_kinds(rng, 4)
    found = []
    for _ in range(4):
        model(windows)  # counts in training alone
        outputs = model(windows, training=True)
        (alpha,) = np.unique(to_numpy(outputs["alpha"]))
        assert outputs["alpha"].shape == (4,)
        found.append(float(alpha))
        np.testing.assert_allclose(
            to_numpy(model.loss_of(outputs)),
            expected_loss(outputs, alpha),
            rtol=1e-4,
        )
    assert found == [0, 0, 0.5, 0.5]


def lengths_after_training(rng, alpha):
    inputs = inside_and_outside(rng, 16)
    model = small(
        outside=None, alpha=alpha, views=keras.layers.GaussianNoise(0.05)
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    model.fit(inputs, epochs=10, batch_size=8, verbose=0)
    outputs = model(inputs)
    inside = np.linalg.norm(to_numpy(outputs["projection"]), axis=-1)
    outside = np.linalg.norm(to_numpy(outputs["outside_projection"]), axis=-1)
    return outside.mean() / inside.mean()


def test_what_is_outside_gets_shorter(rng):
    state = rng.bit_generator.state
    without = lengths_after_training(rng, 0.0)
    rng.bit_generator.state = state
    with_alpha = lengths_after_training(rng, 1.0)
    assert with_alpha < 0.8 * without


def test_fit_takes_both_and_loads(rng, tmp_path):
    inputs = inside_and_outside(rng, 16)
    model = small(
        outside=None,
        alpha=0.1,
        steps_before_alpha=1,
        views=keras.layers.GaussianNoise(0.05),
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    loaded = assert_trains_and_keeps_its_encoder(
        model, inputs, inputs["inside"], tmp_path, epochs=8, batch_size=8
    )
    assert loaded.outside is None
    assert int(to_numpy(loaded.steps_taken)) == 16


def test_what_is_outside_is_saved(rng, tmp_path):
    windows = windows_of_two_kinds(rng, 4)
    for outside in ("self", TimeFlip()):
        model = small(outside=outside)
        model(windows)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert type(loaded.outside) is type(outside)
        kind = type(model.outside_windows)
        assert isinstance(loaded.outside_windows, kind)


def test_bad_arguments_are_explained(rng):
    inputs = inside_and_outside(rng, 4)
    for wrong in (inputs["inside"], {"inside": inputs["inside"]}):
        with pytest.raises(ValueError, match="dict of `inside` and `outside`"):
            small(outside=None)(wrong)
    inputs["outside"] = inputs["outside"][:, :32]
    with pytest.raises(ValueError, match="one length and the same channels"):
        small(outside=None)(inputs)
    with pytest.raises(TypeError, match='`outside` must be "self", a layer'):
        small(outside="others")
    with pytest.raises(ValueError, match="`alpha`.*at least 0"):
        small(alpha=-1)
    with pytest.raises(ValueError, match="`steps_before_alpha`"):
        small(steps_before_alpha=-1)
    with pytest.raises(ValueError, match="`temperature`.*above 0"):
        small(temperature=0)
    with pytest.raises(ValueError, match="`projector`.*'mlp'"):
        small(projector="mlp")
