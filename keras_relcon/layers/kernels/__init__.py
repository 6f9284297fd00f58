"""What a backend does faster by code of its own."""

import keras


def ranking_kernels():
    """The module whose kernels rank candidates on this machine, or `None`."""
    if keras.backend.backend() != "jax":
        return None
    from keras_relcon.layers.kernels import jax_device

    if not jax_device.has_tensor_cores():
        return None
    # Here, because only a GPU needs it.
    from keras_relcon.layers.kernels import jax_ranking

    return jax_ranking
