"""Replicas with the global batch do the steps of one device with it."""

import types

import keras
import numpy as np
import processes
import pytest
import reference
import train_run
from support import to_numpy

import keras_relcon as kr

BACKEND = keras.backend.backend()
only_torch = pytest.mark.skipif(
    BACKEND != "torch", reason="of PyTorch's own replicas"
)
one_process = pytest.mark.skipif(
    BACKEND == "torch", reason="PyTorch drives one device per process"
)


@pytest.fixture(scope="module")
def one_device():
    parallel = kr.distributed.DataParallel(train_run.device_names(1))
    assert parallel.num_replicas == 1
    return train_run.train(parallel, "global")


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    """Results by number of devices and kind of candidates."""
    folder = tmp_path_factory.mktemp("devices")
    runs = ["2/global", "2/replica"], ["4/global"]
    if BACKEND == "jax":
        runs = [sum(runs, [])]
    results = {}
    for index, names in enumerate(runs):
        output = folder / f"{index}.npz"
        results |= processes.run_devices(output, *names)
    return results


def assert_same_training(results, run, expected):
    gradient = results[f"{run}/gradient"]
    # Sums of float32 in another order; the largest entry sets the scale.
    scale = np.abs(expected["gradient"]).max()
    np.testing.assert_allclose(
        gradient / scale, expected["gradient"] / scale, atol=1e-5
    )
    assert np.abs(expected["gradient"]).max() > 0.1
    for name in ("loss", "loss_per_candidate", "within_subject_share"):
        np.testing.assert_allclose(
            results[f"{run}/{name}"], expected[name], rtol=1e-5
        )
    np.testing.assert_allclose(
        results[f"{run}/losses"], expected["losses"], rtol=1e-5
    )


@pytest.mark.slow
@one_process
@pytest.mark.parametrize("count", [2, 4])
def test_devices_of_a_process_train_as_one(devices, one_device, count):
    assert_same_training(devices, f"{count}/global", one_device)


@pytest.mark.slow
def test_two_processes_train_as_one(one_device, tmp_path):
    output = tmp_path / "two.npz"
    processes.run_two_processes(output)
    results = processes.load(output)
    assert results["num_replicas"] == 2
    assert_same_training(results, "all/global", one_device)


@pytest.mark.slow
@one_process
def test_replica_candidates_are_those_of_the_own_rows(devices):
    model = train_run.small_model()
    group = train_run.candidate_groups().batch(0, 0)
    np.testing.assert_allclose(
        devices["2/replica/loss"],
        loss_of_two_replicas(model, group),
        rtol=1e-4,
    )
    # Another loss than that of the global batch.
    assert devices["2/replica/loss"] < 0.9 * devices["2/global/loss"]


def loss_of_two_replicas(model, group):
    windows = np.concatenate(
        [group["anchor"], group["candidates"].reshape(-1, 40, 3)]
    )
    embeddings = np.float64(to_numpy(model.encoder(windows, training=True)))
    anchors = embeddings[:8]
    within = embeddings[8:].reshape(8, 3, -1)
    losses = []
    for rows in (slice(0, 4), slice(4, 8)):
        distances = model.motif_distance.candidate_distances(
            group["anchor"][rows], group["candidates"][rows]
        )
        similarities = reference.cosine_similarities(
            anchors[rows], within[rows]
        )
        losses.append(
            reference.relative_contrastive_loss(
                to_numpy(distances), similarities, 0.2
            )
        )
    return np.mean(losses)


@only_torch
def test_a_list_of_devices_is_refused():
    with pytest.raises(ValueError, match="one device.*torchrun"):
        kr.distributed.DataParallel(["cpu:0"])


@only_torch
def test_gradients_that_are_none_keep_their_place(monkeypatch):
    import torch

    from keras_relcon.distributed import torch_replicas

    # Two replicas of the same gradients.
    monkeypatch.setattr(torch_replicas, "num_replicas", lambda: 2)
    monkeypatch.setattr(
        torch_replicas.distributed, "all_reduce", lambda flat: flat.mul_(2)
    )
    gradients = [torch.ones(2, 1), None, torch.arange(3.0)]
    first, nothing, last = torch_replicas.average(gradients)
    assert nothing is None
    np.testing.assert_array_equal(first, [[1], [1]])
    np.testing.assert_array_equal(last, [0, 1, 2])


@only_torch
def test_shapes_are_those_of_all_replicas(monkeypatch):
    import torch

    from keras_relcon.distributed import torch_replicas

    monkeypatch.setattr(torch_replicas, "num_replicas", lambda: 2)
    x = torch.empty(3, 4, device="meta")
    assert torch_replicas.gather(x).shape == (6, 4)


@only_torch
def test_processes_that_have_met_do_not_meet_again(monkeypatch):
    from keras_relcon.distributed import torch_replicas

    monkeypatch.setenv("WORLD_SIZE", "2")
    for name, value in {
        "is_initialized": lambda: True,
        "get_world_size": lambda: 2,
        "get_rank": lambda: 1,
        "init_process_group": lambda backend: pytest.fail("met again"),
    }.items():
        monkeypatch.setattr(torch_replicas.distributed, name, value)
    parallel = kr.distributed.DataParallel()
    assert (parallel.num_replicas, parallel.num_processes) == (2, 2)
    assert parallel.process_index == 1


def test_batches_must_fit_all_replicas_of_all_processes(monkeypatch):
    from keras_relcon.distributed import data_parallel

    cluster = types.SimpleNamespace(
        num_replicas=16, num_processes=2, process_index=1
    )
    monkeypatch.setattr(data_parallel, "Cluster", lambda devices: cluster)
    parallel = kr.distributed.DataParallel()
    assert (parallel.num_processes, parallel.process_index) == (2, 1)
    with pytest.raises(ValueError, match="batch_size=8, num_replicas=16"):
        parallel.shard(train_run.candidate_groups())
