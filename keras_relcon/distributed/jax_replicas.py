"""Replicas on JAX: the devices of a `keras.distribution.DataParallel`.

A step sees the global batch and XLA splits it between devices. What a replica
has to do alone runs in `per_replica`, and only there is there more than one.
"""

import contextlib
import os
from collections.abc import Callable
from typing import Any

import jax
import keras

from keras_relcon.types import Tensor

AXIS = "batch"


def num_replicas() -> int:
    """How many replicas share the step that this code belongs to."""
    return jax.lax.axis_size(AXIS) if _is_on_one_replica() else 1


def replica_index() -> Any:
    """Which of them runs this code: int, or int32 tensor."""
    return jax.lax.axis_index(AXIS) if _is_on_one_replica() else 0


def gather(x: Tensor) -> Tensor:
    """Rows of all replicas in order, `(replicas * rows, ...)`.

    Each row sends its gradient, summed over replicas, back to where it is from.

    Args:
        x: `(rows, ...)`. As many rows on each replica.
    """
    if not _is_on_one_replica():
        return x
    return jax.lax.all_gather(x, AXIS, axis=0, tiled=True)


def per_replica(function: Callable[..., Any]) -> Callable[..., Any]:
    """Runs a function of arrays on each replica's rows of them.

    Args:
        function: callable of arrays `(rows, ...)`, which returns the like.

    Returns:
        Callable of the arrays of all replicas.

    Raises:
        ValueError: if the rows cannot be shared out evenly.
    """
    distribution = keras.distribution.distribution()
    if distribution is None or distribution.batch_dim_name != AXIS:
        return function
    spec = jax.sharding.PartitionSpec(AXIS)
    split = jax.shard_map(
        function,
        mesh=distribution.device_mesh.backend_mesh,
        in_specs=spec,
        out_specs=spec,
        check_vma=False,
    )

    def call(*arrays):
        rows, devices = arrays[0].shape[0], distribution.device_mesh.shape[0]
        if rows % devices:
            raise ValueError(
                "The batch must be a multiple of the number of devices. "
                f"Received: a batch of {rows} on {devices} devices. Change "
                "`batch_size`."
            )
        return split(*arrays)

    return call


def mean_loss(loss: Tensor) -> Tensor:
    """The loss itself: it is that of the global batch."""
    return loss


def num_processes() -> int:
    """How many processes train together."""
    return jax.process_count()


def process_index() -> int:
    """Which of them this one is."""
    return jax.process_index()


def own_share(loss: Tensor) -> Tensor:
    """The term itself: there is one loss, of the global batch."""
    return loss


def _is_on_one_replica():
    return AXIS in jax.sharding.get_abstract_mesh().manual_axes


class Cluster:
    """The devices of this process, or of all that the environment lists.

    With KERAS_DISTRIBUTION_NUM_PROCESSES and its companions set, see
    `keras.distribution.initialize`, several processes join.

    Args:
        devices: list of device names, as `"gpu:0"`, or `None` for all.
        timeout_seconds: float, not used: a heartbeat tells.
    """

    def __init__(self, devices=None, timeout_seconds=300.0):
        several = "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ
        if several and not jax.distributed.is_initialized():
            keras.distribution.initialize()
        self.distribution = keras.distribution.DataParallel(
            devices=devices, auto_shard_dataset=False
        )
        self.num_replicas = self.distribution.device_mesh.shape[0]

    def scope(self):
        # Keras asks for the distribution in `fit` too, after the scope.
        keras.distribution.set_distribution(self.distribution)
        return contextlib.nullcontext()

    def shard(self, groups):
        return groups.shard(num_processes(), process_index())
