"""The defaults of the models, each beside the place it is published in.

Sections are those of [RelCon](https://arxiv.org/abs/2411.18822); "D" and "L"
are the numbers of the notes on its released code, in the protocols.
"""

import numpy as np
import pytest
from support import PlainDistance, candidate_group, tiny_encoder, to_numpy

import keras_relcon as kr
from keras_relcon.models import AugmentedViews

pytestmark = pytest.mark.every_backend


def test_motif_distance_is_the_published_one():
    config = kr.MotifDistance().get_config()
    expected = {
        "attention": "sparsemax",  # Eq. 3
        "ranking_attention": None,  # the same; D2: released ranks by softmax
        "normalization": "candidate",  # 3.1, third innovation
        "embedding_dim": 64,  # A.6
        "kernel_size": 15,  # A.6
        "num_dilated_blocks": 2,  # D8
        "dropout": 0.1,  # D3
    }
    assert {name: config[name] for name in expected} == expected


def test_motif_distance_trains_on_two_of_the_eight_augmentations():
    """D10; A.1: those of the SimCLR baseline."""
    augmentation = kr.MotifDistance().augmentation
    assert isinstance(augmentation, kr.layers.RandomAugmentations)
    assert augmentation.num_augmentations == 2
    assert len(augmentation.augmentations) == 8


def test_parts_of_the_motif_distance_take_its_defaults():
    distance = kr.MotifDistance()
    distance.build((None, None, 3))
    assert distance.rev_in.epsilon == 1e-5  # D5
    assert distance.rev_in.affine is True  # D5
    attention = distance.cross_attention
    assert attention.attention == "sparsemax"
    assert attention.dropout == 0.1
    num_weights = sum(
        int(np.prod(variable.shape))
        for variable in distance.trainable_variables
    )
    assert num_weights == 58_617  # methods, 0.3


def test_relcon_has_a_temperature_of_1_and_nothing_beside_the_encoder():
    """A.1 (L1: the released code runs 0.1); L8: no projection head."""
    model = kr.RelConModel(tiny_encoder(), kr.MotifDistance())
    assert model.temperature == 1.0
    assert model.relative_loss.temperature == 1.0
    assert model.projector is None
    assert model.views is None
    assert model.candidate_augmentation is None
    assert model.micro_batch_size is None
    assert model.skip_nonfinite is False
    assert model.candidates == "global"


@pytest.mark.eager
def test_temperature_of_the_model_reaches_its_loss(rng):
    """Eq. 5 and 7: cosine similarities over the temperature, nothing else."""
    group = candidate_group(rng, batch_size=3, num_candidates=2)
    distance = PlainDistance()
    encoder = tiny_encoder()
    for arguments, temperature in (({}, 1.0), ({"temperature": 0.1}, 0.1)):
        model = kr.RelConModel(encoder, distance, **arguments)
        model.compile()
        found = model.test_on_batch(group)
        expected = kr.losses.relative_contrastive_loss(
            model.rank_candidates(group), model(group), temperature
        )
        np.testing.assert_allclose(
            found[0] if isinstance(found, (list, tuple)) else found,
            to_numpy(expected).mean(),
            rtol=1e-4,
        )


def test_views_count_as_one_candidate_at_the_temperature_of_tang():
    """Tang et al. (2020), as read in the methods, 1.4."""
    views = AugmentedViews()
    assert views.temperature == views.contrastive_loss.temperature == 0.1
    assert views.weight == 1.0
    assert views.projector is None
