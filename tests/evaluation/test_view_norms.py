import keras
import numpy as np
import pytest
from support import candidate_group, plain_encoder, to_numpy

import keras_relcon as kr
from keras_relcon.baselines import OutlierExposure, SimCLR
from keras_relcon.evaluation.out_of_distribution import (
    norm_scores,
    out_of_distribution_auroc,
)
from keras_relcon.evaluation.view_norms import (
    encoder_and_head,
    head_outputs,
    view_norm_scores,
)
from keras_relcon.layers import Negation, Noise, TimeFlip
from keras_relcon.models import RelConModel, mlp_projector
from keras_relcon.presets import from_preset

pytestmark = [pytest.mark.eager]

NORMS = {"norm_of_mean_view", "mean_squared_norm", "squared_norm"}
OTHERS = {"embedding_norm", "embedding_neighbors", "window_std"}


def some_windows(rng, count=5, length=40):
    return rng.normal([0, 0, 1], 0.4, (count, length, 3)).astype("float32")


def with_head(method=SimCLR, length=40):
    keras.utils.set_random_seed(0)
    model = method(plain_encoder(), mlp_projector((6, 4)))
    model.build((None, length, 3))
    return model


def test_scores_are_those_of_loops(rng):
    outputs = rng.normal(size=(4, 6, 3))
    expected = {name: [] for name in NORMS}
    for window in range(6):
        vectors = [outputs[view, window] for view in range(4)]
        mean = sum(vectors) / 4
        expected["norm_of_mean_view"].append(-((mean @ mean) ** 0.5))
        squares = [v @ v for v in vectors]
        expected["mean_squared_norm"].append(-sum(squares) / 4)
        expected["squared_norm"].append(-squares[0])
    found = view_norm_scores(outputs.astype("float32"))
    assert set(found) == NORMS
    for name, scores in found.items():
        np.testing.assert_allclose(scores, expected[name], rtol=1e-5)
    order = np.argsort(found["squared_norm"])
    np.testing.assert_array_equal(order, np.argsort(norm_scores(outputs[0])))


def test_the_output_is_that_of_the_head_before_normalisation(rng):
    windows = some_windows(rng)
    for method in (SimCLR, OutlierExposure):
        model = with_head(method)
        found = head_outputs(model, windows, num_views=2, views=Negation())
        assert found.shape == (3, 5, 4)
        for view, sign in enumerate((1, -1, -1)):
            embeddings = model.encoder(sign * windows, training=False)
            expected = to_numpy(model.projector(embeddings, training=False))
            np.testing.assert_allclose(found[view], expected, atol=1e-5)


def test_without_a_head_it_is_that_of_the_encoder(make_encoder, rng):
    windows = some_windows(rng)
    encoder = make_encoder()
    for model in (encoder, SimCLR(encoder, None)):
        found = head_outputs(model, windows, 1, views=TimeFlip())
        expected = to_numpy(encoder(windows))
        np.testing.assert_allclose(found[0], expected, atol=1e-5)
        expected = to_numpy(encoder(windows[:, ::-1].copy()))
        np.testing.assert_allclose(found[1], expected, atol=1e-5)
        assert encoder_and_head(model) == (encoder, None)


def test_batches_change_nothing_and_a_seed_repeats(rng):
    windows = some_windows(rng, 7)
    model = with_head()
    for size in (2, 4):
        found = head_outputs(model, windows, 1, TimeFlip(), batch_size=size)
        whole = head_outputs(model, windows, 1, TimeFlip())
        np.testing.assert_allclose(found, whole, atol=1e-5)
    first = head_outputs(model, windows, 3)
    np.testing.assert_array_equal(head_outputs(model, windows, 3), first)
    assert np.abs(head_outputs(model, windows, 3, seed=1) - first).max() > 1e-3
    assert np.abs(first[1] - first[2]).max() > 1e-3  # each view its own draw
    assert head_outputs(model, windows, 0).shape == (1, 7, 4)


def test_auroc_has_the_three_beside_the_others(rng):
    still = rng.normal([0, 0, 1], 0.05, (40, 64, 3)).astype("float32")
    moving = rng.normal([0, 0, 1], 2.0, (20, 64, 3)).astype("float32")
    model = with_head(length=64)
    views = Noise(0.01, seed=0)
    areas = out_of_distribution_auroc(
        model, still[:20], moving, still[20:], num_views=4, views=views
    )
    assert areas.keys() == NORMS | OTHERS
    outputs = head_outputs(
        model, np.concatenate([still[:20], moving]), 4, Noise(0.01, seed=0)
    )
    for name, scores in view_norm_scores(outputs).items():
        pairs = scores[20:, None] > scores[None, :20]  # outside above inside
        assert areas[name] == pytest.approx(pairs.mean()), name
    plain = out_of_distribution_auroc(
        model.encoder, still[:20], moving, still[20:]
    )
    assert plain.keys() == OTHERS
    for name, area in plain.items():
        assert areas[name] == pytest.approx(area), name
    norms = out_of_distribution_auroc(
        model.encoder, still[:20], moving, still[20:], num_views=0
    )
    assert norms.keys() == NORMS | OTHERS
    assert norms["squared_norm"] == norms["embedding_norm"]


def test_a_model_with_a_head_has_32_views(monkeypatch, rng):
    module = "keras_relcon.evaluation.out_of_distribution"
    seen = []

    def outputs(model, windows, num_views, *args):
        seen.append((model, num_views))
        return np.ones((2, len(windows), 3))

    monkeypatch.setattr(f"{module}.head_outputs", outputs)
    windows = some_windows(rng, 6)
    model = with_head()
    areas = out_of_distribution_auroc(model, windows, windows, windows)
    assert seen == [(model, 32)]
    assert areas.keys() == NORMS | OTHERS


