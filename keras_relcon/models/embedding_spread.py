from typing import Any

import keras
from keras import ops

from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.models.ranking import candidate_index
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class EmbeddingSpread(keras.metrics.Mean):
    """How far the embeddings of different windows lie apart: 0 is collapse.

    The unbiased standard deviation of L2-normalised embeddings over a batch,
    root mean square over dimensions, times the root of their number. Unit
    vectors have `variance = 1 - |mean|**2` in all, so this takes no more than
    the cosine similarities of different windows:

    ```
    spread = sqrt(1 - mean_{i != j} cosine(z_i, z_j))
    ```

    - 0: every window has the same embedding, the encoder has collapsed.
    - 1: the embeddings are centred, as those spread evenly over the sphere
      are. Slightly above is possible in small batches.

    Collapse to a few directions does not show: embeddings along both ways of
    one line are centred too. Batches count by their pairs of windows.

    Args:
        name: str. Defaults to `"embedding_spread"`.
        dtype: as in `keras.metrics.Metric`.

    Call arguments:
        similarities: any shape, unitless. Cosine similarities of embeddings of
            different windows. See `similarities_to_others`.

    Returns:
        `result()` is a float32 scalar, unitless.

    Differs from the paper: RelCon has no such measure.

    Example:

    >>> spread = keras_relcon.models.EmbeddingSpread()
    >>> spread.update_state(similarities_to_others(embeddings))
    """

    def __init__(
        self, name: str = "embedding_spread", dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(
        self, similarities: Tensor, sample_weight: Tensor | None = None
    ) -> None:
        similarities = ops.cast(similarities, "float32")
        num_pairs = ops.cast(ops.size(similarities), "float32")
        mean = ops.sum(similarities) / ops.maximum(num_pairs, 1.0)
        # Rounding takes the cosine of equal embeddings beyond 1.
        spread = ops.sqrt(ops.maximum(1.0 - mean, 0.0))
        super().update_state(spread, sample_weight=num_pairs)


def similarities_to_others(embeddings: Tensor) -> Tensor:
    """Cosine similarities of each window to the others of the batch.

    Args:
        embeddings: `(batch, dim)`, unitless, of any length above 0.

    Returns:
        `(batch, batch - 1)` float32, unitless. Row `i` lists the windows after
        `i`, modulo their number.

    Raises:
        ValueError: if the embeddings are no matrix.
    """
    embeddings = ops.cast(embeddings, "float32")
    if len(embeddings.shape) != 2:
        raise ValueError(
            "`embeddings` must be of shape (batch, dim). Received: "
            f"shape={tuple(embeddings.shape)}."
        )
    embeddings = unit_rows(embeddings)
    similarities = ops.matmul(embeddings, ops.transpose(embeddings))
    others = candidate_index(ops.shape(embeddings)[0], 0)
    return ops.take_along_axis(similarities, others, axis=1)
