"""What a backend does faster by code of its own."""

import keras

# Of NVIDIA's compute capability: from here on tensor cores multiply bfloat16.
LEAST_FOR_RANKING = 8.0
# Where the kernels that rank have been run: H100 and H200.
SHOWN_FOR_RANKING = 9.0


def ranking_kernels(choice=None):
    """The module whose kernels rank candidates on this machine, or `None`.

    Args:
        choice: bool. Whether to take them where they can be had. Defaults to
            `None`: where they have been run.
    """
    if choice is False or keras.backend.backend() != "jax":
        return None
    from keras_relcon.layers.kernels import jax_device

    capability = jax_device.compute_capability()
    is_shown = capability == SHOWN_FOR_RANKING
    if not (is_shown or (choice and capability >= LEAST_FOR_RANKING)):
        return None
    try:
        # Here, because only a GPU needs it, and not every JAX has it.
        from keras_relcon.layers.kernels import jax_ranking
    except ImportError:
        return None
    return jax_ranking
