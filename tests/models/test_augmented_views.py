import keras
import numpy as np
import pytest
import reference
from support import PlainDistance, candidate_group, plain_encoder, to_numpy

from keras_relcon import RelConModel
from keras_relcon.models import AugmentedViews, mlp_projector

pytestmark = pytest.mark.every_backend


class Doubling(keras.layers.Layer):
    """A copy that the test can make too."""

    def call(self, x, training=False):
        return 2.0 * x + 0.1


def small_model(**kwargs):
    keras.utils.set_random_seed(0)
    encoder = plain_encoder()
    encoder.build((None, 40, 3))
    return RelConModel(encoder, PlainDistance(), 0.2, **kwargs)


def test_the_term_is_nt_xent_of_projections_times_the_weight(rng):
    first, second = rng.normal(size=(2, 5, 6)).astype("float32")
    views = AugmentedViews(
        projector=mlp_projector([4]), temperature=0.3, weight=1.5
    )
    output = to_numpy(views(first, second))
    (dense,) = views.projector.layers
    kernel, bias = (to_numpy(value) for value in (dense.kernel, dense.bias))
    expected = reference.nt_xent_loss(
        first.astype("float64") @ kernel + bias,
        second.astype("float64") @ kernel + bias,
        0.3,
    )
    np.testing.assert_allclose(output, 1.5 * expected.mean(), rtol=1e-5)


def test_the_loss_of_training_adds_the_term_per_candidate(rng):
    """Both losses are computed from one pass of windows and their copies."""
    views = AugmentedViews(Doubling(), temperature=0.5, weight=0.7)
    model = small_model(views=views)
    group = candidate_group(rng, batch_size=3, num_candidates=2)
    model.build({name: array.shape for name, array in group.items()})
    windows = np.concatenate(
        [
            group["anchor"],
            group["candidates"].reshape(6, *group["anchor"][0].shape),
        ]
    )
    both = np.concatenate([windows, 2.0 * windows + 0.1]).astype("float32")
    embeddings = to_numpy(model.encoder(both, training=True)).astype("float64")
    term = reference.nt_xent_loss(embeddings[:9], embeddings[9:], 0.5).mean()

    distances = model.rank_candidates(group)
    similarities = model(group, training=True)
    relative = reference.relative_contrastive_loss(
        to_numpy(distances).astype("float64"),
        to_numpy(similarities).astype("float64"),
        0.2,
    ).mean()
    loss = to_numpy(model.compute_loss(group, distances, similarities))
    num_candidates = 3 - 1 + 2
    np.testing.assert_allclose(
        loss, relative + 0.7 * num_candidates * term, rtol=1e-4
    )


@pytest.mark.eager
def test_validation_has_no_copies(rng):
    group = candidate_group(rng, batch_size=3, num_candidates=2)
    plain = small_model()
    with_views = small_model(views=AugmentedViews(Doubling()))
    logs = []
    for model in (plain, with_views):
        model.compile(optimizer="sgd")
        logs.append(
            model.evaluate(group, batch_size=3, verbose=0, return_dict=True)
        )
    for name in ("loss", "loss_per_candidate"):
        np.testing.assert_allclose(logs[0][name], logs[1][name], rtol=1e-6)


@pytest.mark.eager
def test_the_copies_move_the_encoder(rng):
    """One step of gradient descent differs by the weight of the term alone."""
    group = candidate_group(rng, batch_size=3, num_candidates=2)
    steps = []
    for weight in (0.0, 1.0, 2.0):
        model = small_model(views=AugmentedViews(Doubling(), weight=weight))
        before = flat_weights(model.encoder)
        model.compile(optimizer=keras.optimizers.SGD(1e-3))
        model.fit(group, batch_size=3, verbose=0)
        steps.append(flat_weights(model.encoder) - before)
    once, twice = steps[1] - steps[0], steps[2] - steps[0]
    assert np.all(np.isfinite(twice))
    assert np.abs(once).max() > 1e-3
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-2, atol=1e-4)


def flat_weights(model):
    return np.concatenate(
        [to_numpy(v).ravel() for v in model.trainable_variables]
    )


def test_fit_trains_the_projector_and_the_file_keeps_it(rng, tmp_path):
    views = AugmentedViews(projector=mlp_projector([4]), weight=0.5)
    model = small_model(views=views)
    group = candidate_group(rng, batch_size=3, num_candidates=2)
    model.build({name: array.shape for name, array in group.items()})
    before = [to_numpy(v) for v in views.projector.trainable_variables]
    model.compile(optimizer=keras.optimizers.Adam(1e-2))

    model.fit(group, batch_size=3, epochs=3, verbose=0)
    after = [to_numpy(v) for v in views.projector.trainable_variables]
    assert any(np.abs(a - b).max() > 0 for a, b in zip(after, before))

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.views.weight == 0.5
    loaded_weights = loaded.views.projector.trainable_variables
    for value, expected in zip(loaded_weights, after):
        np.testing.assert_array_equal(to_numpy(value), expected)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"temperature": 0.0}, "above 0.*temperature=0.0"),
        ({"weight": -1.0}, "at least 0.*weight=-1.0"),
        ({"augmentation": "noise"}, "Keras layer.*augmentation of type str"),
        ({"projector": [4]}, "Keras layer.*projector of type list"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        AugmentedViews(**arguments)
