"""Data parallel training, the same from the outside on every backend.

`DataParallel` is for users. The functions are for layers, models and train
steps: they speak of the replica that the code runs on, and of one replica
where nothing is distributed.
"""

from keras_relcon.distributed.data_parallel import DataParallel
from keras_relcon.distributed.replicas import (
    ReplicaSeedGenerator,
    gather,
    mean_loss,
    num_processes,
    num_replicas,
    own_share,
    per_replica,
    process_index,
    replica_index,
    sums_replicas_alone,
    with_penalties,
)

__all__ = [
    "DataParallel",
    "ReplicaSeedGenerator",
    "gather",
    "mean_loss",
    "num_processes",
    "num_replicas",
    "own_share",
    "per_replica",
    "process_index",
    "replica_index",
    "sums_replicas_alone",
    "with_penalties",
]
