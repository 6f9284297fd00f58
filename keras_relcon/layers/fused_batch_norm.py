import keras

from keras_relcon.layers.layout import channel_axis, internal_data_format

if keras.backend.backend() == "tensorflow":
    from keras_relcon.layers.kernels.tensorflow_batch_norm import normalize
elif keras.backend.backend() == "torch":
    from keras_relcon.layers.kernels.torch_batch_norm import normalize
else:
    normalize = None


@keras.saving.register_keras_serializable(package="keras_relcon")
class FusedBatchNorm(keras.layers.BatchNormalization):
    """Batch norm over batch and time by the backend's own kernel in training.

    Same weights and results as `keras.layers.BatchNormalization`, which
    computes moments, scale and shift one after the other and keeps more than
    one array for the backward pass. XLA fuses them by itself, so JAX has no
    kernel; statistics shared by devices (`synchronized`) have none either.

    The channels are on the axis of the backend's layout (`layers/layout.py`).

    Call arguments:
        x: `(batch, time, channels)`, on PyTorch `(batch, channels, time)`.
        training: bool.

    Returns:
        Tensor of the shape of `x`.
    """

    def __init__(self, **kwargs):
        super().__init__(
            **{**kwargs, "axis": channel_axis(internal_data_format())}
        )

    def call(self, x, training=False):
        is_training = training and self.trainable
        if normalize is None or self.synchronized or not is_training:
            return super().call(x, training=training)
        y, mean, variance = normalize(
            x, self.gamma.value, self.beta.value, self.epsilon
        )
        keep = self.momentum
        self.moving_mean.assign(keep * self.moving_mean + (1 - keep) * mean)
        self.moving_variance.assign(
            keep * self.moving_variance + (1 - keep) * variance
        )
        return y
