import math
import random
import warnings
from typing import Any, Literal, Self, TypeAlias

import keras
from keras import ops

from keras_relcon.checks import check_number, check_one_of, check_whole
from keras_relcon.distributed import ReplicaSeedGenerator
from keras_relcon.layers.sparsemax import TOLERANCE, sparsemax
from keras_relcon.types import Shape, Tensor

Attention: TypeAlias = Literal["sparsemax", "softmax"]
ATTENTIONS = {"sparsemax": sparsemax, "softmax": ops.softmax}


def check_attention(attention, ranking_attention, dropout):
    """Raises a `ValueError` if `CrossAttention` has no such setting."""
    check_one_of("attention", attention, ATTENTIONS)
    check_one_of("ranking_attention", ranking_attention, (None, *ATTENTIONS))
    check_number("dropout", dropout, least=0, below=1)


@keras.saving.register_keras_serializable(package="keras_relcon")
class CrossAttention(keras.layers.Layer):
    """One-head attention of the anchor's samples over the candidate's.

    Eq. 2 and 3 of [RelCon](https://arxiv.org/abs/2411.18822):

    ```
    weights = sparsemax(query @ key.T / sqrt(embedding_dim))
    output = weights @ value @ output_kernel + output_bias
    ```

    The output projection has as few columns as the signal has channels, so it
    is applied to the values first: `weights @ (value @ output_kernel)` is the
    same number at a twentieth of the work.

    Args:
        output_dim: int, at least 1. Columns of the output projection. Defaults
            to `3`.
        attention: `"sparsemax"` or `"softmax"`. Defaults to `"sparsemax"`.
        ranking_attention: as `attention`, wherever `training=False`. Defaults
            to `None`, the same.
        dropout: float, in `[0, 1)`. Share of the attention weights dropped in
            training. Defaults to `0.1`.

    Call arguments:
        query: `(batch, query_time, embedding_dim)`.
        key: `(batch, key_time, embedding_dim)`.
        value: `(batch, key_time, embedding_dim)`.
        training: bool. Whether weights are dropped. Defaults to `False`.

    Returns:
        `(batch, query_time, output_dim)`.

    Raises:
        ValueError: if an attention is not one of the two, `dropout` not a
            share below 1, or `output_dim` not an int of 1 or more.

    Differs from the paper: Eq. 3 prints `f_v` inside the sparsemax, which would
    leave nothing to attend to; we weight the values, as the released code
    does. Scale and dropout are the released code's too.
    """

    def __init__(
        self,
        output_dim: int = 3,
        attention: Attention = "sparsemax",
        dropout: float = 0.1,
        ranking_attention: Attention | None = None,
        **kwargs: Any,
    ) -> None:
        if "inference_attention" in kwargs:
            warnings.warn(
                "`inference_attention` is now `ranking_attention`, and goes "
                "with the next release.",
                DeprecationWarning,
                stacklevel=2,
            )
            ranking_attention = kwargs.pop("inference_attention")
        super().__init__(**kwargs)
        check_attention(attention, ranking_attention, dropout)
        check_whole("output_dim", output_dim)
        self.output_dim = output_dim
        self.attention = attention
        self.ranking_attention = ranking_attention
        self.dropout = dropout
        if dropout:
            # Keras' own default seed, given by name: without one PyTorch draws
            # from a state that no checkpoint of the model holds.
            self.seed_generator = ReplicaSeedGenerator(
                random.randint(1, int(1e9))
            )

    def build(
        self,
        query_shape: Shape,
        key_shape: Shape | None = None,
        value_shape: Shape | None = None,
    ) -> None:
        value_dim = (value_shape or query_shape)[-1]
        self.output_kernel = self.add_weight(
            (value_dim, self.output_dim),
            initializer="glorot_uniform",
            name="output_kernel",
        )
        self.output_bias = self.add_weight(
            (self.output_dim,), initializer="zeros", name="output_bias"
        )
        self.built = True

    def project(self, value: Tensor) -> Tensor:
        """Applies the output projection to the values, before attention.

        `(batch, key_time, embedding_dim)` to `(batch, output_dim, key_time)`:
        time last, as the attention weights have it, PyTorch's product of the
        two is four times faster.
        """
        kernel = ops.cast(self.output_kernel, value.dtype)
        return ops.matmul(
            ops.transpose(kernel), ops.transpose(value, (0, 2, 1))
        )

    def weights_of(
        self, query: Tensor, key: Tensor, training: bool = False
    ) -> Tensor:
        """Returns the attention weights, `(batch, query_time, key_time)`."""
        attention = ATTENTIONS[self._attention_of(training)]
        query = query * (1.0 / math.sqrt(query.shape[-1]))
        scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
        return attention(scores, axis=-1)

    def _attention_of(self, training):
        if training:
            return self.attention
        return self.ranking_attention or self.attention

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        projected_value: Tensor,
        training: bool = False,
    ) -> Tensor:
        """Attends over values that `project` has seen already."""
        weights = self.weights_of(query, key, training)
        if training and self.dropout:
            weights = keras.random.dropout(
                weights, self.dropout, seed=self.seed_generator
            )
        output = ops.matmul(weights, ops.transpose(projected_value, (0, 2, 1)))
        return output + ops.cast(self.output_bias, output.dtype)

    def infer(
        self, query: Tensor, key: Tensor, projected_value: Tensor, fast: Any
    ) -> Tensor:
        """As `attend` without training, and without a gradient.

        `fast`: kernels for a GPU. One of its kernels does all,
        with a sparsemax and for shapes and dtypes that it takes.
        """
        is_sparse = self._attention_of(False) == "sparsemax"
        if not (is_sparse and fast.can_attend(query, key)):
            return self.attend(query, key, projected_value)
        output = fast.sparsemax_attention(
            *map(ops.stop_gradient, (query, key, projected_value)), TOLERANCE
        )
        return output + ops.cast(self.output_bias, output.dtype)

    def call(
        self, query: Tensor, key: Tensor, value: Tensor, training: bool = False
    ) -> Tensor:
        return self.attend(query, key, self.project(value), training=training)

    def compute_output_shape(
        self, query_shape: Shape, key_shape: Shape, value_shape: Shape
    ) -> Shape:
        return (*query_shape[:2], self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "output_dim": self.output_dim,
            "attention": self.attention,
            "dropout": self.dropout,
            "ranking_attention": self.ranking_attention,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        if "inference_attention" in config:  # its name in 0.1
            config["ranking_attention"] = config.pop("inference_attention")
        return cls(**config)
