"""Layers and models that a config holds."""

from typing import Any, Self

import keras


class HasParts:
    """Writes the layers of a layer or model to its config, and reads them.

    `PARTS` names those of the arguments that are layers; each is an attribute
    of that name. Stands before the Keras class among the bases.
    """

    PARTS: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        parts = {name: serialize(getattr(self, name)) for name in self.PARTS}
        return {**super().get_config(), **parts}  # type: ignore[misc]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        deserialize = keras.saving.deserialize_keras_object
        # One of an earlier version may lack a part.
        names = [name for name in cls.PARTS if name in config]
        parts = {name: deserialize(config[name]) for name in names}
        return cls(**{**config, **parts})
