import math

import keras
import numpy as np
import pytest
import reference
from support import (
    PlainDistance,
    assert_trains_and_keeps_its_encoder,
    candidate_group,
    plain_distances,
    tiny_encoder,
    to_numpy,
)

from keras_relcon.baselines import REBAR, MaskedMotifDistance
from keras_relcon.data import CandidateGroups, WindowStore, synthetic_recordings
from keras_relcon.layers import Negation, RandomAugmentations
from keras_relcon.losses import LogRatioLoss

pytestmark = pytest.mark.every_backend


def small_rebar(**kwargs):
    keras.utils.set_random_seed(0)
    return REBAR(
        tiny_encoder(),
        PlainDistance(),
        **{"temperature": 0.2, **kwargs},
    )


def oracle(model, group):
    """Distances, and similarities of the encoder as it is."""
    anchors, candidates = group["anchor"], group["candidates"]
    batch, length = anchors.shape[:2]
    windows = np.concatenate([anchors, candidates.reshape(-1, length, 3)])
    embeddings = to_numpy(model.encoder(windows)).astype(np.float64)
    return (
        plain_distances(group),
        reference.cosine_similarities(
            embeddings[:batch],
            embeddings[batch:].reshape(batch, -1, embeddings.shape[1]),
        ),
    )


@pytest.mark.eager
@pytest.mark.parametrize("loss", [None, "log_ratio"])
def test_step_takes_the_oracle_loss(rng, loss):
    model = small_rebar()
    group = candidate_group(rng)
    expected = reference.binary_contrastive_loss
    if loss is None:
        model.compile(optimizer="sgd")
    else:
        model.compile(optimizer="sgd", loss=LogRatioLoss())
        expected = lambda d, s, _: reference.log_ratio_loss(d, s)  # noqa: E731
    logs = model.test_on_batch(group, return_dict=True)
    distances, similarities = oracle(model, group)
    np.testing.assert_allclose(
        logs["loss"], expected(distances, similarities, 0.2).mean(), rtol=2e-3
    )
    relative = reference.relative_contrastive_loss(distances, similarities, 0.2)
    np.testing.assert_allclose(
        logs["loss_per_candidate"], relative.mean() / 6, rtol=1e-3
    )


@pytest.mark.eager
def test_augmentation_is_for_the_encoder_in_training_alone(rng):
    model = small_rebar(augmentation=Negation())
    plain = small_rebar()
    group = candidate_group(rng)
    negative = {name: -value for name, value in group.items()}
    model(group), plain(group)
    plain.encoder.set_weights(model.encoder.get_weights())
    np.testing.assert_allclose(to_numpy(model(group)), to_numpy(plain(group)))
    np.testing.assert_allclose(
        to_numpy(model(group, training=True)),
        to_numpy(plain(negative, training=True)),
        atol=1e-5,
    )
    np.testing.assert_allclose(
        to_numpy(model.rank_candidates(group)),
        to_numpy(plain.rank_candidates(group)),
        rtol=1e-5,
    )


@pytest.mark.eager
def test_candidates_that_are_made_of_the_anchor_may_be_missing(rng):
    arguments = {"candidate_augmentation": Negation(), "anchors": "one"}
    model = small_rebar(augmentation=Negation(), **arguments)
    plain = small_rebar(**arguments)
    group = {"anchor": candidate_group(rng)["anchor"]}
    model(group), plain(group)
    plain.encoder.set_weights(model.encoder.get_weights())
    np.testing.assert_allclose(
        to_numpy(model(group, training=True)),
        to_numpy(plain({"anchor": -group["anchor"]}, training=True)),
        atol=1e-5,
    )


def two_terms(distances, similarities, num_within, temperature, alpha):
    """REBAR's own loss, anchor by anchor, of the nearest own candidate."""
    losses = []
    for row, values in zip(distances, similarities):
        first = len(row) - num_within
        positive = first + int(np.argmin(row[first:]))
        powers = [math.exp(value / temperature) for value in values]
        within = -math.log(powers[positive] / sum(powers[first:]))
        others = powers[positive] + sum(powers[:first])
        between = -math.log(powers[positive] / others)
        losses.append(alpha * between + (1 - alpha) * within)
    return np.array(losses)


