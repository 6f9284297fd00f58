"""`jit_compile=True` on PyTorch compiles the encoder, and nothing else."""

import keras
import numpy as np
import pytest
from support import candidate_group, small_distance, small_encoder, to_numpy

from keras_relcon import RelConModel, distributed

if keras.backend.backend() != "torch":
    pytest.skip("This is of PyTorch's train step.", allow_module_level=True)

import torch
import torch._dynamo
from torch._dynamo.testing import CompileCounterWithBackend

pytestmark = pytest.mark.every_backend


@pytest.fixture
def compilations(monkeypatch):
    """Compiles without Inductor and its C++; counts programs, notes modes."""
    torch._dynamo.reset()
    counter = CompileCounterWithBackend("aot_eager")
    counter.modes = []
    compile_by_torch = torch.compile

    def compile_and_count(function, mode, **kwargs):
        counter.modes.append(mode)
        return compile_by_torch(function, backend=counter, **kwargs)

    monkeypatch.setattr(torch, "compile", compile_and_count)
    return counter


def train(motif_weights, batches, jit_compile, **settings):
    keras.utils.set_random_seed(0)
    distance = small_distance(motif_weights)
    model = RelConModel(small_encoder(), distance, 0.2, **settings)
    model.compile(optimizer="adam", jit_compile=jit_compile)
    losses = [model.train_on_batch(batch)[0] for batch in batches]
    return model, losses


def test_a_compiled_encoder_trains_as_an_eager_one(
    rng, motif_weights, compilations
):
    batches = [candidate_group(rng) for _ in range(3)]
    eager, eager_losses = train(motif_weights, batches, "auto")
    assert compilations.frame_count == 0
    model, losses = train(motif_weights, batches, True)
    np.testing.assert_allclose(losses, eager_losses, rtol=1e-4)
    for value, expected in zip(model.get_weights(), eager.get_weights()):
        np.testing.assert_allclose(value, expected, rtol=1e-3, atol=1e-4)
    # One program of all of the encoder, made once.
    assert compilations.frame_count == 1
    assert compilations.modes == ["reduce-overhead"]


@pytest.mark.slow
def test_other_batch_sizes_and_validation_follow(
    rng, motif_weights, compilations
):
    model, _ = train(motif_weights, [candidate_group(rng)], True)
    small = candidate_group(rng, batch_size=2)
    assert np.isfinite(model.train_on_batch(small)[0])
    assert compilations.frame_count == 2
    expected = to_numpy(model(small, training=False))
    assert np.isfinite(model.test_on_batch(small)[0])
    np.testing.assert_array_equal(model.predict_on_batch(small), expected)
    assert compilations.frame_count == 2
    model.compile(optimizer="adam")  # eager again
    model(candidate_group(rng, batch_size=3), training=True)
    model.train_on_batch(candidate_group(rng, batch_size=3))
    assert compilations.frame_count == 2


@pytest.mark.slow
def test_each_model_has_programs_of_its_own(rng, motif_weights, compilations):
    batches = [candidate_group(rng)]
    with torch._dynamo.config.patch(recompile_limit=1):
        for number in (1, 2):
            train(motif_weights, batches, True)
            assert compilations.frame_count == number


def test_micro_batches_and_replicas_are_not_compiled(
    rng, motif_weights, compilations, monkeypatch
):
    train(motif_weights, [candidate_group(rng)], True, micro_batch_size=8)
    monkeypatch.setattr(distributed, "num_replicas", lambda: 2)
    model = RelConModel(small_encoder(), small_distance(motif_weights))
    model.compile(optimizer="adam", jit_compile=True)
    model.build({name: x.shape for name, x in candidate_group(rng).items()})
    model.make_train_function()
    assert model._compiled_encoder is None
    assert compilations.frame_count == 0


@pytest.mark.gpu
def test_a_cuda_graph_trains_as_an_eager_encoder(rng, motif_weights):
    torch._dynamo.reset()
    batches = [candidate_group(rng, size) for size in (4, 4, 4, 2, 4, 2)]
    _, expected = train(motif_weights, batches, "auto")
    model, losses = train(motif_weights, batches, True)
    np.testing.assert_allclose(losses, expected, rtol=1e-3)
    assert np.isfinite(model.test_on_batch(batches[0])[0])
