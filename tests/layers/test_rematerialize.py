import keras
import numpy as np
import pytest
from keras import ops
from support import to_numpy, variable_gradients

from keras_relcon.layers import ResNet1D34
from keras_relcon.layers.rematerialize import rematerialize

pytestmark = pytest.mark.every_backend

SMALL = {
    "embedding_dim": 6,
    # Of one part are the first two, between which width and stride change.
    "num_blocks": (1, 1, 2),
    "widths": (2, 4, 8),
    "kernel_sizes": (3, 4, 3),
    "strides": (1, 2, 1),
}


def make_pair():
    encoders = [ResNet1D34(**SMALL, rematerialize=x) for x in (False, True)]
    for encoder in encoders:
        encoder.build((None, 48, 3))
    encoders[1].set_weights(encoders[0].get_weights())
    return encoders


def test_training_is_the_same(rng):
    x = rng.normal(size=(5, 48, 3)).astype("float32")
    upstream = ops.convert_to_tensor(rng.normal(size=(5, 6)).astype("float32"))
    results = []
    for encoder in make_pair():
        result = variable_gradients(
            lambda encoder=encoder: ops.sum(
                encoder(x, training=True) * upstream
            ),
            encoder.trainable_variables,
        )
        result.append(to_numpy(encoder(x, training=True)))
        # The running statistics of the batch norms, moved at least once.
        result += [to_numpy(v) for v in encoder.non_trainable_variables]
        result.append(to_numpy(encoder(x)))
        results.append(result)
    for plain, rematerialized in zip(*results):
        np.testing.assert_allclose(rematerialized, plain, atol=2e-5)


def test_fit_is_the_same(rng):
    x = rng.normal(size=(8, 48, 3)).astype("float32")
    y = rng.normal(size=(8, 6)).astype("float32")
    weights = []
    for encoder in make_pair():
        encoder.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
        encoder.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        weights.append(encoder.get_weights())
    for plain, rematerialized in zip(*weights):
        np.testing.assert_allclose(rematerialized, plain, atol=2e-5)


def test_what_layers_add_to_the_loss_is_kept(rng):
    x = rng.normal(size=(4, 48, 3)).astype("float32")
    y = rng.normal(size=(4, 6)).astype("float32")
    weights, losses = [], []
    for encoder in make_pair():
        # Of the stem, and of the second block of a part.
        for conv in (encoder.stem_conv, encoder.blocks[1].conv_1):
            conv.activity_regularizer = keras.regularizers.L2(0.1)
        encoder.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
        losses.append(encoder.train_on_batch(x, y))
        weights.append(encoder.get_weights())
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    for plain, rematerialized in zip(*weights):
        np.testing.assert_allclose(rematerialized, plain, atol=2e-5)


class Counting(keras.layers.Dense):
    calls = 0

    def call(self, x, training=False):
        self.calls += 1
        return ops.sin(super().call(x))


def test_backward_pass_computes_again(rng):
    layer = Counting(3)
    layer.build((None, 3))
    x = ops.convert_to_tensor(rng.normal(size=(4, 3)).astype("float32"))
    if keras.backend.backend() == "jax":
        import jax

        program = jax.make_jaxpr(lambda x: rematerialize(layer, [layer], x))(x)
        assert "remat" in str(program) or "checkpoint" in str(program)
        return
    variable_gradients(
        lambda: ops.sum(rematerialize(layer, [layer], x)),
        layer.trainable_variables,
    )
    assert layer.calls == 2


def test_stem_and_blocks_are_computed_again(rng, monkeypatch):
    encoder = make_pair()[1]
    x = ops.convert_to_tensor(rng.normal(size=(2, 48, 3)).astype("float32"))
    if keras.backend.backend() == "jax":
        import jax

        program = jax.make_jaxpr(lambda x: encoder(x, training=True))(x)
        names = [equation.primitive.name for equation in program.eqns]
        # Stem, the two narrow blocks, and each of the wide ones.
        assert sum("remat" in name for name in names) == 4
        return
    parts = []
    remat = keras.remat
    monkeypatch.setattr(keras, "remat", lambda f: parts.append(f) or remat(f))
    called = []
    for layer in (encoder.stem_conv, *(b.conv_1 for b in encoder.blocks)):
        original = layer.call
        monkeypatch.setattr(
            layer,
            "call",
            lambda x, layer=layer, call=original: (
                called.append(layer.path) or call(x)
            ),
        )
    variable_gradients(
        lambda: ops.sum(encoder(x, training=True)), encoder.trainable_variables
    )
    assert sorted(called) == sorted(2 * list(dict.fromkeys(called)))
    assert len(called) == 2 * (1 + 4)
    assert len(parts) == 4


def test_frozen_weights_stay_as_they_are_in_half_precision(rng):
    """Copies for the backward pass are rounded to the half precision."""
    encoder = ResNet1D34(**SMALL, rematerialize=True, dtype="mixed_bfloat16")
    encoder.build((None, 48, 3))
    kernel = encoder.blocks[0].conv_1.kernel
    encoder.blocks[0].conv_1.trainable = False
    encoder.stem_conv.trainable = False
    frozen = [kernel, encoder.stem_conv.kernel]
    before = [to_numpy(variable) for variable in frozen]
    x = ops.convert_to_tensor(rng.normal(size=(2, 48, 3)).astype("float32"))
    encoder(x, training=True)
    for variable, value in zip(frozen, before):
        np.testing.assert_array_equal(to_numpy(variable), value)
    assert np.any(to_numpy(encoder.stem_norm.moving_mean))


def test_configuration_keeps_the_setting():
    encoder = ResNet1D34(**SMALL, rematerialize=True)
    assert ResNet1D34.from_config(encoder.get_config()).rematerialize