@pytest.mark.eager
@pytest.mark.parametrize("alpha", [None, 0.0, 0.3])
def test_positives_within_the_subject_have_two_terms(rng, alpha):
    model = small_rebar(positives="within", alpha=alpha)
    model.compile(optimizer="sgd")
    group = candidate_group(rng)
    logs = model.test_on_batch(group, return_dict=True)
    distances, similarities = oracle(model, group)
    # The nearest of all must not always be an own candidate.
    assert (distances.argmin(1) < 3).any()
    rows = two_terms(
        distances, similarities, 3, 0.2, 0.5 if alpha is None else alpha
    )
    np.testing.assert_allclose(logs["loss"], rows.mean(), rtol=2e-3)


@pytest.mark.eager
def test_every_window_an_anchor_has_candidates_of_its_subject(rng):
    """Which are within is then told by the subjects of the batch."""
    model = small_rebar(positives="within", alpha=0.3, anchors="all")
    model.compile(optimizer="sgd")
    anchors = rng.normal(size=(6, 40, 3)).astype("float32")
    subject = np.array([0, 0, 0, 1, 1, 1], "int32")
    batch = {"anchor": anchors, "subject": subject}
    logs = model.test_on_batch(batch, return_dict=True)
    empty = np.zeros((6, 0, 40, 3), "float32")
    distances, similarities = oracle(
        model, {"anchor": anchors, "candidates": empty}
    )
    rows = []
    for i in range(6):
        others = [(i + step) % 6 for step in range(1, 6)]
        is_own = subject[others] == subject[i]
        order = np.argsort(is_own, kind="stable")  # own candidates last
        rows += two_terms(
            distances[i : i + 1, order],
            similarities[i : i + 1, order],
            is_own.sum(),
            0.2,
            0.3,
        ).tolist()
    np.testing.assert_allclose(logs["loss"], np.mean(rows), rtol=2e-3)


def test_positives_within_train_and_are_kept(tmp_path):
    model = small_rebar(positives="within", alpha=0.25)
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    groups = groups_of(40)
    loaded = assert_trains_and_keeps_its_encoder(
        model, groups, groups.batch(0, 0)["anchor"], tmp_path, epochs=8
    )
    assert (loaded.positives, loaded.alpha) == ("within", 0.25)


def test_a_model_from_before_the_positives_loads(rng):
    config = small_rebar().get_config()
    del config["positives"], config["alpha"]
    assert REBAR.from_config(config).positives == "all"


def groups_of(length):
    store = WindowStore.from_recordings(
        synthetic_recordings(3, 4, seed=0), window_length=length
    )
    return CandidateGroups(store, 4, 3, steps_per_epoch=3)


def test_fit_lowers_the_loss_and_the_encoder_stays(rng, tmp_path):
    model = small_rebar(augmentation=RandomAugmentations(seed=0))
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    before = [to_numpy(v).copy() for v in model.motif_distance.variables]
    groups = groups_of(40)
    loaded = assert_trains_and_keeps_its_encoder(
        model, groups, groups.batch(0, 0)["anchor"], tmp_path, epochs=8
    )
    for old, variable in zip(before, model.motif_distance.variables):
        np.testing.assert_array_equal(to_numpy(variable), old)
    assert isinstance(loaded.augmentation, RandomAugmentations)


def test_its_own_distance_ranks(rng, tmp_path):
    keras.utils.set_random_seed(0)
    distance = MaskedMotifDistance(
        mask_length=4, embedding_dim=8, kernel_size=3, pairs_per_chunk=8
    )
    model = REBAR(tiny_encoder(), distance)
    model.compile(optimizer="adam")
    history = model.fit(groups_of(40), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert 0 <= history["embedding_spread"][0] <= 1.5
    group = groups_of(40).batch(0, 0)
    expected = to_numpy(model.rank_candidates(group))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.motif_distance, MaskedMotifDistance)
    np.testing.assert_array_equal(
        to_numpy(loaded.rank_candidates(group)), expected
    )


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`anchor` and `candidates`"):
        small_rebar()(np.zeros((2, 40, 3), "float32"))
    with pytest.raises(ValueError, match="`temperature` must be.*above 0"):
        small_rebar(temperature=0)
    with pytest.raises(ValueError, match="`positives` must be one of"):
        small_rebar(positives="own")
    with pytest.raises(ValueError, match="`alpha` must be.*at most 1"):
        small_rebar(positives="within", alpha=1.5)
    with pytest.raises(ValueError, match='`alpha` weighs.*"within"'):
        small_rebar(alpha=0.0)


def test_augmentation_is_of_candidates_of_its_own():
    with pytest.raises(ValueError, match='Pass `anchors="one"`'):
        small_rebar(augmentation=RandomAugmentations(), anchors="all")
