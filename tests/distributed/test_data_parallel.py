"""Replicas with the global batch do the steps of one device with it."""

import json
import os
import re
import subprocess
import sys
import types

import dying_run
import keras
import numpy as np
import processes
import pytest
import reference
import resume_run
import stopped_run
import train_run
from support import to_numpy

import keras_relcon as kr
from keras_relcon.training.checkpoint_files import CheckpointFiles

pytestmark = pytest.mark.every_backend

BACKEND = keras.backend.backend()
# Micro-batches of TensorFlow are for one device.
KIND = "plain" if BACKEND == "tensorflow" else "micro"
only_torch = pytest.mark.skipif(
    BACKEND != "torch", reason="of PyTorch's own replicas"
)
one_process = pytest.mark.skipif(
    BACKEND == "torch", reason="PyTorch drives one device per process"
)


def alone():
    """One device of this process."""
    devices = ["CPU:0"]
    if BACKEND != "tensorflow":
        devices = train_run.device_names(1)
    parallel = kr.distributed.DataParallel(devices)
    assert parallel.num_replicas == 1
    return parallel


@pytest.fixture(scope="module")
def one_device():
    return train_run.train(alone(), "global")


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    """Results of several devices of one process, by run."""
    if BACKEND == "torch":
        pytest.skip("PyTorch drives one device per process")
    folder = tmp_path_factory.mktemp("devices")
    runs = ["2/global", "2/replica", f"2/global/{KIND}", "2/global/every"]
    runs.append("2/replica/spoiled")
    if BACKEND == "jax":
        runs.append("4/global")
    return processes.run_devices(
        folder / "end.npz", resume_run.__file__, folder, "2", *runs, count=4
    )


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """Results of two processes, by run."""
    folder = tmp_path_factory.mktemp("processes")
    runs = ["all/global"]
    if BACKEND == "torch":
        runs += [f"all/global/{KIND}", "all/global/every"]
        runs += ["all/replica/spoiled"]
    script, place = resume_run, [folder, "all"]
    if BACKEND == "tensorflow":  # which does not resume
        script, place = train_run, []
    return processes.run_two_processes(
        folder / "end.npz", script.__file__, *place, *runs
    )


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
    if count == 4 and BACKEND == "tensorflow":
        pytest.skip("each number takes a process of its own")
    assert_same_training(devices, f"{count}/global", one_device)


@pytest.mark.slow
def test_two_processes_train_as_one(two_processes, one_device):
    assert two_processes["num_replicas"] == 2
    assert_same_training(two_processes, "all/global", one_device)


@pytest.mark.slow
def test_regularizers_and_micro_batches_on_several_devices(request):
    expected = train_run.train(alone(), "global", has_norm=False)
    fixture, count = "devices", "2"
    if BACKEND == "torch":
        fixture, count = "two_processes", "all"
    results = request.getfixturevalue(fixture)
    assert_same_training(results, f"{count}/global/{KIND}", expected)


@pytest.mark.slow
def test_every_window_is_an_anchor_among_those_of_all_devices(request):
    expected = train_run.train(alone(), "global", anchors="all")
    fixture, count = "devices", "2"
    if BACKEND == "torch":
        fixture, count = "two_processes", "all"
    results = request.getfixturevalue(fixture)
    assert_same_training(results, f"{count}/global/every", expected)
    assert expected["within_subject_share"] > 0


@pytest.mark.slow
def test_what_one_replica_alone_meets_is_left_out_by_all(request):
    fixture, count = "devices", "2"
    if BACKEND == "torch":
        fixture, count = "two_processes", "all"
    results = request.getfixturevalue(fixture)
    run = f"{count}/replica/spoiled"
    assert results[f"{run}/changes"].tolist() == [True, False]
    assert results[f"{run}/num_skipped"].tolist() == [0, 1]


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


def test_devices_are_a_list():
    with pytest.raises(TypeError, match=r"Use \['cpu:0'\]"):
        kr.distributed.DataParallel("cpu:0")


@only_torch
def test_a_list_of_devices_is_refused():
    with pytest.raises(ValueError, match="one device.*torchrun"):
        kr.distributed.DataParallel(["cpu:0"])


@only_torch
def test_a_motif_distance_is_trained_in_one_process(monkeypatch):
    from keras_relcon.models import motif_distance

    monkeypatch.setattr(motif_distance.distributed, "num_replicas", lambda: 2)
    distance = kr.MotifDistance()
    with pytest.raises(ValueError, match="in one process. Received: 2"):
        distance.fit(np.zeros((4, 40, 3)))


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


@only_torch
def test_a_process_leaves_the_others_before_it_ends():
    script = """
import atexit
from torch import distributed
atexit.register(lambda: print("still met:", distributed.is_initialized()))
import keras_relcon as kr
kr.distributed.DataParallel()
print("met:", distributed.is_initialized())
"""
    (port,) = processes.free_ports(1)
    environment = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "1",
        "RANK": "0",
    }
    command = [sys.executable, "-c", script]
    (output,) = processes.run_together([command], [environment])
    assert "\nmet: True\nstill met: False" in f"\n{output}"


