"""The methods of a comparison, and how each is trained."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from keras_relcon import baselines, layers, models
from keras_relcon.layers.resnet1d34 import ResNet1D34
from keras_relcon.recipes.pretraining_models import make_encoder

TEMPERATURE = 0.1


@dataclasses.dataclass(frozen=True)
class Method:
    """How a comparison trains a method.

    Attributes:
        make: callable, `(encoder, distance, seed)` to the model to compile.
        passes: int. How often each window of a batch passes the encoder with a
            gradient.
        stream: str. `"windows"`; `"ranked"`, groups whose order is stored; or
            `"candidates"`, anchors with candidates of their own.
        weighting: as of `WindowBatches`.
        has_head: bool. Whether the encoder has the dense layer after its
            pooling: a loss of the sequence before it would not train it.
        own_encoder: callable, what makes the encoder of a method that needs
            one of its own; `None` for that of the config.
    """

    make: Callable[..., keras.Model]
    passes: int = 1
    stream: str = "windows"
    weighting: Any = None
    has_head: bool = True
    own_encoder: Callable[[], keras.Model] | None = None


def _method(name, **arguments):
    """A method that takes windows alone, with these arguments."""
    kind = getattr(baselines, name)
    return lambda encoder, _, seed: kind(encoder, seed=seed, **arguments)


def _relcon(views=None):
    def make(encoder, distance, seed):
        return models.RelConModel(
            encoder,
            None,
            TEMPERATURE,
            projector=models.mlp_projector((256, 128)),
            views=views and views(),
            anchors="all",
        )

    return make


METHODS: dict[str, Method] = {
    "RelCon": Method(_relcon(), stream="ranked"),
    "RelCon with views": Method(
        _relcon(
            lambda: models.AugmentedViews(
                projector=models.mlp_projector((256, 128)), weight=4
            )
        ),
        passes=2,
        stream="ranked",
    ),
    "REBAR": Method(
        lambda encoder, distance, seed: baselines.REBAR(
            encoder, distance, TEMPERATURE
        ),
        stream="candidates",
    ),
    "SimCLR": Method(_method("SimCLR", temperature=TEMPERATURE), passes=2),
    # It draws windows with movement more often, as its source does.
    "AugPred": Method(_method("AugPred"), weighting="activity"),
    "SimSiam": Method(_method("SimSiam"), passes=2),
    "BYOL": Method(_method("BYOL"), passes=2),
    "Taxonomy": Method(_method("Taxonomy"), passes=2),
    "CPC": Method(_method("CPC"), has_head=False),
    "MaskedReconstruction": Method(
        _method("MaskedReconstruction"), has_head=False
    ),
    "Autoencoder": Method(_method("Autoencoder"), has_head=False),
    "RenyiCL": Method(_method("RenyiCL"), passes=2),
    "SLR": Method(_method("SLR"), passes=3),
    # Two views inside, two outside.
    "OutlierExposure": Method(_method("OutlierExposure"), passes=4),
    # It needs an embedding of each sample.
    "TS2Vec": Method(
        _method("TS2Vec"),
        passes=2,
        own_encoder=lambda: layers.DilatedConvEncoder1D(depth=5),
    ),
}


def untrained_encoder(method, config):
    """The encoder that a method begins with.

    Args:
        method: `Method`.
        config: dict of `read_config`. Of a preset only its layers are taken.
    """
    if method.own_encoder is not None:
        return method.own_encoder()
    settings = make_encoder(config).get_config()
    if not method.has_head:
        both = 2 if settings["pooling"] == "mean_std" else 1
        settings["embedding_dim"] = both * settings["widths"][-1]
    return ResNet1D34.from_config(settings)
