from typing import Any

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.layers.layout import channel_axis, internal_data_format
from keras_relcon.types import Tensor

if keras.backend.backend() == "tensorflow":
    from keras_relcon.layers.kernels import tensorflow_batch_norm as kernel
elif keras.backend.backend() == "torch":
    from keras_relcon.layers.kernels import (  # type: ignore[no-redef]
        torch_batch_norm as kernel,
    )
else:
    kernel = None  # type: ignore[assignment]


@keras.saving.register_keras_serializable(package="keras_relcon")
class FusedBatchNorm(keras.layers.BatchNormalization):
    """Batch norm over batch and time by the backend's own kernel in training.

    Same weights and results as `keras.layers.BatchNormalization`, which
    computes moments, scale and shift one after the other and keeps more than
    one array for the backward pass. XLA fuses them by itself, so JAX has no
    kernel.

    On several replicas the statistics are those of the global batch, whose
    replicas must have equally many windows.

    The channels are on the axis of the backend's layout (`layers/layout.py`).

    Args:
        **kwargs: those of `keras.layers.BatchNormalization`, with its defaults.
            `axis` is ignored, `center` and `scale` are always `True`.

    Call arguments:
        x: `(batch, time, channels)`, on PyTorch `(batch, channels, time)`.
        training: bool. `True` normalises by the batch and updates the moving
            statistics, unless `trainable` is `False`. Defaults to `False`.

    Returns:
        Tensor of the shape of `x`.

    Raises:
        ValueError: if `center` or `scale` is `False`.
    """

    def __init__(self, **kwargs: Any) -> None:
        for name in ("center", "scale"):
            if not kwargs.get(name, True):
                raise ValueError(
                    f"`{name}` must be True. Received: {name}={kwargs[name]}. "
                    "Use `keras.layers.BatchNormalization`."
                )
        super().__init__(
            **{**kwargs, "axis": channel_axis(internal_data_format())}
        )

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        is_training = training and self.trainable
        if not is_training:
            return super().call(x, training=training)
        if distributed.num_replicas() > 1:
            y, mean, variance = self._normalize_across_replicas(x)
        elif self._has_kernel(x):
            y, mean, variance = kernel.normalize(
                x, self.gamma.value, self.beta.value, self.epsilon
            )
        else:
            return super().call(x, training=training)
        keep = self.momentum
        self.moving_mean.assign(keep * self.moving_mean + (1 - keep) * mean)
        self.moving_variance.assign(
            keep * self.moving_variance + (1 - keep) * variance
        )
        return y

    def _has_kernel(self, x):
        return (
            kernel is not None
            and not self.synchronized
            and kernel.takes(x, self.gamma.value)
        )

    def _normalize_across_replicas(self, x):
        wide = ops.cast(x, "float32")
        axes = (0, 1) if self.axis == 2 else (0, 2)
        # Moments of each replica, `(replicas, 2, channels)`, then of all.
        own = ops.stack(ops.moments(wide, axes))
        moments = distributed.gather(own[None, :, :])
        mean = ops.mean(moments[:, 0], axis=0)
        variance = ops.mean(
            moments[:, 1] + ops.square(moments[:, 0] - mean), axis=0
        )
        y = ops.batch_normalization(
            wide,
            mean,
            variance,
            axis=self.axis,
            offset=self.beta,
            scale=self.gamma,
            epsilon=self.epsilon,
        )
        return (
            ops.cast(y, x.dtype),
            ops.stop_gradient(mean),
            ops.stop_gradient(variance),
        )
