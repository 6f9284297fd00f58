"""What a backend does faster by code of its own."""

import os

import keras


def ranking_kernels():
    """The module whose kernels rank candidates on this machine, or `None`.

    `KERAS_RELCON_RANKING_KERNELS=0` in the environment leaves them out.
    """
    is_wanted = os.environ.get("KERAS_RELCON_RANKING_KERNELS", "1") != "0"
    if keras.backend.backend() != "jax" or not is_wanted:
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
