import keras
import numpy as np
import pytest
import reference
from scipy.spatial.transform import Rotation
from support import (
    numeric_gradient,
    small_encoder,
    to_numpy,
    variable_gradients,
)

from keras_relcon.layers import GravityAlignment, ResNet1D34

pytestmark = pytest.mark.every_backend

RELEASED = {
    "num_blocks": (3, 4, 6),
    "widths": (64, 128, 256),
    "kernel_sizes": (3, 4, 4),
    "strides": (1, 1, 1),
}


def num_trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


@pytest.mark.parametrize(
    "arguments, expected", [({}, 3_943_552), (RELEASED, 3_635_840)]
)
def test_parameter_counts(arguments, expected):
    encoder = ResNet1D34(**arguments)
    encoder.build((None, 256, 3))
    assert num_trainable(encoder) == expected


@pytest.fixture
def golden_encoder(golden):
    encoder = ResNet1D34(
        32,
        num_blocks=(2, 2, 2),
        widths=(8, 16, 32),
        kernel_sizes=(3, 4, 4),
        strides=(1, 1, 1),
    )
    encoder.build((None, 256, 3))
    prefix = "resnet_small/w/"

    def load_conv(layer, name):
        layer.kernel.assign(golden[f"{name}.weight"].transpose(2, 1, 0))
        layer.bias.assign(golden[f"{name}.bias"])

    def load_norm(layer, name):
        layer.gamma.assign(golden[f"{name}.weight"])
        layer.beta.assign(golden[f"{name}.bias"])
        layer.moving_mean.assign(golden[f"{name}.running_mean"])
        layer.moving_variance.assign(golden[f"{name}.running_var"])

    load_conv(encoder.stem_conv, f"{prefix}first_block_conv")
    load_norm(encoder.stem_norm, f"{prefix}first_block_bn")
    for index, block in enumerate(encoder.blocks):
        name = f"{prefix}basicblock_list.{index}"
        load_norm(block.norm_1, f"{name}.bn1")
        load_conv(block.conv_1, f"{name}.conv1")
        load_norm(block.norm_2, f"{name}.bn2")
        load_conv(block.conv_2, f"{name}.conv2")
        if block.shortcut is not None:
            load_conv(block.shortcut, f"{name}.projection_conv")
    return encoder


def test_golden_embedding(golden, golden_encoder):
    x = golden["resnet_small/x"].transpose(0, 2, 1)
    np.testing.assert_allclose(
        to_numpy(golden_encoder(x)),
        golden["resnet_small/embedding_f64"],
        rtol=1e-4,
        atol=1e-5,
    )


def test_golden_embedding_in_training(golden, golden_encoder):
    x = golden["resnet_small/x"].transpose(0, 2, 1)
    np.testing.assert_allclose(
        to_numpy(golden_encoder(x, training=True)),
        golden["resnet_small/train_mode_embedding_f64"],
        rtol=1e-3,
        atol=1e-4,
    )
    np.testing.assert_allclose(
        to_numpy(golden_encoder.stem_norm.moving_mean),
        golden["resnet_small/after_train_forward/first_block_bn.running_mean"],
        rtol=1e-4,
        atol=1e-6,
    )


def random_encoder(rng, **kwargs):
    encoder = small_encoder(**kwargs)
    encoder.build((None, 64, 3))
    for variable in encoder.weights:
        is_positive = "gamma" in variable.path or "variance" in variable.path
        spread = rng.normal(0, 0.3, variable.shape)
        variable.assign(1 + np.abs(spread) if is_positive else spread)
    return encoder


