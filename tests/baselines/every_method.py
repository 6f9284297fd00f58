"""The methods that train on windows alone, each of a small size."""

import keras
import numpy as np
from support import plain_encoder

from keras_relcon import baselines, layers
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
    "Taxonomy": lambda encoder, **kwargs: baselines.Taxonomy(
        encoder, ad=0.01, cd=1.0, queue_size=8, momentum=0.9, **kwargs
    ),
    "CPC": lambda encoder, **kwargs: baselines.CPC(
        encoder, num_steps=3, context_width=8, **kwargs
    ),
    "MaskedReconstruction": lambda encoder, **kwargs: (
        baselines.MaskedReconstruction(
            encoder, layers.SequenceDecoder1D(64, 3, (8,)), span=4, **kwargs
        )
    ),
    "Autoencoder": lambda encoder, **kwargs: baselines.Autoencoder(
        encoder, layers.SequenceDecoder1D(64, 3, (8,)), **kwargs
    ),
    "RenyiCL": lambda encoder, **kwargs: baselines.RenyiCL(
        encoder,
        mlp_projector((8, 8)),
        mlp_projector((8, 8)),
        **{"num_local_crops": 1, "momentum": 0.9, **kwargs},
    ),
    "SLR": lambda encoder, **kwargs: baselines.SLR(
        encoder,
        mlp_projector((8, 8)),
        queue_size=8,
        momentum=0.9,
        **kwargs,
    ),
    "OutlierExposure": lambda encoder, **kwargs: baselines.OutlierExposure(
        encoder,
        mlp_projector((8, 8), batch_norm=True),
        **{"steps_before_alpha": 2, "alpha": 0.1, **kwargs},
    ),
    "TS2Vec": lambda encoder, **kwargs: baselines.TS2Vec(encoder, **kwargs),
}


@keras.saving.register_keras_serializable(package="tests")
class SequenceEncoder(keras.Model):
    """The least encoder with sequences: a convolution with batch norm."""

    def __init__(self, stride=4, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride
        self.conv = keras.layers.Conv1D(8, 5, strides=stride, padding="same")
        self.norm = keras.layers.BatchNormalization()

    def build(self, input_shape):
        self.conv.build(input_shape)
        self.norm.build((None, None, 8))
        self.built = True

    def call(self, x, training=False):
        return keras.ops.mean(self.sequences(x, training)[-1], axis=1)

    def sequences(self, x, training=False):
        return [keras.ops.relu(self.norm(self.conv(x), training=training))]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 8)

    def get_config(self):
        return {**super().get_config(), "stride": self.stride}


# Of methods that need more of an encoder than an embedding.
ENCODERS = {
    "CPC": lambda: SequenceEncoder(stride=8),  # recurrence takes time
    "MaskedReconstruction": SequenceEncoder,
    "Autoencoder": SequenceEncoder,
    # An embedding of each sample.
    "TS2Vec": lambda: layers.DilatedConvEncoder1D(8, 8, depth=2),
}


def quiet(name):
    """Arguments that make the loss of a batch vary less."""
    arguments = {}
    if "views" in getattr(baselines, name).PARTS:
        arguments["views"] = keras.layers.GaussianNoise(0.05, seed=0)
    if name == "SLR":
        arguments["mix"] = None
    if name == "TS2Vec":
        arguments["overlap_lengths"] = (24,)
    return arguments


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
