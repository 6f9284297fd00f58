"""The methods that train on windows alone, each of a small size."""

import keras
import numpy as np
from support import plain_encoder

from keras_relcon import baselines
from keras_relcon.layers import DilatedConvEncoder1D
from keras_relcon.models import mlp_projector

METHODS = {
    "SimCLR": lambda encoder, **kwargs: baselines.SimCLR(
        encoder, mlp_projector((8, 8)), **kwargs
    ),
    "AugPred": lambda encoder, **kwargs: baselines.AugPred(encoder, **kwargs),
    "SimSiam": lambda encoder, **kwargs: baselines.SimSiam(
        encoder, mlp_projector((8, 8)), mlp_projector((8, 8)), **kwargs
    ),
    "BYOL": lambda encoder, **kwargs: baselines.BYOL(
        encoder,
        mlp_projector((8, 8)),
        mlp_projector((8, 8)),
        momentum=0.9,
        **kwargs,
    ),
    "TS2Vec": lambda encoder, **kwargs: baselines.TS2Vec(encoder, **kwargs),
}
# The encoders of those that need an embedding of each sample.
ENCODERS = {
    "TS2Vec": lambda: DilatedConvEncoder1D(8, 8, depth=2, dropout=0.0, seed=3)
}
# What makes the loss of a batch vary less.
QUIET = {
    name: {"views": keras.layers.GaussianNoise(0.05, seed=0)}
    for name in METHODS
    if issubclass(getattr(baselines, name), baselines.TwoViews)
}
QUIET["TS2Vec"] = {"overlap_lengths": (24,)}


def small(name, encoder=None, **kwargs):
    """A method by its name, with weights that repeat."""
    keras.utils.set_random_seed(0)
    if encoder is None:
        encoder = ENCODERS.get(name, plain_encoder)()
    return METHODS[name](encoder, **{"seed": 1, **kwargs})


def waves(shape, k=1.0, p=0.3):
    """Numbers that a formula gives: row-major sin(0.37 k i**2 + p i + 0.1)."""
    place = np.arange(np.prod(shape), dtype="float64")
    return np.sin(0.37 * k * place**2 + p * place + 0.1).reshape(shape)


def unit(rows):
    """Rows brought to unit length."""
    return rows / np.sqrt((rows**2).sum(-1, keepdims=True))
