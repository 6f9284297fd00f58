from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops

from keras_relcon.checks import check_kind, check_list
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class SideBySide(keras.Model):
    """One model of several that take the same windows.

    Args:
        models: sequence of `keras.Model`, from `(batch, time, channels)`, g,
            to `(batch, columns)` each, such as `StageFeatures` and
            `MiniRocket`.

    Call arguments:
        x: `(batch, time, channels)`, g.

    Returns:
        `(batch, columns)` float32, unitless: the columns of all, in order.

    Raises:
        TypeError: if one of `models` is not a Keras model.
        ValueError: if there is none.

    Example:

    >>> model = keras_relcon.models.SideBySide([features, mini_rocket])
    """

    def __init__(self, models: Sequence[keras.Model], **kwargs: Any) -> None:
        # Whatever the global policy is: see what it returns.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        check_list("models", models, "Pass [features, mini_rocket].")
        for model in models:
            check_kind("models", model, keras.Layer, "a list of Keras models")
        self.models = list(models)

    def build(self, input_shape: Shape) -> None:
        for model in self.models:
            if not model.built:
                model.build(input_shape)
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        columns = [model(x, training=training) for model in self.models]
        return ops.concatenate(
            [ops.cast(each, "float32") for each in columns], axis=-1
        )

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        models = [serialize(model) for model in self.models]
        return {**super().get_config(), "models": models}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        deserialize = keras.saving.deserialize_keras_object
        models = [deserialize(model) for model in config["models"]]
        return cls(**{**config, "models": models})