def test_a_preset_is_scored_at_the_head_that_it_keeps(tmp_path, rng):
    keras.utils.set_random_seed(0)
    encoder = kr.layers.ResNet1D34(
        8, num_blocks=(1,), widths=(8,), kernel_sizes=(3,), strides=(2,)
    )
    distance = kr.MotifDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=0
    )
    model = RelConModel(encoder, distance, projector=mlp_projector((6, 4)))
    shapes = candidate_group(rng, 2, 1, 64)
    model.build({name: part.shape for name, part in shapes.items()})
    kr.presets.save_to_preset(
        model, tmp_path / "small", sample_rate_hz=50, window_length=64
    )
    loaded = from_preset(tmp_path / "small", task="pretrain")
    inside, outside = some_windows(rng, 20, 64), some_windows(rng, 20, 64)
    kwargs = {"num_views": 2, "seed": 3}
    areas = out_of_distribution_auroc(
        tmp_path / "small", inside, outside, inside, **kwargs
    )
    expected = out_of_distribution_auroc(
        loaded, inside, outside, inside, **kwargs
    )
    assert areas == expected and areas.keys() == NORMS | OTHERS
    outputs = head_outputs(loaded, inside, 0)
    embeddings = loaded.encoder(inside, training=False)
    np.testing.assert_allclose(
        outputs[0], to_numpy(loaded.projector(embeddings)), atol=1e-5
    )


def test_a_method_keeps_its_head_in_a_preset(tmp_path, rng):
    """One of no motif distance; an encoder alone has no head."""
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential(
        [keras.layers.Conv1D(8, 5), keras.layers.GlobalAveragePooling1D()]
    )
    model = OutlierExposure(encoder, mlp_projector((8, 4), batch_norm=True))
    model.build((None, 64, 3))
    inside, outside = some_windows(rng, 20, 64), some_windows(rng, 20, 64)
    kwargs = {"num_views": 2, "seed": 3}
    found = []
    for name, saved in (("head", model), ("none", encoder)):
        kr.presets.save_to_preset(
            saved, tmp_path / name, sample_rate_hz=50, window_length=64
        )
        areas = out_of_distribution_auroc(
            tmp_path / name, inside, outside, inside, **kwargs
        )
        expected = out_of_distribution_auroc(
            saved, inside, outside, inside, **kwargs
        )
        assert areas == pytest.approx(expected, abs=0.02)
        found.append(areas)
    with_head, without = found
    assert any(with_head[name] != without[name] for name in NORMS)
    assert (
        out_of_distribution_auroc(
            tmp_path / "none", inside, outside, inside
        ).keys()
        == OTHERS
    )


def test_training_with_outlier_exposure_is_seen_by_the_scores(rng):
    """Outside windows are shorter at the head of a model that was so trained.

    Of the same amplitude: the standard deviation knows nothing.
    """
    seconds = np.arange(64) / 50
    phase = rng.uniform(0, 2 * np.pi, (96, 1, 3))
    wave = np.sin(2 * np.pi * 2 * seconds[:, None] + phase)
    waves = (wave * 0.5 + [0, 0, 1]).astype("float32")
    noise = rng.normal([0, 0, 1], np.sqrt(0.125), waves.shape)
    noise = noise.astype("float32")
    areas = []
    for alpha in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        model = OutlierExposure(
            keras.Sequential(
                [
                    keras.layers.Conv1D(8, 5, strides=2),
                    keras.layers.BatchNormalization(momentum=0.5),
                    keras.layers.ReLU(),
                    keras.layers.GlobalAveragePooling1D(),
                ]
            ),
            mlp_projector((8, 8), batch_norm=True),
            outside=None,
            alpha=alpha,
            views=Noise(0.02, seed=0),
            seed=1,
        )
        model.compile(optimizer=keras.optimizers.Adam(1e-2))
        inputs = {"inside": waves[:48], "outside": noise[:48]}
        model.fit(inputs, epochs=20, batch_size=16, verbose=0)
        areas.append(
            out_of_distribution_auroc(
                model,
                waves[48:],
                noise[48:],
                waves[:48],
                num_views=4,
                views=Noise(0.02, seed=0),
            )
        )
    without, trained = areas
    assert trained["window_std"] < 0.75
    for name in NORMS:
        assert trained[name] > max(0.9, without[name] + 0.02), name


def test_bad_arguments_are_explained(make_encoder, rng):
    windows = some_windows(rng)
    encoder = make_encoder()
    with pytest.raises(TypeError, match="`model` must be a Keras model"):
        head_outputs(np.mean, windows)
    with pytest.raises(TypeError, match="`views` must be a Keras layer"):
        head_outputs(encoder, windows, views="soar")
    with pytest.raises(ValueError, match="`num_views`.*at least 0"):
        head_outputs(encoder, windows, -1)
    with pytest.raises(ValueError, match="`num_views`.*at least 0"):
        out_of_distribution_auroc(
            encoder, windows, windows, windows, num_views=-1
        )
    with pytest.raises(ValueError, match="`acceleration` must be windows"):
        head_outputs(encoder, windows[0])
    with pytest.raises(ValueError, match=r"\(views, windows, dim\)"):
        view_norm_scores(np.ones((3, 4)))
