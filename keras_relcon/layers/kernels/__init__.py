"""What a backend does faster by code of its own."""

import keras


def ranking_kernels():
    """The module whose kernels rank candidates on this machine, or `None`."""
    if keras.backend.backend() != "jax":
        return None
    from keras_relcon.layers.kernels import jax_device

    if not jax_device.has_tensor_cores():
        return None
    try:
        # Here, because only a GPU needs it, and not every JAX has it.
        from keras_relcon.layers.kernels import jax_ranking
    except ImportError:
        return None
    return jax_ranking