def oracle_of(encoder):
    """The encoder's weights, as `reference.resnet1d` takes them."""

    def values(layer, *names):
        return tuple(np.float64(to_numpy(getattr(layer, n))) for n in names)

    def conv(layer):
        return None if layer is None else values(layer, "kernel", "bias")

    def norm(layer):
        statistics = ("gamma", "beta", "moving_mean", "moving_variance")
        return values(layer, *statistics)

    return {
        "stem": (conv(encoder.stem_conv), norm(encoder.stem_norm)),
        "blocks": [
            {
                "stride": block.stride,
                "norm_1": norm(block.norm_1),
                "conv_1": conv(block.conv_1),
                "norm_2": norm(block.norm_2),
                "conv_2": conv(block.conv_2),
                "shortcut": conv(block.shortcut),
            }
            for block in encoder.blocks
        ],
    }


def last_norm_of(encoder):
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    return tuple(
        np.float64(to_numpy(getattr(encoder.last_norm, n))) for n in names
    )


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("final_norm", [False, True])
def test_sequences_are_those_of_the_oracle(rng, training, final_norm):
    encoder = random_encoder(rng, final_norm=final_norm)
    x = rng.normal(size=(2, 50, 3))
    expected = reference.resnet1d_sequences(
        x,
        **oracle_of(encoder),
        training=training,
        last_norm=last_norm_of(encoder) if final_norm else None,
    )
    found = encoder.sequences(x.astype("float32"), training=training)
    assert len(found) == len(encoder.blocks)
    for one, other in zip(found, expected):
        assert tuple(one.shape) == other.shape
        np.testing.assert_allclose(to_numpy(one), other, atol=2e-4)


def test_half_precision_reads_every_block_out(rng):
    # Its block has no convolution beside it: what comes in is added as it is.
    encoder = ResNet1D34(8, (1,), (8,), (3,), (1,), dtype="mixed_bfloat16")
    x = rng.normal(size=(3, 50, 3)).astype("float32")
    encoder(x)
    exact = ResNet1D34.from_config({**encoder.get_config(), "dtype": "float32"})
    exact.build((None, 64, 3))
    exact.set_weights(encoder.get_weights())
    for one, other in zip(encoder.sequences(x), exact.sequences(x)):
        np.testing.assert_allclose(
            to_numpy(keras.ops.cast(one, "float32")), to_numpy(other), atol=0.1
        )


def test_aligned_encoder_does_not_see_how_the_sensor_was_worn(rng):
    encoder = random_encoder(rng, alignment="gravity")
    x = (rng.normal(size=(4, 50, 3)) + [0, 0, 2]).astype("float32")
    turns = Rotation.random(4, np.random.default_rng(0)).as_matrix()
    turned = np.einsum("nij,ntj->nti", turns, x).astype("float32")
    np.testing.assert_allclose(
        to_numpy(encoder(turned)), to_numpy(encoder(x)), rtol=1e-3, atol=1e-3
    )
    plain = ResNet1D34.from_config({**encoder.get_config(), "alignment": None})
    plain.build((None, 64, 3))
    plain.set_weights(encoder.get_weights())
    aligned = to_numpy(GravityAlignment()(x))
    for one, other in zip(encoder.sequences(x), plain.sequences(aligned)):
        np.testing.assert_array_equal(to_numpy(one), to_numpy(other))


@pytest.mark.parametrize("length", [32, 33, 200, 250, 333])
@pytest.mark.parametrize("training", [False, True])
def test_strided_encoder_matches_the_oracle(rng, length, training):
    encoder = random_encoder(rng)
    x = rng.normal(size=(2, length, 3))
    expected = reference.resnet1d(x, **oracle_of(encoder), training=training)
    output = to_numpy(encoder(x.astype("float32"), training=training))
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("length", [33, 50])
def test_gradients_match_finite_differences_of_the_oracle(rng, length):
    encoder = random_encoder(rng)
    weights = oracle_of(encoder)
    x = rng.normal(size=(3, length, 3))
    upstream = rng.normal(size=(3, 16))
    tensor = keras.ops.convert_to_tensor(x.astype("float32"))
    block, values = encoder.blocks[1], weights["blocks"][1]
    factors = keras.ops.convert_to_tensor(upstream.astype("float32"))
    found = variable_gradients(
        lambda: keras.ops.sum(encoder(tensor, training=True) * factors),
        [
            encoder.stem_norm.gamma,
            encoder.stem_norm.beta,
            block.norm_1.gamma,
            block.norm_2.beta,
            block.shortcut.kernel,
        ],
    )
    norms = weights["stem"][1][:2], values["norm_1"], values["norm_2"]
    arrays = [*norms[0], norms[1][0], norms[2][1], values["shortcut"][0]]
    for gradient, array in zip(found, arrays):

        def loss(value):
            kept = array.copy()
            array[...] = value
            output = reference.resnet1d(x, **weights, training=True)
            array[...] = kept
            return (output * upstream).sum()

        expected = numeric_gradient(loss, array)
        np.testing.assert_allclose(
            gradient, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max()
        )


