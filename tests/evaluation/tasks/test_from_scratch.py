import numpy as np
import pytest

from keras_relcon.evaluation import FineTune, FromScratch

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

STILL = {"hidden": 8, "learning_rate": 1e-12, "batch_size": 24, "epochs": 1}


def _kernel(task):
    return np.array(task._network.encoder.get_weights()[0])


def test_weights_are_drawn_by_the_seed_alone(make_motion, make_norm_encoder):
    train, other = make_motion(24, 0), make_norm_encoder(seed=2)
    encoder = make_norm_encoder(seed=1)
    given = np.array(encoder.get_weights()[0])
    tuned = FineTune(**STILL).fit(*train, encoder=encoder)
    np.testing.assert_allclose(_kernel(tuned), given, atol=1e-8)
    scratch = FromScratch(**STILL).fit(*train, encoder=encoder)
    assert not np.allclose(_kernel(scratch), given, atol=1e-3)
    same = FromScratch(**STILL).fit(*train, encoder=other)
    np.testing.assert_array_equal(_kernel(scratch), _kernel(same))
    drawn = FromScratch(**STILL, seed=1).fit(*train, encoder=encoder)
    assert not np.allclose(_kernel(scratch), _kernel(drawn), atol=1e-3)
    np.testing.assert_array_equal(encoder.get_weights()[0], given)
