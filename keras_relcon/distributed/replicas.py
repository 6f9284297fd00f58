"""The replicas of the active backend."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_relcon.types import Tensor

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
    from keras_relcon.distributed.tensorflow_replicas import (  # type: ignore[assignment]
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
    from keras_relcon.distributed.torch_replicas import (  # type: ignore[assignment]
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


def sums_replicas_alone(
    optimizer: keras.optimizers.Optimizer,
) -> keras.optimizers.Optimizer:
    """Lets an optimizer sum gradients only where there are several replicas.

    On TensorFlow Keras sums those of a single replica too, and TensorFlow
    keeps the graph that this sum is part of for good. A process that trains
    many models would keep all their graphs, tens of megabytes each.

    Args:
        optimizer: `keras.optimizers.Optimizer`, changed in place.

    Returns:
        The optimizer.
    """
    if keras.backend.backend() == "tensorflow":
        sum_of = optimizer._all_reduce_sum_gradients
        optimizer._all_reduce_sum_gradients = lambda pairs: (
            sum_of(pairs) if num_replicas() > 1 else pairs
        )
    return optimizer


def with_penalties(loss: Tensor, penalties: Sequence[Tensor]) -> Tensor:
    """The loss of this replica, with terms that every replica has in full.

    Args:
        loss: `()`, of the rows of this replica or of the global batch.
        penalties: list of `()`, as `losses` of a Keras model, of any dtype.

    Returns:
        `()`: the loss and its share of each term.
    """
    terms = [ops.cast(ops.sum(term), loss.dtype) for term in penalties]
    return sum(map(own_share, terms), start=loss)


# Further apart than a training draws: PyTorch adds seed and count.
SEED_STEP = 1_000_003


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator whose replicas draw different numbers.

    Keras gives every replica the same seeds. Here each adds its index, times a
    large number; the first, or the only one, draws as `SeedGenerator` does.
    """

    def next(self, ordered: bool = True) -> Tensor:
        seed = super().next(ordered)
        shift = ops.stack([replica_index() * SEED_STEP, 0])
        return seed + ops.cast(shift, seed.dtype)


__all__ = [
    "Cluster",
    "ReplicaSeedGenerator",
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
