"""RenyiCL and its local crops against loops."""

import keras
import numpy as np
import pytest
from losses.test_renyi import information_by_loops, loss_by_loops
from support import plain_encoder, to_numpy, windows_of_two_kinds

from keras_relcon.baselines import RenyiCL
from keras_relcon.baselines.local_crops import LocalCrop
from keras_relcon.layers import Negation, TimeFlip

pytestmark = pytest.mark.every_backend


def small(**kwargs):
    keras.utils.set_random_seed(0)
    heads = {
        "projector": keras.layers.Dense(4),
        "predictor": keras.layers.Dense(4),
    }
    return RenyiCL(plain_encoder(), **{"seed": 1, **heads, **kwargs})


def directions(outputs):
    """For each target the other view's prediction, then those of crops."""
    predictions = to_numpy(outputs["prediction"])
    targets = to_numpy(outputs["target"])
    for view, other in ((0, 1), (1, 0)):
        crops = range(2, predictions.shape[1])
        yield predictions[:, [other, *crops]], targets[:, view]


@pytest.mark.parametrize("num_local_crops", [0, 3])
@pytest.mark.parametrize("normalizer", ["batch", "row"])
def test_loss_of_a_batch_is_that_of_loops(rng, num_local_crops, normalizer):
    model = small(
        num_local_crops=num_local_crops,
        normalizer=normalizer,
        gamma=1.5,
        alpha=0.1,
        temperature=0.4,
    )
    outputs = model(windows_of_two_kinds(rng, 5), training=True)
    assert outputs["prediction"].shape == (5, 2 + num_local_crops, 4)
    assert outputs["embedding"].shape == (5, 2 + num_local_crops, 8)
    assert outputs["target"].shape == (5, 2, 4)
    expected = sum(
        loss_by_loops(queries, keys, 1.5, 0.1, 0.4, normalizer)
        for queries, keys in directions(outputs)
    )
    loss = to_numpy(model.loss_of(outputs))
    np.testing.assert_allclose(loss, expected, rtol=1e-4, atol=1e-5)


def test_targets_are_of_the_two_views_by_the_slow_copy(rng):
    """In evaluation, after one step, in which the copy is the model itself."""
    model = small(views=Negation(), num_local_crops=2)
    windows = windows_of_two_kinds(rng, 4)
    model(windows, training=True)
    for variable in model.projector.trainable_variables:
        variable.assign(to_numpy(variable) + 0.1)
    outputs = model(windows)
    slow = model.slow_projector.copy(model.slow_encoder.copy(-windows))
    for view in (0, 1):
        np.testing.assert_allclose(
            to_numpy(outputs["target"])[:, view], to_numpy(slow), atol=1e-5
        )
    now = model.predictor(model.projector(model.encoder(-windows)))
    np.testing.assert_allclose(
        to_numpy(outputs["prediction"])[:, 0], to_numpy(now), atol=1e-5
    )


def test_local_crops_are_views_cut_and_stretched(rng):
    """All of a window is the view itself; a half differs from it."""
    windows = windows_of_two_kinds(rng, 4)
    whole = small(views=TimeFlip(), num_local_crops=3, crop_shares=(1, 1))
    embeddings = to_numpy(whole(windows)["embedding"])
    for view in range(1, 5):
        np.testing.assert_allclose(
            embeddings[:, view], embeddings[:, 0], atol=1e-5
        )
    half = small(views=TimeFlip(), num_local_crops=3, crop_shares=(0.5, 0.5))
    embeddings = to_numpy(half(windows)["embedding"])
    for view in range(2, 5):
        assert np.abs(embeddings[:, view] - embeddings[:, 0]).max() > 1e-3
    assert np.abs(embeddings[:, 2] - embeddings[:, 4]).max() > 1e-3


