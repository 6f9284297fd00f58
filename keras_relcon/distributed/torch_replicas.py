"""Replicas on PyTorch: one process each, as `torchrun` starts them."""

import atexit
import contextlib
import datetime
import os
from collections.abc import Callable
from typing import Any

import torch
from torch import distributed

from keras_relcon.types import Tensor


def num_replicas() -> int:
    """How many replicas share the step that this code belongs to."""
    return distributed.get_world_size() if _is_started() else 1


def replica_index() -> Any:
    """Which of them runs this code."""
    return distributed.get_rank() if _is_started() else 0


def gather(x: Tensor) -> Tensor:
    """Rows of all replicas in order, `(replicas * rows, ...)`.

    Each row sends its gradient, summed over replicas, back to where it is from.

    Args:
        x: `(rows, ...)`. As many rows on each replica.
    """
    if num_replicas() == 1:
        return x
    if x.device.type == "meta":  # Keras asks for the shape only.
        return torch.cat([x] * num_replicas())
    return _Gather.apply(x)


def per_replica(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: a process sees the rows of its replica only."""
    return function


def mean_loss(loss: Tensor) -> Tensor:
    """The loss of the global batch from that of each replica."""
    return gather(loss.detach()[None]).mean()


def num_processes() -> int:
    """How many processes train together."""
    return num_replicas()


def process_index() -> int:
    """Which of them this one is."""
    return replica_index()


def own_share(loss: Tensor) -> Tensor:
    """The term itself: gradients are averaged over replicas."""
    return loss


def average(gradients):
    """Means over replicas, all in one message; `None` stays `None`."""
    if num_replicas() == 1:
        return gradients
    kept = [gradient for gradient in gradients if gradient is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in kept])
    distributed.all_reduce(flat)
    flat /= num_replicas()
    parts = iter(flat.split([gradient.numel() for gradient in kept]))
    return [
        None if gradient is None else next(parts).view_as(gradient)
        for gradient in gradients
    ]


def broadcast(variables):
    """Gives all replicas the values of the first."""
    if num_replicas() == 1:
        return
    with torch.no_grad():
        for variable in variables:
            distributed.broadcast(variable.value.data, src=0)


def _is_started():
    return distributed.is_available() and distributed.is_initialized()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        x = x.contiguous()
        parts = [torch.empty_like(x) for _ in range(num_replicas())]
        distributed.all_gather(parts, x)
        return torch.cat(parts)

    @staticmethod
    def backward(context, gradient):
        parts = list(gradient.contiguous().chunk(num_replicas()))
        own = torch.empty_like(parts[0])
        distributed.reduce_scatter(own, parts)
        return own


class Cluster:
    """The processes that `torchrun` started, or this one alone.

    They talk through NCCL where there are GPUs, one for each process, else
    through Gloo.

    Args:
        devices: must be `None`: `torchrun --nproc-per-node` says how many.
        timeout_seconds: float. How long a process waits for the others.
    """

    def __init__(self, devices=None, timeout_seconds=300.0):
        if devices is not None:
            raise ValueError(
                "On PyTorch one process drives one device. Received: devices="
                f"{devices}. Leave it out and start the script with `torchrun "
                "--nproc-per-node=<number of devices>`."
            )
        if "WORLD_SIZE" in os.environ and not _is_started():
            has_gpus = torch.cuda.is_available()
            if has_gpus:
                # Missing where a process is started for each machine.
                torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
            distributed.init_process_group(
                "nccl" if has_gpus else "gloo",
                timeout=datetime.timedelta(seconds=timeout_seconds),
            )
            if not has_gpus:
                # Else Gloo's threads may abort a process that ends well. (NCCL
                # would wait here for a replica that has failed.)
                atexit.register(distributed.destroy_process_group)
        self.num_replicas = num_replicas()

    def scope(self):
        return contextlib.nullcontext()

    def shard(self, groups):
        return groups.shard(num_processes(), process_index())
