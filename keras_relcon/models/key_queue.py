from typing import Any

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.checks import check_whole, message
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class KeyQueue(keras.layers.Layer):
    """The latest keys of past batches, as negatives of a contrastive loss.

    Section 3.2 of [MoCo](https://arxiv.org/abs/1911.05722). The newest keys
    come first; as many of the oldest are dropped. A variable of static shape,
    saved and resumed with the model; on several devices all have one queue,
    into which the keys of every replica go.

    It begins with random unit vectors.

    Args:
        size: int. Number of keys. Defaults to `4096`; at most a quarter of the
            windows of an epoch, so that few are of the window itself.
        seed: int or `None`. Of the vectors that it begins with. Defaults to
            `None`.

    Call arguments:
        keys: `(batch, dim)`, unitless. Only its shape is used.

    Returns:
        `(size, dim)` float32, without a gradient.

    Raises:
        ValueError: if `size` is no int of 1 or more, or more keys than that
            are put in at once.

    Differs from the paper: the batch need not divide the size.

    Example:

    >>> queue = keras_relcon.models.KeyQueue(1024)
    >>> negatives = queue(keys)
    >>> queue.put(keys)
    """

    def __init__(
        self, size: int = 4096, seed: int | None = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        check_whole("size", size)
        self.size = size
        self.seed = seed

    def build(self, input_shape: Shape) -> None:
        def unit_vectors(shape, dtype=None):
            vectors = keras.random.normal(shape, dtype=dtype, seed=self.seed)
            return unit_rows(vectors)

        self.keys = self.add_weight(
            (self.size, input_shape[-1]),
            initializer=unit_vectors,
            trainable=False,
            name="keys",
            aggregation="only_first_replica",
        )
        self.built = True

    def call(self, keys: Tensor) -> Tensor:
        # A copy: on PyTorch `put` changes the tensor of the variable itself.
        return ops.stop_gradient(ops.copy(ops.convert_to_tensor(self.keys)))

    def put(self, keys: Tensor) -> None:
        """Puts keys in, and drops as many of the oldest.

        Args:
            keys: `(batch, dim)`, those of this replica.
        """
        keys = distributed.gather(ops.cast(keys, "float32"))
        count, dim = keys.shape
        if dim != self.keys.shape[1]:
            raise ValueError(
                message(
                    "Keys must have the width of those in the queue, "
                    f"{self.keys.shape[1]}.",
                    f"shape={tuple(keys.shape)}",
                    "Build a queue for keys of this width.",
                )
            )
        if count is not None and count > self.size:
            raise ValueError(
                message(
                    "A batch must not have more keys than the queue holds, "
                    f"which are {self.size}.",
                    f"{count} keys",
                    "Make the queue longer, or the batches smaller.",
                )
            )
        both = ops.concatenate([ops.stop_gradient(keys), self(keys)], axis=0)
        self.keys.assign(both[: self.size])

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (self.size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "seed": self.seed}
