import random
from typing import Any

import keras

from keras_relcon.distributed import ReplicaSeedGenerator
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class SeededDropout(keras.layers.Layer):
    """Dropout that a training takes up again as it left it.

    On PyTorch a `keras.layers.Dropout` without a seed draws outside of Keras:
    no state of its draws is kept with the model.

    Args:
        rate: float in [0, 1). Share of the entries that are set to 0.
        seed: int or `None`. Defaults to `None`: one is drawn, and replicas
            have draws of their own.

    Call arguments:
        x: any shape.
        training: bool. Whether entries are dropped. Defaults to `False`.

    Returns:
        As `x`. What is left is scaled up to the same mean.
    """

    def __init__(
        self, rate: float, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        if rate:
            drawn = random.randint(1, 10**9) if seed is None else seed
            self.seed_generator = ReplicaSeedGenerator(drawn)

    def build(self, input_shape: Shape) -> None:
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        if not (training and self.rate):
            return x
        return keras.random.dropout(x, self.rate, seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
