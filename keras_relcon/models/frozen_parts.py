from typing import Any

import keras


class FrozenParts:
    """Mixin of layers of which a part is never trained.

    `trainable` reaches all that a layer holds: `False`, and `True` again, would
    have the part trained. Here it is frozen again whenever it is set.
    """

    def freeze_parts(self) -> None:
        """Freezes what is never trained, as far as it is built."""
        raise NotImplementedError

    @property
    def trainable(self) -> bool:
        return keras.Layer.trainable.fget(self)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        keras.Layer.trainable.fset(self, value)
        self.freeze_parts()


def freeze(layer: Any) -> None:
    """Freezes a layer and the variables that it has now.

    Those that `build` makes later need another call. TensorFlow ignores an
    assignment that changes nothing, even where sublayers differ.
    """
    layer.trainable = True
    layer.trainable = False
