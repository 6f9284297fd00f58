"""What replicas send each other, with the other one played by the test."""

import keras
import numpy as np
import pytest
from support import to_numpy

import keras_relcon as kr

pytestmark = pytest.mark.every_backend
only_torch = pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="of PyTorch's own replicas"
)


def test_penalties_are_part_of_the_loss():
    """Of one replica: all of each term."""
    ops = keras.ops
    terms = [ops.convert_to_tensor(value) for value in (1.0, 2.0)]
    loss = kr.distributed.with_penalties(ops.convert_to_tensor(3.0), terms)
    assert float(to_numpy(loss)) == 6.0


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_penalties_of_another_dtype_are_part_of_the_loss(dtype):
    """As of a layer with a `dtype` of its own."""
    ops = keras.ops
    terms = [ops.cast(2.0, dtype)]
    loss = kr.distributed.with_penalties(ops.convert_to_tensor(3.0), terms)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    assert float(to_numpy(loss)) == 5.0


@pytest.fixture
def first_of_two(monkeypatch):
    """The module of PyTorch's replicas, which takes itself for the first."""
    from keras_relcon.distributed import torch_replicas

    monkeypatch.setattr(torch_replicas, "num_replicas", lambda: 2)
    monkeypatch.setattr(torch_replicas, "replica_index", lambda: 0)
    return torch_replicas


@only_torch
def test_a_row_gets_its_gradient_from_all_replicas(first_of_two, monkeypatch):
    import torch

    others_rows = torch.tensor([[5.0], [6.0]])
    others_gradient = torch.tensor([[100.0], [200.0]])  # of my rows

    def all_gather(parts, x):
        parts[0].copy_(x)
        parts[1].copy_(others_rows)

    def reduce_scatter(own, parts):
        assert len(parts) == 2
        own.copy_(parts[0] + others_gradient)

    monkeypatch.setattr(first_of_two.distributed, "all_gather", all_gather)
    monkeypatch.setattr(
        first_of_two.distributed, "reduce_scatter", reduce_scatter
    )
    mine = torch.tensor([[1.0], [2.0]], requires_grad=True)
    everyone = first_of_two.gather(mine)
    np.testing.assert_array_equal(to_numpy(everyone)[:, 0], [1, 2, 5, 6])
    (everyone[:, 0] * torch.tensor([3.0, 4.0, 7.0, 8.0])).sum().backward()
    np.testing.assert_array_equal(to_numpy(mine.grad)[:, 0], [103, 204])


@only_torch
def test_gradients_are_means_over_replicas(first_of_two, monkeypatch):
    import torch

    def all_reduce(flat):
        flat += torch.tensor([10.0, 20.0, 30.0])  # the other one's

    monkeypatch.setattr(first_of_two.distributed, "all_reduce", all_reduce)
    gradients = [torch.tensor([[2.0], [4.0]]), None, torch.tensor([6.0])]
    first, nothing, last = first_of_two.average(gradients)
    np.testing.assert_array_equal(to_numpy(first), [[6.0], [12.0]])
    assert nothing is None
    np.testing.assert_array_equal(to_numpy(last), [18.0])


@only_torch
def test_all_replicas_begin_with_the_weights_of_the_first(
    first_of_two, monkeypatch
):
    sources = []

    def broadcast(value, src):
        sources.append(src)
        value.fill_(7.0)

    monkeypatch.setattr(first_of_two.distributed, "broadcast", broadcast)
    variables = [keras.Variable(np.zeros(size)) for size in (2, 3)]
    first_of_two.broadcast(variables)
    assert sources == [0, 0]
    for variable in variables:
        np.testing.assert_array_equal(to_numpy(variable), 7.0)
