"""Arguments of the wrong kind: every public layer, loss, model and task.

Each argument with a number, a word or a list as its default is given values of
another kind. The message must be ours: what was expected, and what came.
"""

import inspect
import numbers
import re

import keras
import numpy as np
import pytest

import keras_relcon as kr
from keras_relcon import data

pytestmark = pytest.mark.once


def encoder():
    return kr.layers.ResNet1D34(embedding_dim=8, widths=[4, 4, 4, 4])


def store():
    recording = data.Recording(np.zeros((2000, 3)), 100, "s01")
    return data.WindowStore.from_recordings([recording], window_length=64)


REQUIRED = {
    "dilation": lambda: 1,
    "embedding_dim": lambda: 8,
    "encoder": encoder,
    "feature_dim": lambda: 8,
    "kernel_size": lambda: 3,
    "model": encoder,
    "models": lambda: [encoder(), encoder()],
    "motif_distance": lambda: kr.MotifDistance(embedding_dim=8),
    "network": encoder,
    "num_channels": lambda: 3,
    "num_classes": lambda: 3,
    "num_dilated_blocks": lambda: 1,
    "predictor": lambda: keras.layers.Dense(4),
    "projector": lambda: keras.layers.Dense(4),
    "sample_rate_hz": lambda: 100.0,
    "store": store,
    "target": lambda: "walking_speed_m_s",
    "teacher": encoder,
    "width": lambda: 8,
    "window_length": lambda: 64,
}
WRONG_NUMBERS = ["nonsense", float("nan"), [1]]
WRONG_WORDS = ["nonsense", 3, [1]]
WRONG_LISTS = ["nonsense", 3.5, ("nonsense",), (float("nan"),)]
# Keras', or texts of any kind.
FREE = {"dtype", "name", "reduction", "seed", "target"}
CLASSES = [
    *(getattr(kr.layers, name) for name in kr.layers.__all__),
    *(getattr(kr.losses, name) for name in kr.losses.__all__),
    *(getattr(kr.models, name) for name in kr.models.__all__),
    *(getattr(kr.baselines, name) for name in kr.baselines.__all__),
    kr.evaluation.FineTune,
    kr.evaluation.LinearProbe,
    kr.evaluation.MLPProbe,
    kr.evaluation.RidgeProbe,
    kr.evaluation.RivalEncoder,
    data.CandidateGroups,
    data.WindowBatches,
]


def wrong_values(argument):
    default = argument.default
    if default is argument.empty:
        default = REQUIRED[argument.name]()
    if isinstance(default, bool):
        return []
    if isinstance(default, numbers.Number):
        return WRONG_NUMBERS
    if isinstance(default, str):
        return WRONG_WORDS
    return WRONG_LISTS if isinstance(default, (tuple, list)) else []


def wrong_arguments():
    for made in CLASSES:
        if not inspect.isclass(made):
            continue
        arguments = inspect.signature(made.__init__).parameters.values()
        arguments = [
            argument
            for argument in list(arguments)[1:]
            if argument.kind is argument.POSITIONAL_OR_KEYWORD
        ]
        required = {
            argument.name: REQUIRED[argument.name]
            for argument in arguments
            if argument.default is argument.empty
        }
        for argument in arguments:
            if argument.name not in FREE and wrong_values(argument):
                yield pytest.param(
                    made,
                    argument,
                    required,
                    id=f"{made.__name__}-{argument.name}",
                )


@pytest.mark.parametrize("made, argument, required", list(wrong_arguments()))
def test_wrong_kinds_of_values(made, argument, required):
    for value in wrong_values(argument):
        given = {name: make() for name, make in required.items()}
        given[argument.name] = value
        with pytest.raises((TypeError, ValueError)) as error:
            made(**given)
        said = str(error.value)
        assert re.search(r"`\w+` .*Received: ", said, re.DOTALL), said
