"""Motion foundation models from wearable accelerometers, in Keras 3."""

import importlib
from typing import TYPE_CHECKING

from keras_relcon.backend_choice import choose_backend

choose_backend()  # before Keras is imported

# All classes that a saved model may hold, so that Keras finds them.
from keras_relcon import (  # noqa: E402
    baselines,
    distributed,
    layers,
    losses,
    models,
)
from keras_relcon.models import MotifDistance, RelConModel  # noqa: E402
from keras_relcon.version import __version__  # noqa: E402

if TYPE_CHECKING:  # What `__getattr__` imports.
    from keras_relcon import (
        beam,
        cohort,
        data,
        estimators,
        evaluation,
        presets,
        recipes,
        timeline,
        training,
        tuning,
    )
    from keras_relcon.estimators import (
        MotionClassifier,
        MotionEmbedding,
        MotionRegressor,
    )

LAZY = (
    "beam",
    "cohort",
    "data",
    "estimators",
    "evaluation",
    "presets",
    "recipes",
    "timeline",
    "training",
    "tuning",
)
ESTIMATORS = ("MotionClassifier", "MotionEmbedding", "MotionRegressor")
__all__ = [
    "MotifDistance",
    "MotionClassifier",
    "MotionEmbedding",
    "MotionRegressor",
    "RelConModel",
    "__version__",
    "baselines",
    "beam",
    "cohort",
    "data",
    "distributed",
    "estimators",
    "evaluation",
    "layers",
    "losses",
    "models",
    "presets",
    "recipes",
    "timeline",
    "training",
    "tuning",
]


if not TYPE_CHECKING:  # To a type checker every name would be one.

    def __getattr__(name):
        # On first use: `import keras_relcon` loads keras and numpy only.
        if name in LAZY:
            return importlib.import_module(f"keras_relcon.{name}")
        if name in ESTIMATORS:
            estimators = importlib.import_module("keras_relcon.estimators")
            return getattr(estimators, name)
        raise AttributeError(f"module 'keras_relcon' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
