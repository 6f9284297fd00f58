"""`RelConModel(anchors="all")`: every window is ranked against all others."""

import keras
import numpy as np
import pytest
import reference
from support import (
    PlainDistance,
    plain_distances,
    plain_encoder,
    to_numpy,
    variable_gradients,
)

from keras_relcon import RelConModel
from keras_relcon.layers import Negation
from keras_relcon.models import AugmentedViews

pytestmark = pytest.mark.every_backend


def batch_of_windows(rng, num_subjects=2, windows_each=3, length=40):
    size = num_subjects * windows_each
    return {
        "anchor": rng.normal(size=(size, length, 3)).astype("float32"),
        "subject": np.repeat(np.arange(num_subjects, dtype="int32"), 3),
    }


def expected_distances(windows):
    """Of each window to all others, those that follow it first."""
    none = np.zeros((len(windows), 0, *windows.shape[1:]))
    return plain_distances({"anchor": windows, "candidates": none})


def expected_loss(embeddings, distances, temperature):
    no_candidates = np.zeros((len(embeddings), 0, embeddings.shape[1]))
    similarities = reference.cosine_similarities(
        embeddings.astype(np.float64), no_candidates
    )
    return reference.relative_contrastive_loss(
        distances, similarities, temperature
    ).mean()


def ranks_of(distances):
    return distances.argsort(axis=1).argsort(axis=1).astype("uint8")


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return RelConModel(plain_encoder(), PlainDistance(), 0.2, anchors="all")


@pytest.mark.eager
def test_the_loss_ranks_each_window_against_all_others(rng, model):
    batch = batch_of_windows(rng)
    distances = expected_distances(batch["anchor"])
    np.testing.assert_allclose(
        to_numpy(model.rank_candidates(batch)), distances, rtol=1e-3
    )
    assert distances.shape == (6, 5)
    model.compile(optimizer="sgd")
    logs = model.test_on_batch(batch, return_dict=True)
    embeddings = to_numpy(model.encoder(batch["anchor"]))
    expected = expected_loss(embeddings, distances, 0.2)
    np.testing.assert_allclose(logs["loss"], expected, rtol=1e-4)


def test_stored_ranks_give_the_gradient_of_the_distance(rng, model):
    batch = batch_of_windows(rng)
    distances = expected_distances(batch["anchor"])
    ranked = RelConModel(model.encoder, None, 0.2, anchors="all")
    ranked.build({name: value.shape for name, value in batch.items()})
    variables = ranked.trainable_variables

    def loss(order):
        order = keras.ops.convert_to_tensor(order.astype("float32"))
        return lambda: ranked.compute_loss(None, order, ranked(batch))

    expected = variable_gradients(loss(distances), variables)
    start = [to_numpy(variable).copy() for variable in variables]
    ranked.compile(optimizer=keras.optimizers.SGD(0.1))
    ranked.encoder.trainable = True
    batch["ranks"] = ranks_of(distances)
    for one, other in zip(
        expected, variable_gradients(loss(batch["ranks"]), variables)
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    logs = ranked.train_on_batch(batch, return_dict=True)
    assert np.isfinite(logs["loss"])
    moved = [
        np.any(to_numpy(variable) != before)
        for variable, before in zip(variables, start)
    ]
    assert all(moved)


@pytest.mark.eager
def test_share_of_the_own_subject_among_the_nearest(rng, model):
    batch = batch_of_windows(rng, 2, 3)
    # The windows that follow, modulo 6; two of them are of the own subject.
    near = np.array(
        [
            [1, 2, 9, 9, 9],  # 1, 2, | 3, 4, 5
            [1, 9, 9, 2, 3],  # 2, | 3, 4, 5, | 0
            [1, 2, 9, 9, 9],  # | 3, 4, 5, | 0, 1
            [9, 9, 1, 2, 3],  # 4, 5, | 0, 1, 2
            [1, 9, 9, 9, 2],  # 5, | 0, 1, 2, | 3
            [2, 9, 9, 1, 9],  # | 0, 1, 2, | 3, 4
        ],
        "float32",
    )
    share = [1, 0.5, 0, 0, 1, 0.5]
    logs = model.compute_metrics(
        batch, keras.ops.convert_to_tensor(near), keras.ops.zeros((6, 5))
    )
    np.testing.assert_allclose(
        float(logs["within_subject_share"]), np.mean(share), rtol=1e-6
    )


@pytest.mark.eager
def test_it_trains_with_views_and_comes_back_from_its_config(rng, model):
    views = AugmentedViews(Negation(), weight=1.0)
    model = RelConModel(model.encoder, None, 0.2, views=views, anchors="all")
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    batch = batch_of_windows(rng)
    batch["ranks"] = ranks_of(rng.normal(size=(6, 5)))
    losses = [
        float(model.train_on_batch(batch, return_dict=True)["loss"])
        for _ in range(4)
    ]
    assert losses[-1] < losses[0]
    again = RelConModel.from_config(model.get_config())
    assert again.anchors == "all"
    without = RelConModel(model.encoder, None, anchors="all")
    assert RelConModel.from_config(without.get_config()).motif_distance is None


@pytest.mark.eager
def test_errors_name_what_is_missing(rng, model):
    distance = PlainDistance()
    with pytest.raises(ValueError, match="`anchors` must be"):
        RelConModel(plain_encoder(), distance, anchors="some")
    with pytest.raises(TypeError, match="must be a `MotifDistance`"):
        RelConModel(plain_encoder(), None)
    with pytest.raises(ValueError, match="takes no `candidate_augmentation`"):
        RelConModel(
            plain_encoder(),
            distance,
            anchors="all",
            candidate_augmentation=keras.layers.Identity(),
        )
    batch = batch_of_windows(rng)
    del batch["subject"]
    with pytest.raises(ValueError, match="keys `subject`"):
        model.compute_metrics(
            batch, keras.ops.zeros((6, 5)), keras.ops.zeros((6, 5))
        )
    without = RelConModel(plain_encoder(), None, anchors="all")
    with pytest.raises(ValueError, match="must have `ranks`"):
        without.rank_candidates(batch)
