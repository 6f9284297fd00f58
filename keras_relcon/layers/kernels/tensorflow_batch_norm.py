import tensorflow as tf


def takes(x, gamma):
    """Whether the kernel has the dtypes of the signal and of the weights."""
    return gamma.dtype == tf.float32 and x.dtype != tf.float64


def normalize(x, gamma, beta, epsilon):
    """Batch norm in training of `(batch, time, channels)`.

    Returns:
        The normalised `x`, and mean and biased variance of each channel, both
        without gradient.
    """
    unused = tf.zeros((0,), "float32")
    result = tf.raw_ops.FusedBatchNormV3(
        x=x[:, :, None, :],
        scale=gamma,
        offset=beta,
        mean=unused,
        variance=unused,
        epsilon=epsilon,
        is_training=True,
    )
    count = tf.cast(tf.reduce_prod(tf.shape(x)[:2]), "float32")
    # The kernel returns the unbiased variance, and normalises by the biased.
    biased = result.batch_variance * tf.maximum(count - 1.0, 1.0) / count
    return (
        result.y[:, :, 0, :],
        tf.stop_gradient(result.batch_mean),
        tf.stop_gradient(biased),
    )
