from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_whole, message
from keras_relcon.layers.edge_renormalized_conv1d import EdgeRenormalizedConv1D
from keras_relcon.layers.layout import (
    internal_data_format,
    swap_layout,
    time_axis,
)
from keras_relcon.types import Shape, Tensor

INSTANCE_NORM_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="keras_relcon")
class DilatedConvQKV(keras.layers.Layer):
    """The three dilated convolution stacks of the motif distance.

    `f_q`, `f_k` and `f_v` of Eq. 4 of
    [RelCon](https://arxiv.org/abs/2411.18822), three networks of one shape
    that share no weight. See `DilatedConvStack`. With the defaults each output
    sample sees 57 input samples, 0.57 s at 100 Hz.

    Args:
        embedding_dim: int. Channels of each output, at least 8. Defaults to
            `64` (paper, A.6).
        kernel_size: int, odd. Samples. Defaults to `15` (paper, A.6).
        num_dilated_blocks: int, not negative. Residual blocks after the first
            layer; block `i` has dilation `2**i`. Defaults to `2`.

    Call arguments:
        x: `(batch, time, channels)`, normalised by the candidate's statistics.

    Returns:
        `query(x)`, `key(x)`, `value(x)`: `(batch, time, embedding_dim)` each.
        Calling the layer returns the three as a tuple.

    Raises:
        ValueError: as `DilatedConvStack`.

    Differs from the paper: the paper gives kernel and width only; the rest
    follows the released code.

    Example:

    >>> qkv = keras_relcon.layers.DilatedConvQKV()
    >>> query = qkv.query(keras.ops.ones((2, 256, 3)))  # (2, 256, 64)
    """

    def __init__(
        self,
        embedding_dim: int = 64,
        kernel_size: int = 15,
        num_dilated_blocks: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding_dim = embedding_dim
        self.kernel_size = kernel_size
        self.num_dilated_blocks = num_dilated_blocks
        self.query = self._make_stack("query")
        self.key = self._make_stack("key")
        self.value = self._make_stack("value")

    def _make_stack(self, name):
        return DilatedConvStack(
            self.embedding_dim,
            self.kernel_size,
            self.num_dilated_blocks,
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, input_shape: Shape) -> None:
        for stack in (self.query, self.key, self.value):
            stack.build(input_shape)
        self.built = True

    def call(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.query(x), self.key(x), self.value(x)

    def compute_output_shape(
        self, input_shape: Shape
    ) -> tuple[Shape, Shape, Shape]:
        return (self.query.compute_output_shape(input_shape),) * 3

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "embedding_dim": self.embedding_dim,
            "kernel_size": self.kernel_size,
            "num_dilated_blocks": self.num_dilated_blocks,
        }


@keras.saving.register_keras_serializable(package="keras_relcon")
class DilatedConvStack(keras.layers.Layer):
    """One dilated convolution network of the motif distance.

    ```
    x = instance_norm(gelu(edge_renormalized_conv(x)))
    for i in range(num_dilated_blocks):
        x = instance_norm(gelu(x + conv(bottleneck(x), dilation=2**i)))
    ```

    GELU is the exact one (erf); the instance norm is over time, without
    affine; the bottleneck is a convolution of one sample to
    `embedding_dim // 8` channels.

    Args:
        embedding_dim: int. Output channels, at least 8.
        kernel_size: int, odd. Samples.
        num_dilated_blocks: int, not negative. Number of residual blocks.

    Call arguments:
        x: `(batch, time, channels)`, unitless.
        seen: `(batch or 1, time, 1)`, 0 at samples that the first layer shall
            not see and 1 elsewhere; or `None`. Defaults to `None`.

    Returns:
        `(batch, time, embedding_dim)`, unitless.

    Raises:
        ValueError: if `embedding_dim` is below 8, `kernel_size` is even, a
            size is not an int, or `x` has another rank, or other channels than
            the stack was built for.

    Differs from the paper: see `DilatedConvQKV`.
    """

    def __init__(
        self,
        embedding_dim: int,
        kernel_size: int,
        num_dilated_blocks: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_whole(
            "embedding_dim",
            embedding_dim,
            least=8,
            advice="The bottleneck is an eighth of it.",
        )
        check_whole("kernel_size", kernel_size)
        check_whole("num_dilated_blocks", num_dilated_blocks, least=0)
        if kernel_size % 2 == 0:
            raise ValueError(
                message(
                    "`kernel_size` must be odd, so that the output is centred "
                    "on its input.",
                    {"kernel_size": kernel_size},
                )
            )
        self.embedding_dim = embedding_dim
        self.kernel_size = kernel_size
        self.num_dilated_blocks = num_dilated_blocks
        self.data_format = internal_data_format()
        shared = {
            "padding": "same",
            "data_format": self.data_format,
            "dtype": self.dtype_policy,
        }
        self.first_conv = EdgeRenormalizedConv1D(
            embedding_dim, kernel_size, name="first_conv", **shared
        )
        self.bottlenecks = []
        self.dilated_convs = []
        for index in range(num_dilated_blocks):
            self.bottlenecks.append(
                keras.layers.Conv1D(
                    embedding_dim // 8, 1, name=f"bottleneck_{index}", **shared
                )
            )
            self.dilated_convs.append(
                keras.layers.Conv1D(
                    embedding_dim,
                    kernel_size,
                    dilation_rate=2**index,
                    name=f"dilated_conv_{index}",
                    **shared,
                )
            )

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) != 3 or input_shape[-1] is None:
            raise ValueError(
                "Expected a signal of shape (batch, time, channels) with a "
                "known number of channels. Received: "
                f"shape={tuple(input_shape)}."
            )
        batch, time, channels = input_shape
        first = self.data_format == "channels_first"

        def internal(channels):
            return (batch, channels, time) if first else (batch, time, channels)

        self.first_conv.build(internal(channels))
        for bottleneck, conv in zip(self.bottlenecks, self.dilated_convs):
            bottleneck.build(internal(self.embedding_dim))
            conv.build(internal(self.embedding_dim // 8))
        # `call` passes by the checks of the convolutions.
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={2: channels})
        self.built = True

    def call(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        x = swap_layout(x, self.data_format)
        if seen is not None:
            seen = swap_layout(
                ops.cast(seen, self.compute_dtype), self.data_format
            )
        # `call`: without a compiler, what Keras checks around it in `__call__`
        # takes longer than a convolution of a few windows.
        x = self._activate(self.first_conv.call(x, seen))
        for bottleneck, conv in zip(self.bottlenecks, self.dilated_convs):
            x = self._activate(conv.call(bottleneck.call(x)) + x)
        return swap_layout(x, self.data_format)

    def infer(self, x: Tensor, fast: Any) -> Tensor:
        """As a call, and without a gradient.

        `fast`: kernels for a GPU. One of its kernels does each
        convolution and all that follows it up to the norm, for shapes and
        dtypes that it takes.
        """
        x = ops.stop_gradient(ops.cast(x, self.compute_dtype))
        convs = [self.first_conv, *self.dilated_convs]
        if not all(fast.can_convolve(x, conv.kernel) for conv in convs):
            return self(x)

        def activate(conv, x, **terms):
            return fast.convolve_and_normalize(
                x,
                ops.stop_gradient(conv.kernel.value),
                ops.stop_gradient(conv.bias.value),
                INSTANCE_NORM_EPSILON,
                **terms,
            )

        inside = ops.cast(self.first_conv.num_inside(x), "float32")
        x = activate(self.first_conv, x, scale=self.kernel_size / inside)
        for bottleneck, conv in zip(self.bottlenecks, self.dilated_convs):
            (dilation,) = conv.dilation_rate
            kernel = ops.cast(bottleneck.kernel[0], x.dtype)
            narrow = ops.matmul(x, kernel) + ops.cast(bottleneck.bias, x.dtype)
            narrow = ops.stop_gradient(narrow)
            x = activate(conv, narrow, dilation=dilation, residual=x)
        return x

    def _activate(self, x):
        # In half precision the variance would be a handful of digits.
        x = ops.gelu(ops.cast(x, self.variable_dtype), approximate=False)
        axis = time_axis(self.data_format)
        # Not `ops.moments`, whose E[x**2] - E[x]**2 cancels for a channel that
        # GELU has nearly silenced.
        x = x - ops.mean(x, axis=axis, keepdims=True)
        variance = ops.mean(ops.square(x), axis=axis, keepdims=True)
        x = x * ops.rsqrt(variance + INSTANCE_NORM_EPSILON)
        return ops.cast(x, self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], self.embedding_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "embedding_dim": self.embedding_dim,
            "kernel_size": self.kernel_size,
            "num_dilated_blocks": self.num_dilated_blocks,
        }
