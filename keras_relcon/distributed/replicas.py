"""The replicas of the active backend."""

import keras

if keras.backend.backend() == "jax":
    from keras_relcon.distributed.jax_replicas import (
        Cluster,
        gather,
        mean_loss,
        num_processes,
        num_replicas,
        own_share,
        per_replica,
        process_index,
        replica_index,
    )
elif keras.backend.backend() == "tensorflow":
    from keras_relcon.distributed.tensorflow_replicas import (
        Cluster,
        gather,
        mean_loss,
        num_processes,
        num_replicas,
        own_share,
        per_replica,
        process_index,
        replica_index,
    )
elif keras.backend.backend() == "torch":
    from keras_relcon.distributed.torch_replicas import (
        Cluster,
        gather,
        mean_loss,
        num_processes,
        num_replicas,
        own_share,
        per_replica,
        process_index,
        replica_index,
    )
else:
    raise ImportError(
        "keras_relcon runs on the TensorFlow, JAX and PyTorch backends. "
        f"Received: backend={keras.backend.backend()!r}. Set KERAS_BACKEND to "
        "'tensorflow', 'jax' or 'torch' before Keras is imported."
    )


def with_penalties(loss, penalties):
    """The loss of this replica, with terms that every replica has in full.

    Args:
        loss: `()`, of the rows of this replica or of the global batch.
        penalties: list of `()`, as `losses` of a Keras model.

    Returns:
        `()`: the loss and its share of each term.
    """
    return sum(map(own_share, penalties), start=loss)


__all__ = [
    "Cluster",
    "gather",
    "mean_loss",
    "num_processes",
    "num_replicas",
    "own_share",
    "per_replica",
    "process_index",
    "replica_index",
    "with_penalties",
]
