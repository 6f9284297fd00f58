import numpy as np
import pytest

import keras_relcon as kr
from keras_relcon.recipes.comparison import METHODS, train_by


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_method_trains_the_encoder_that_it_is_given(method):
    recordings = kr.data.synthetic_recordings(2, 30, 50, seed=0)
    store = kr.data.WindowStore.from_recordings(recordings, 50, 64)
    encoder = kr.layers.ResNet1D34(
        num_blocks=(1,),
        widths=(8,),
        kernel_sizes=(3,),
        strides=(1,),
        embedding_dim=4,
    )
    distance = kr.MotifDistance(embedding_dim=8, kernel_size=3)
    for model in (encoder, distance):
        model.build((None, 64, 3))
    before = encoder.get_weights()
    train_by(
        method,
        encoder,
        distance,
        store,
        steps=2,
        batch_size=3,
        num_candidates=2,
        seed=0,
    )
    after = encoder.get_weights()
    assert any(not np.allclose(a, b) for a, b in zip(before, after))
    assert all(np.isfinite(weight).all() for weight in after)