def test_batches_must_fit_all_replicas_of_all_processes(monkeypatch):
    from keras_relcon.distributed import data_parallel

    cluster = types.SimpleNamespace(num_replicas=16)
    monkeypatch.setattr(data_parallel, "Cluster", lambda *given: cluster)
    parallel = kr.distributed.DataParallel()
    with pytest.raises(ValueError, match="batch_size=8, num_replicas=16"):
        parallel.shard(train_run.candidate_groups())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["devices", "two_processes"])
def test_killed_on_several_devices_it_ends_as_if_never(
    kind, undisturbed, request
):
    if kind == "two_processes" and BACKEND == "tensorflow":
        pytest.skip("several processes of TensorFlow are refused")
    results = request.getfixturevalue(kind)
    assert results["num_replicas"] == 2
    resumed, whole = (
        {name: results[f"{run}/{name}"] for name in ("losses", "weights")}
        for run in ("resumed", "whole")
    )
    assert len(whole["losses"]) == 6
    np.testing.assert_array_equal(resumed["losses"], whole["losses"][3:])
    np.testing.assert_array_equal(resumed["weights"], whole["weights"])
    # The batches are those of one device, none twice and none left out.
    np.testing.assert_allclose(undisturbed, whole["losses"], rtol=1e-3)
    assert len(np.unique(undisturbed.round(4))) == 6


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Losses of one device."""
    return resume_run.train(alone(), tmp_path_factory.mktemp("alone"))[0]


@pytest.mark.slow
def test_a_process_that_dies_ends_the_other(tmp_path, undisturbed):
    checkpoints = tmp_path / "checkpoints"
    outputs = processes.run_until_one_dies(
        tmp_path / "end.npz", dying_run.__file__, checkpoints
    )
    # PyTorch names the signal; the others miss the heartbeat.
    assert re.search("SIGKILL|heartbeat", "".join(outputs))
    assert not (tmp_path / "end.npz").exists()
    if BACKEND == "tensorflow":
        return  # no checkpoints between workers
    values, _, damaged = CheckpointFiles(checkpoints).read()
    assert values["position"] == [1, 0] and not damaged
    # One process goes on with what two began, on the same batches.
    losses, _ = resume_run.train(alone(), checkpoints)
    np.testing.assert_allclose(losses, undisturbed[3:], rtol=1e-3)


# The others end as where it dies, which runs always.
@(pytest.mark.slow if BACKEND == "torch" else pytest.mark.hardening)
def test_a_process_that_stops_answering_ends_the_other(tmp_path):
    checkpoints = tmp_path / "checkpoints"
    first, second = (
        subprocess.Popen(
            [sys.executable, stopped_run.__file__, checkpoints],
            env={**os.environ, "PYTHONPATH": str(processes.ROOT), **each},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for each in processes.environments_of_two(BACKEND)
    )
    try:
        output, _ = first.communicate(timeout=300)
    finally:
        second.kill()
        first.kill()
    assert first.returncode, output[-3000:]
    # PyTorch waits in vain; the others miss the heartbeat.
    assert re.search("[Tt]imed out|timeout|heartbeat", output), output[-3000:]
    if BACKEND == "tensorflow":
        return  # no checkpoints between workers
    values, _, damaged = CheckpointFiles(checkpoints).read()
    assert values["position"] == [1, 0] and not damaged


@pytest.mark.parametrize("seconds", [0, -1, "ten"])
def test_a_timeout_is_a_time(seconds):
    with pytest.raises(ValueError, match="`timeout_seconds` must be"):
        kr.distributed.DataParallel(timeout_seconds=seconds)


def test_processes_that_cannot_go_on_together(monkeypatch, tmp_path):
    from keras_relcon.training import resumable_training

    monkeypatch.setattr(
        resumable_training.distributed, "num_processes", lambda: 2
    )
    resumable = kr.training.ResumableTraining(
        tmp_path, train_run.candidate_groups(), max_minutes=1
    )
    reason = "`max_minutes` is for one process"
    if BACKEND == "tensorflow":
        reason = "On TensorFlow a training of several processes"
    with pytest.raises(ValueError, match=reason):
        resumable.on_train_begin()


def test_a_process_knows_its_place(monkeypatch):
    if BACKEND != "tensorflow":
        assert kr.distributed.num_processes() == 1
        assert kr.distributed.process_index() == 0
        return
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
    for kind, index, place in (
        ("chief", 0, 0),
        ("worker", 0, 1),
        ("worker", 1, 2),
    ):
        task = {"type": kind, "index": index}
        config = json.dumps({"cluster": cluster, "task": task})
        monkeypatch.setenv("TF_CONFIG", config)
        assert kr.distributed.num_processes() == 3
        assert kr.distributed.process_index() == place
    monkeypatch.delenv("TF_CONFIG")
    assert kr.distributed.num_processes() == 1
    assert kr.distributed.process_index() == 0


def test_steps_that_the_stream_does_not_count_are_refused():
    groups = train_run.candidate_groups(is_fixed=False, steps_per_epoch=4)
    model = train_run.small_model()
    model.compile(optimizer="sgd")
    with pytest.raises(ValueError, match="steps_per_epoch=2 for 4 batches"):
        model.fit(groups, steps_per_epoch=2)