def test_a_local_crop_reads_a_piece_in_order():
    """Of a straight line, a line between two of its values."""
    line = np.arange(21, dtype="float32")
    x = np.tile(line[:, None], (50, 1, 2))
    crop = LocalCrop((0.25, 0.5), seed=3)
    found = to_numpy(crop(x))
    assert found.shape == x.shape
    begin, end = found[:, 0, 0], found[:, -1, 0]
    expected = begin[:, None] + (end - begin)[:, None] * line / 20
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-4)
    np.testing.assert_array_equal(found[..., 0], found[..., 1])
    shares = (end - begin) / 20
    assert 0.25 <= shares.min() < 0.3 and 0.45 < shares.max() <= 0.5
    assert 0 <= begin.min() < 2 and 18 < end.max() <= 20
    np.testing.assert_array_equal(to_numpy(crop(x, training=False)), x)
    copy = LocalCrop.from_config(crop.get_config())
    np.testing.assert_array_equal(to_numpy(copy(x)), found)


def test_places_of_crops_are_drawn_apart_from_their_views():
    model = small(views="tang", num_local_crops=2)
    model.build((None, 32, 3))
    seeds = [
        int(to_numpy(variable)[0])
        for part in (model.view_pairs, model.crop_pairs, model.local_crop)
        for variable in part.non_trainable_variables
    ]
    assert len(set(seeds)) == len(seeds) == 3


def test_no_gradient_reaches_the_slow_copy():
    model = small(num_local_crops=1)
    model.build((None, 64, 3))
    trained = {id(variable) for variable in model.trainable_variables}
    parts = [model.encoder, model.projector, model.predictor]
    expected = {id(v) for part in parts for v in part.trainable_variables}
    assert trained == expected


@pytest.mark.eager
def test_mutual_information_is_logged(rng):
    model = small(views=Negation(), alpha=0.1)
    model.compile(optimizer="adam")
    windows = windows_of_two_kinds(rng, 6)
    found = model.evaluate(windows, batch_size=6, verbose=0, return_dict=True)
    expected = np.mean(
        [
            information_by_loops(queries, keys, 0.1, 0.5)
            for queries, keys in directions(model(windows))
        ]
    )
    np.testing.assert_allclose(
        found["mutual_information"], expected, rtol=1e-3, atol=1e-4
    )


def test_defaults_are_of_the_papers_code_but_for_the_widths():
    """Methods, second part, 2.1."""
    model = RenyiCL(plain_encoder(), momentum_steps=10)
    assert (model.gamma, model.alpha, model.temperature) == (2, 1 / 65536, 0.5)
    assert model.normalizer == "batch" and model.num_local_crops == 0
    assert model.slow_encoder.momentum == 0.99
    assert model.slow_projector.num_steps == 10
    kinds = [type(layer).__name__ for layer in model.projector.layers]
    norm = "BatchNormalization"
    assert kinds == ["Dense", norm, "ReLU", "Dense", norm]
    assert not model.projector.layers[-1].scale
    kinds = [type(layer).__name__ for layer in model.predictor.layers]
    assert kinds == ["Dense", norm, "ReLU", "Dense"]


def test_bad_arguments_are_explained():
    for arguments, match in [
        ({"gamma": 0.5}, "`gamma`.*at least 1"),
        ({"alpha": 1}, "`alpha`.*below 1"),
        ({"temperature": 0}, "`temperature`"),
        ({"normalizer": "all"}, "`normalizer`.*'row'"),
        ({"num_local_crops": -1}, "`num_local_crops`.*at least 0"),
        ({"momentum": None}, "`momentum`"),
        (
            {"num_local_crops": 1, "crop_shares": (0.5, 0.2)},
            "`crop_shares`.*Received",
        ),
    ]:
        with pytest.raises(ValueError, match=match):
            small(**arguments)


def test_a_crop_of_the_whole_is_the_window(rng):
    windows = rng.normal(size=(3, 20, 3)).astype("float32")
    whole = LocalCrop((1.0, 1.0), seed=0)(windows, training=True)
    np.testing.assert_allclose(to_numpy(whole), windows, atol=1e-5)
    for shares in ((0.5, 1.5), (0.0, 0.5), (0.6, 0.5), (0.5,)):
        with pytest.raises(ValueError, match=r"`shares` must be .*Use \(0.25"):
            LocalCrop(shares)
