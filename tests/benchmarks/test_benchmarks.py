"""Every benchmark at a tiny size, on the active backend."""

import functools
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import reference
from support import candidate_group, small_distance, to_numpy

import keras_relcon


@pytest.fixture
def benchmarks(load_benchmark):
    policy = keras.config.dtype_policy()
    yield load_benchmark
    keras.config.set_dtype_policy(policy)


# Each backend has programs of its own for these; the others call the same.
ON_EVERY_BACKEND = ["training_step", "accelerator"]
ONCE = [
    *("distance", "layouts"),
    *(
        "objective_step",
        "method_step",
        "pretraining_rate",
        "data_wait",
        "scaling",
        "mixed_precision",
        "inference",
        "engines",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=pytest.mark.every_backend) for x in ON_EVERY_BACKEND]
    + ONCE,
)
def test_part_reports_what_it_measured(benchmarks, monkeypatch, name):
    # The compilation of the whole encoder would take minutes.
    layers = keras_relcon.layers
    small = functools.partial(
        layers.ResNet1D34,
        num_blocks=(1,),
        widths=(8,),
        kernel_sizes=(3,),
        strides=(1,),
    )
    monkeypatch.setattr(layers, "ResNet1D34", small)
    part = benchmarks(name)
    backend = keras.backend.backend()
    cases = [
        case
        for case in part.cases(part.TINY)
        if backend in case.pop("backends", benchmarks("run").BACKENDS)
    ]
    # Several cases on one backend; elsewhere the first that can be run.
    count = 3 if backend == "torch" else 1
    rows = []
    while cases and len(rows) < count:
        case = cases.pop(0)
        if measured := part.measure(**case):
            row = {"backend": backend, "peak_megabytes": 1.0}
            rows.append({**row, **case, **measured})
    text = part.report(rows)
    assert f"| {backend} |" in text
    if name == "engines":
        half, exported, quantized = (row["mean"] for row in rows)
        assert exported < 1e-3 < half < quantized
    json.dumps(rows)


def test_every_part_is_run_by_the_one_command(benchmarks):
    assert sorted(benchmarks("run").PARTS) == sorted(ON_EVERY_BACKEND + ONCE)


@pytest.mark.every_backend
def test_naive_distance_is_the_oracle(benchmarks, rng, motif_weights):
    naive = benchmarks("naive_distance")
    group = candidate_group(rng, 3, 2, 33)
    output = naive.naive_distances(
        small_distance(motif_weights),
        *map(keras.ops.convert_to_tensor, group.values()),
        pairs_per_chunk=4,
    )
    expected = reference.candidate_distances(*group.values(), motif_weights)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-3)


def test_encoder_flops_by_hand(benchmarks):
    from keras_relcon.layers import ResNet1D34

    encoder = ResNet1D34(
        4, num_blocks=(1,), widths=(4,), kernel_sizes=(3,), strides=(1,)
    )
    encoder.build((None, 39, 3))
    # 39 samples leave 17 after the stem and 8 after the pooling.
    expected = 2 * 17 * 7 * 3 * 4 + 2 * (2 * 8 * 3 * 4 * 4)
    flops = benchmarks("accelerator").encoder_flops(encoder, 39)
    assert flops == expected


def test_exponent_of_a_power_law(benchmarks):
    scaling = benchmarks("scaling")
    sizes = [{"length": n, "distance": 3.0 * n**2} for n in (2, 5, 9)]
    slope = scaling.slope(sizes, lambda size: size["length"], "distance")
    np.testing.assert_allclose(slope, 2.0)


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux"
)
def test_added_memory_is_that_of_the_call(benchmarks):
    added_megabytes = benchmarks("measuring").added_megabytes
    np.ones(30_000_000)  # 240 MB, and gone again
    small = added_megabytes(lambda: None)
    large = added_megabytes(lambda: np.ones(10_000_000))
    assert small < 40
    assert 70 < large - small < 120


def test_the_newest_measurement_stands_on_top(benchmarks, tmp_path):
    record = benchmarks("measuring").record
    assert record("speed", "How fast?", "old", tmp_path).name == "speed.md"
    record("other", "How large?", "kept", tmp_path)
    text = record("speed", "How fast?", "new\n", tmp_path).read_text()
    title, first, second = text.split("\n## ")
    assert title == "# How fast?\n"
    assert first.endswith("\n\nnew\n") and second.endswith("\n\nold\n")
    assert "commit" in first.splitlines()[0]
    assert "kept" in (tmp_path / "other.md").read_text()


def test_an_unknown_part_is_refused(benchmarks, capsys):
    with pytest.raises(SystemExit):
        benchmarks("run").main(["nothing"])
    assert "invalid choice" in capsys.readouterr().err
