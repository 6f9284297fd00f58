import keras
import numpy as np
import pytest
from support import small_encoder, to_numpy

import keras_relcon as kr
from keras_relcon.models import StageFeatures
from keras_relcon.models.stage_features import stretched

pytestmark = pytest.mark.every_backend


def built(**kwargs):
    features = StageFeatures(small_encoder(final_norm=True), **kwargs)
    features.build((None, 50, 3))
    return features


def statistics_of(sequence):
    """Mean, standard deviation, maximum and share above zero over time."""
    x = np.float64(to_numpy(sequence))
    return [x.mean(1), x.std(1), x.max(1), (x > 0).mean(1)]


def test_features_are_statistics_of_the_blocks(rng):
    features = built(blocks=(1, 2))
    x = rng.normal(size=(3, 50, 3)).astype("float32")
    first, second = features.encoder.sequences(x)
    expected = np.concatenate(
        statistics_of(first) + statistics_of(second), axis=1
    )
    found = to_numpy(features(x))
    assert found.shape == (3, 4 * (8 + 16)) and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    names = features.feature_names()
    assert len(names) == found.shape[1]
    assert features.compute_output_shape((None, 50, 3)) == (None, len(names))
    assert names[0] == "block_1_mean_0" and names[8] == "block_1_std_0"
    assert names[-1] == "block_2_share_above_zero_15"


def test_chosen_blocks_and_statistics_come_in_order(rng):
    x = rng.normal(size=(2, 40, 3)).astype("float32")
    features = built(blocks=(2, 16), statistics=("max", "mean"))
    mean, _, largest, _ = statistics_of(features.encoder.sequences(x)[1])
    np.testing.assert_allclose(
        to_numpy(features(x)),
        np.concatenate([largest, mean], axis=1),
        atol=1e-5,
    )


def test_a_silent_channel_has_finite_features():
    features = built()
    found = to_numpy(features(np.zeros((1, 40, 3), "float32")))
    assert np.isfinite(found).all()


@pytest.mark.once
def test_the_default_encoder_of_a_preset_has_5120_features():
    encoder = kr.layers.ResNet1D34(
        widths=(32, 64, 128, 256), strides=(1, 2, 2, 2), final_norm=True
    )
    encoder.build((None, 256, 3))
    assert len(StageFeatures(encoder).feature_names()) == 5120


def test_windows_of_six_channels_have_names_and_a_shape(rng, tmp_path):
    encoder = small_encoder()
    encoder.build((None, 50, 6))
    # Names are asked for before and after it is built, or loaded.
    names = StageFeatures(encoder).feature_names()
    features = StageFeatures(small_encoder())
    assert features(keras.Input((50, 6))).shape == (None, len(names))
    assert features.feature_names() == names
    x = rng.normal(size=(2, 50, 6)).astype("float32")
    assert features(x).shape == (2, len(names))
    features.save(tmp_path / "features.keras")
    loaded = keras.saving.load_model(tmp_path / "features.keras")
    assert loaded.feature_names() == names


def test_a_saved_readout_gives_equal_features(rng, tmp_path):
    features = built(blocks=(1, 2), statistics=("mean", "max"))
    x = rng.normal(size=(2, 50, 3)).astype("float32")
    expected = to_numpy(features(x))
    features.save(tmp_path / "features.keras")
    loaded = keras.saving.load_model(tmp_path / "features.keras")
    np.testing.assert_array_equal(to_numpy(loaded(x)), expected)


def test_bad_arguments_are_explained():
    encoder = small_encoder()
    with pytest.raises(TypeError, match="must have a method `sequences`"):
        StageFeatures(keras.Sequential([keras.layers.Dense(2)]))
    with pytest.raises(ValueError, match="`blocks` must be a whole number"):
        StageFeatures(encoder, blocks=(0,))
    with pytest.raises(ValueError, match="`statistics` must be one of"):
        StageFeatures(encoder, statistics=("median",))
    features = StageFeatures(encoder, blocks=(9,))
    with pytest.raises(ValueError, match="blocks of the encoder, which has 2"):
        features(np.zeros((1, 40, 3), "float32"))


def drawn_out(x, scale):
    """By `np.interp`, at the middles of the new samples; or by means."""
    if scale < 1:
        size = round(1 / scale)
        whole = x[:, : x.shape[1] // size * size]
        return whole.reshape(len(x), -1, size, x.shape[2]).mean(2)
    for _ in range(round(np.log2(scale))):
        middles = (np.arange(2 * x.shape[1]) + 0.5) / 2 - 0.5
        old = np.arange(x.shape[1])
        x = np.apply_along_axis(lambda y: np.interp(middles, old, y), 1, x)
    return x


@pytest.mark.parametrize("scale", [0.25, 0.5, 1, 2, 4])
def test_windows_are_drawn_out_as_by_interpolation(rng, scale):
    x = rng.normal(size=(2, 11, 3))
    found = to_numpy(stretched(keras.ops.convert_to_tensor(x), scale))
    np.testing.assert_allclose(found, drawn_out(x, scale), atol=1e-6)


def test_each_scale_has_the_features_of_windows_drawn_out(rng, tmp_path):
    x = rng.normal(size=(2, 80, 3)).astype("float32")
    features = built(scales=(0.5, 1, 2))
    plain = StageFeatures(features.encoder)
    expected = [
        to_numpy(plain(drawn_out(np.float64(x), scale).astype("float32")))
        for scale in (0.5, 1, 2)
    ]
    found = to_numpy(features(x))
    np.testing.assert_allclose(found, np.concatenate(expected, 1), atol=1e-4)
    names = features.feature_names()
    width = len(plain.feature_names())
    assert names[0] == "times_0.5_block_2_mean_0"
    assert names[width : 2 * width] == plain.feature_names()
    assert names[-1].startswith("times_2_block_")
    assert features.compute_output_shape(x.shape) == found.shape
    features.save(tmp_path / "features.keras")
    loaded = keras.saving.load_model(tmp_path / "features.keras")
    np.testing.assert_allclose(to_numpy(loaded(x)), found, atol=1e-5)


@pytest.mark.once
@pytest.mark.parametrize("scales", [(), (3,), (1, 0), (1, True), ("2",)])
def test_scales_are_powers_of_two(scales):
    with pytest.raises(ValueError, match="`scales` must be"):
        StageFeatures(small_encoder(), scales=scales)