@pytest.mark.parametrize("length", [32, 33, 100, 257])
def test_any_length_from_32(rng, length):
    encoder = small_encoder()
    x = rng.normal(size=(2, length, 3)).astype("float32")
    assert to_numpy(encoder(x)).shape == (2, 16)
    # One instance takes other lengths later.
    assert to_numpy(encoder(np.concatenate([x, x], 1))).shape == (2, 16)


def test_other_embedding_sizes_get_a_head(rng):
    encoder = small_encoder(embedding_dim=5)
    x = rng.normal(size=(2, 64, 3)).astype("float32")
    assert to_numpy(encoder(x)).shape == (2, 5)
    assert encoder.compute_output_shape((2, 64, 3)) == (2, 5)


def test_gradients_reach_every_weight(rng):
    encoder = small_encoder()
    model = keras.Sequential([encoder, keras.layers.Dense(2)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    x = rng.normal(size=(8, 64, 3)).astype("float32")
    y = rng.normal(size=(8, 2)).astype("float32")
    model.build((None, 64, 3))
    before = [to_numpy(v).copy() for v in encoder.trainable_variables]
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    for old, variable in zip(before, encoder.trainable_variables):
        # A bias that a batch norm follows has no effect and no gradient.
        if "conv_1/bias" in variable.path or "stem_conv/bias" in variable.path:
            continue
        assert np.abs(to_numpy(variable) - old).max() > 0, variable.path


def test_saved_encoder_gives_equal_embeddings(rng, tmp_path):
    encoder = small_encoder()
    x = rng.normal(size=(3, 64, 3)).astype("float32")
    encoder(x, training=True)
    expected = to_numpy(encoder(x))
    encoder.save(tmp_path / "encoder.keras")
    encoder.save_weights(tmp_path / "encoder.weights.h5")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(to_numpy(loaded(x)), expected)
    fresh = ResNet1D34.from_config(encoder.get_config())
    fresh.build(x.shape)
    fresh.load_weights(tmp_path / "encoder.weights.h5")
    np.testing.assert_array_equal(to_numpy(fresh(x)), expected)


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="shape .batch, time, channels"):
        ResNet1D34()(np.ones((256, 3), "float32"))
    with pytest.raises(ValueError, match="32 samples or more"):
        ResNet1D34()(np.ones((2, 31, 3), "float32"))
    encoder = small_encoder()
    encoder(np.ones((2, 64, 3), "float32"))
    with pytest.raises(ValueError, match="expected axis 2"):
        encoder(np.ones((2, 64, 4), "float32"))
    with pytest.raises(ValueError, match="one entry per stage"):
        ResNet1D34(num_blocks=(3, 4))
    for widths in (64, (64, 128, 256, 25.6), (64, 128, 256, 0)):
        with pytest.raises(ValueError, match="an int of 1 or more.*widths="):
            ResNet1D34(widths=widths)
    with pytest.raises(ValueError, match="one entry per stage"):
        ResNet1D34(num_blocks=(), widths=(), kernel_sizes=(), strides=())
    with pytest.raises(ValueError, match="whole number.*embedding_dim=0"):
        ResNet1D34(embedding_dim=0)
