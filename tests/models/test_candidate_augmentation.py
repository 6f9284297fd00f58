"""Table 5's "w/o within-subject": an augmented copy as only own candidate."""

import keras
import numpy as np
import pytest
from keras import ops
from support import PlainDistance, candidate_group, plain_encoder, to_numpy

from keras_relcon import MotifDistance, RelConModel
from keras_relcon.layers import Negation, RandomAugmentations
from keras_relcon.models.ranking import candidate_index, candidate_pool

pytestmark = pytest.mark.every_backend


class Scale(keras.layers.Layer):
    def build(self, input_shape):
        self.scale = self.add_weight((), initializer="ones")

    def call(self, x):
        return x * self.scale


class CosineRanking(MotifDistance):
    """Ranks by the cosine of the windows, as `Flatten` embeds them."""

    def candidate_distances(self, anchors, candidates, first=None):
        pool = candidate_pool(anchors, candidates)
        flat = ops.normalize(ops.reshape(pool, (pool.shape[0], -1)), axis=-1)
        cosine = ops.matmul(flat[: anchors.shape[0]], ops.transpose(flat))
        index = candidate_index(anchors.shape[0], candidates.shape[1])
        return ops.take_along_axis(cosine, index, axis=1)


def test_ranking_and_encoder_see_one_copy_and_each_step_another(rng):
    # Something must train: a scale, which no cosine sees.
    model = RelConModel(
        keras.Sequential([keras.layers.Flatten(), Scale()]),
        CosineRanking(embedding_dim=8, kernel_size=3),
        candidate_augmentation=RandomAugmentations(1, ["noise"], seed=0),
    )
    seen = []

    def deviation(y, similarities):
        return ops.max(ops.abs(y - similarities))

    def own_cosine(y, similarities):
        return ops.mean(y[:, -1]) + 0 * ops.sum(similarities)

    group = {"anchor": candidate_group(rng, 4, 1, 16)["anchor"]}
    for loss in (deviation, own_cosine):
        model.compile(optimizer=keras.optimizers.SGD(0.0), loss=loss)
        seen.append([model.train_on_batch(group)[0] for _ in range(4)])
    np.testing.assert_allclose(seen[0], 0, atol=1e-5)
    assert len({round(float(value), 4) for value in seen[1]}) == 4


def test_the_only_own_candidate_is_the_copy(rng):
    model = RelConModel(
        plain_encoder(),
        PlainDistance(),
        candidate_augmentation=Negation(),
    )
    anchors = candidate_group(rng, 3, 1, 40)["anchor"]
    explicit = {"anchor": anchors, "candidates": -anchors[:, None]}
    plain = RelConModel(model.encoder, model.motif_distance)
    # The batch's own candidates are not looked at.
    for batch in ({"anchor": anchors}, candidate_group(rng, 3, 2, 40)):
        batch = {**batch, "anchor": anchors}
        np.testing.assert_allclose(
            to_numpy(model(batch)), to_numpy(plain(explicit)), rtol=1e-5
        )
        np.testing.assert_allclose(
            to_numpy(model.rank_candidates(batch)),
            to_numpy(plain.rank_candidates(explicit)),
            rtol=1e-5,
        )


@pytest.mark.eager
def test_it_trains_and_comes_back_from_its_config(rng):
    model = RelConModel(
        plain_encoder(),
        PlainDistance(),
        candidate_augmentation=RandomAugmentations(2, ["noise", "scaling"]),
    )
    model.compile(optimizer="adam")
    group = candidate_group(rng, 4, 2, 40)
    logs = model.fit(group, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(logs["loss"]).all()
    # Four candidates, one of them the own: 1 / 4 of the loss, 0 or 1 nearest.
    np.testing.assert_allclose(
        np.array(logs["loss"]) / 4, logs["loss_per_candidate"], rtol=1e-5
    )
    assert 0 <= logs["within_subject_share"][-1] <= 1
    config = model.get_config()
    again = RelConModel.from_config(config)
    assert again.candidate_augmentation.num_augmentations == 2
    del config["candidate_augmentation"]
    assert RelConModel.from_config(config).candidate_augmentation is None
    with pytest.raises(ValueError, match="keys `anchor`"):
        model({"candidates": group["candidates"]})
