from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras

from keras_relcon.checks import check_number
from keras_relcon.distributed.replicas import (
    Cluster,
    num_processes,
    process_index,
)


class DataParallel:
    """Trains a `RelConModel` on all devices, of this machine or of several.

    Every replica holds all weights and takes its share of each batch, so
    `batch_size` is that of the global batch: N devices do the steps that one
    would do. What it stands for, and how the processes of several machines
    find each other:

    - TensorFlow: `tf.distribute.MirroredStrategy`, or
      `MultiWorkerMirroredStrategy` where `TF_CONFIG` lists a cluster;
    - JAX: `keras.distribution.DataParallel`, of several processes where
      KERAS_DISTRIBUTION_JOB_ADDRESSES, KERAS_DISTRIBUTION_NUM_PROCESSES
      and KERAS_DISTRIBUTION_PROCESS_ID are set in the environment;
    - PyTorch: one process per device, started by `torchrun`.

    Make it first in a program: afterwards a backend may no longer find the
    other processes.

    Args:
        devices: list of str, as `["gpu:0", "gpu:1"]`, or `None` for every GPU,
            or every CPU device where there is none. Not on PyTorch, and not
            of use where `TF_CONFIG` lists a cluster. Defaults to `None`.
        timeout_seconds: float. On PyTorch, how long a process waits for the
            others before it ends by an error; longer than process 0 may take
            to save. On TensorFlow and JAX a process that does not answer is
            noticed by its heartbeat, after 100 s or so. Defaults to `300.0`.

    Attributes:
        num_replicas: int. Devices, over all processes.
        num_processes, process_index: int. Processes, and which this one is:
            print and save in process 0.

    Raises:
        TypeError: if `devices` is a str.
        ValueError: if `devices` are given on PyTorch, or `timeout_seconds` is
            not above 0.

    Example:

    >>> parallel = keras_relcon.distributed.DataParallel()
    >>> with parallel.scope():
    ...     model = keras_relcon.RelConModel(encoder, distance)
    ...     model.compile(optimizer="adam")
    >>> groups = keras_relcon.data.CandidateGroups(store, batch_size=512)
    >>> model.fit(parallel.shard(groups), steps_per_epoch=len(groups))
    """

    def __init__(
        self,
        devices: Sequence[str] | None = None,
        timeout_seconds: float = 300.0,
    ) -> None:
        if isinstance(devices, str):
            raise TypeError(
                "`devices` must be a list, or None. Received: devices="
                f"{devices!r}. Use [{devices!r}]."
            )
        check_number("timeout_seconds", timeout_seconds, above=0)
        self._cluster = Cluster(devices, timeout_seconds)
        self.num_replicas = self._cluster.num_replicas
        self.num_processes = num_processes()
        self.process_index = process_index()

    def scope(self) -> AbstractContextManager[Any]:
        """Returns a context in which to build, load and compile models.

        On JAX the distribution stays set afterwards, for `fit`.
        """
        return self._cluster.scope()

    def shard(self, groups: Any) -> Any:
        """Returns the batches that this process takes part in.

        Of every batch each process draws its own rows, and no others are read:
        together they draw the batches of `groups`, each group once.

        Args:
            groups: `CandidateGroups` or `WindowBatches`. Its `batch_size` is
                the global one.

        Returns:
            What to pass to `fit`, with `steps_per_epoch=len(groups)`.

        Raises:
            TypeError: if `groups` are neither of the two.
            ValueError: if the replicas cannot share a batch evenly.
        """
        if not (
            isinstance(groups, keras.utils.PyDataset)
            and hasattr(groups, "num_rows")
        ):
            raise TypeError(
                "`shard` takes `keras_relcon.data.CandidateGroups` or "
                f"`WindowBatches`. Received: {type(groups).__name__}. Make one "
                "of a `WindowStore`."
            )
        if groups.batch_size % self.num_replicas:
            raise ValueError(
                "`batch_size` must be a multiple of the number of replicas. "
                f"Received: batch_size={groups.batch_size}, "
                f"num_replicas={self.num_replicas}. Change `batch_size`."
            )
        return self._cluster.shard(groups)
