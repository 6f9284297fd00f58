"""Replicas on TensorFlow: those of a mirrored `tf.distribute.Strategy`."""

import json
import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_relcon.types import Tensor


def num_replicas() -> int:
    """How many replicas share the step that this code belongs to."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def replica_index() -> Any:
    """Which of them runs this code: int, or int32 tensor."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group


def gather(x: Tensor) -> Tensor:
    """Rows of all replicas in order, `(replicas * rows, ...)`.

    Each row sends its gradient, summed over replicas, back to where it is from.

    Args:
        x: `(rows, ...)`. As many rows on each replica.
    """
    return x if num_replicas() == 1 else _gather(x)


def per_replica(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: a step is run by each replica on its own rows."""
    return function


def mean_loss(loss: Tensor) -> Tensor:
    """The loss of the global batch from that of each replica.

    Keras divides a loss by the number of replicas, since gradients are summed.
    """
    if num_replicas() == 1:
        return loss
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, loss)


def num_processes() -> int:
    """How many processes train together."""
    chiefs, workers = _jobs(_tf_config().get("cluster", {}))
    return len(chiefs) + len(workers) or 1


def process_index() -> int:
    """Which of them this one is: a chief, where there is one, is the first."""
    task = _tf_config().get("task", {"type": "worker", "index": 0})
    chiefs, _ = _jobs(_tf_config().get("cluster", {}))
    return int(task["index"]) + (len(chiefs) if task["type"] == "worker" else 0)


def own_share(loss: Tensor) -> Tensor:
    """A replica's share of a term that every replica has in full.

    Keras sums the gradients of replicas.
    """
    return loss / num_replicas()


def logs_of_step(logs):
    """What a step returns, in the shape that Keras reduces over replicas.

    Between workers Keras 3.15 takes the mean over an axis that scalars lack.
    """
    strategy = tf.distribute.get_strategy()
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return logs
    return {name: value[None] for name, value in logs.items()}


@tf.custom_gradient
def _gather(x):
    context = tf.distribute.get_replica_context()
    # Between workers TensorFlow gathers only tensors that have a device.
    devices = context.strategy.extended.worker_devices  # of this worker
    index = tf.convert_to_tensor(context.replica_id_in_sync_group)
    with tf.device(devices[int(tf.get_static_value(index)) % len(devices)]):
        own = tf.identity(x)
    rows = context.all_gather(own, axis=0)

    def gradient(upstream):
        total = context.all_reduce(tf.distribute.ReduceOp.SUM, upstream)
        start = replica_index() * tf.shape(x)[0]
        return total[start : start + tf.shape(x)[0]]

    return tf.ensure_shape(rows, (None, *x.shape[1:])), gradient


class Cluster:
    """The devices of this process, or of all that TF_CONFIG lists.

    Args:
        devices: list of device names, as `"GPU:0"`, or `None` for all GPUs, or
            all CPU devices where there is no GPU. With TF_CONFIG, workers take
            all of their own.
        timeout_seconds: float, not used: a heartbeat tells.
    """

    def __init__(self, devices=None, timeout_seconds=300.0):
        if _tf_config().get("cluster"):
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        else:
            self.strategy = tf.distribute.MirroredStrategy(
                devices or _local_devices()
            )
        self.num_replicas = self.strategy.num_replicas_in_sync

    def scope(self):
        return self.strategy.scope()

    def shard(self, groups):
        if num_processes() == 1:
            return groups  # Keras gives each replica its rows.
        rows = groups.batch_size // self.num_replicas

        def of_worker(context):
            part = groups.shard(
                context.num_input_pipelines, context.input_pipeline_id
            )
            return part.to_tf_dataset().rebatch(rows, drop_remainder=True)

        return self.strategy.distribute_datasets_from_function(of_worker)


def _local_devices():
    devices = tf.config.list_logical_devices("GPU")
    devices = devices or tf.config.list_logical_devices("CPU")
    return [device.name.removeprefix("/device:") for device in devices]


def _tf_config():
    return json.loads(os.environ.get("TF_CONFIG", "{}"))


def _jobs(cluster):
    return cluster.get("chief", []), cluster.get("worker", [])
