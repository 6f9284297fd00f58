"""The kernels of JAX for a GPU, interpreted on the CPU."""

import contextlib
import functools
import sys
import types

import keras
import numpy as np
import pytest
import reference
from keras import ops
from support import (
    candidate_group,
    gradients,
    small_distance,
    tiny_encoder,
    to_numpy,
    variable_gradients,
)

import keras_relcon as kr
from keras_relcon.layers import kernels

if keras.backend.backend() != "jax":
    pytest.skip("These are kernels for JAX.", allow_module_level=True)

import jax

from keras_relcon.layers.kernels import jax_device, jax_ranking
from keras_relcon.models import ranking

pytestmark = pytest.mark.every_backend

INTERPRETED = types.SimpleNamespace(
    can_attend=jax_ranking.can_attend,
    can_convolve=jax_ranking.can_convolve,
    sparsemax_attention=functools.partial(
        jax_ranking.sparsemax_attention, interpret=True
    ),
    convolve_and_normalize=functools.partial(
        jax_ranking.convolve_and_normalize, interpret=True
    ),
)


@pytest.fixture
def in_float32(monkeypatch):
    """On a GPU they are for half precision, too coarse to compare here."""
    monkeypatch.setattr(jax_ranking, "DTYPES", ("float32",))


@pytest.fixture
def counting_kernels(in_float32):
    """The interpreted kernels, and a list of their calls."""
    calls = []

    def counted(name):
        def call(*args, **kwargs):
            calls.append(name)
            return getattr(INTERPRETED, name)(*args, **kwargs)

        return call

    fast = types.SimpleNamespace(**vars(INTERPRETED))
    for name in ("sparsemax_attention", "convolve_and_normalize"):
        setattr(fast, name, counted(name))
    return fast, calls


@pytest.fixture
def with_kernels(monkeypatch, counting_kernels):
    """As on a GPU; the list is of the calls of the kernels."""
    fast, calls = counting_kernels
    monkeypatch.setattr(
        ranking,
        "chosen_kernels",
        lambda choice: None if choice is False else fast,
    )
    return calls


def fast_distance(**settings):
    settings = {"num_dilated_blocks": 1, **settings}
    return kr.MotifDistance(embedding_dim=16, kernel_size=5, **settings)


def attention_oracle(query, key, value):
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1])
    return reference.sparsemax(scores) @ value.transpose(0, 2, 1)


@pytest.mark.parametrize(
    "query_time, key_time, dim, channels",
    [(64, 64, 64, 3), (5, 9, 8, 1), (200, 200, 64, 3), (70, 333, 24, 6)],
)
def test_attention_matches_the_oracle(rng, query_time, key_time, dim, channels):
    # Of a spread from one winner to nearly even weights.
    query = rng.normal(size=(2, query_time, dim)) * [[[3.0]], [[0.1]]]
    key = rng.normal(size=(2, key_time, dim))
    value = rng.normal(size=(2, channels, key_time))
    output = INTERPRETED.sparsemax_attention(
        *(array.astype("float32") for array in (query, key, value)), 1e-6
    )
    assert output.dtype == "float32"
    np.testing.assert_allclose(
        output, attention_oracle(query, key, value), rtol=1e-4, atol=1e-5
    )


def newton_steps(scores):
    """How many of Newton's steps change the threshold of one row."""
    scores, threshold, count = scores - scores.max(), -1.0, 0
    while True:
        above = np.maximum(scores - threshold, 0)
        if above.sum() - 1 <= 1e-6:
            return count
        threshold += (above.sum() - 1) / np.sign(above).sum()
        count += 1


def test_row_of_many_steps():
    # Each step passes a few more of ever smaller gaps.
    scores = -np.geomspace(1e-4, 0.9, 200)[None, None, :]
    assert newton_steps(scores[0, 0]) >= 5
    query = np.ones((1, 1, 1), "float32")
    key = scores.transpose(0, 2, 1).astype("float32")
    value = np.eye(200, dtype="float32")[None]
    weights = INTERPRETED.sparsemax_attention(query, key, value, 1e-6)
    np.testing.assert_allclose(
        weights, reference.sparsemax(scores), rtol=1e-3, atol=1e-6
    )


@pytest.fixture
def maximum_of_a_gpu(monkeypatch):
    """It passes over NaN, unlike that of the CPU."""

    def largest(x, axis=None):
        return jax.numpy.where(x == x, x, -np.inf).max(axis)

    replaced = types.SimpleNamespace(**vars(jax.numpy))
    replaced.max = largest
    replaced.maximum = jax.numpy.fmax
    monkeypatch.setattr(jax_ranking, "jnp", replaced)


@pytest.mark.parametrize(
    "row",
    [[np.nan, 1.0, 2.0], [np.nan] * 3, [np.inf, 1.0, -np.inf], [-np.inf] * 3],
)
def test_row_that_cannot_be_computed_is_nan(maximum_of_a_gpu, row):
    scores = np.array([[0.3, 0.1, 0.2], row, [-np.inf, 1.0, 0.5]], "float32")
    value = np.eye(3, dtype="float32")[None]
    # An infinite score by a product with no zero in it.
    query = np.ones((1, 1, 1), "float32")
    outputs = [
        np.asarray(
            INTERPRETED.sparsemax_attention(
                query, scores[i][None, :, None], value, 1e-6
            )
        )[0, 0]
        for i in range(3)
    ]
    expected = [0.4333333, 0.2333333, 0.3333333]
    np.testing.assert_allclose(outputs[0], expected, rtol=1e-5)
    assert np.isnan(outputs[1]).all()
    np.testing.assert_allclose(outputs[2], [0, 0.75, 0.25], rtol=1e-5)


def test_only_the_row_that_cannot_be_computed_is_nan(rng, maximum_of_a_gpu):
    query, key = rng.normal(size=(2, 1, 20, 8)).astype("float32")
    query[0, 3] = np.nan
    value = rng.normal(size=(1, 3, 20)).astype("float32")
    output = np.asarray(INTERPRETED.sparsemax_attention(query, key, value, 0.0))
    assert np.isnan(output[0, 3]).all()
    assert np.isfinite(np.delete(output, 3, axis=1)).all()


ON_BOTH = pytest.mark.parametrize(
    "interpret", [True, pytest.param(False, marks=pytest.mark.gpu)]
)


@ON_BOTH
@pytest.mark.parametrize(
    "half, query_time, key_time, dim, channels",
    [
        ("bfloat16", 3, 3, 16, 1),
        ("float16", 200, 256, 64, 3),
        ("bfloat16", 256, 200, 128, 6),
        ("bfloat16", 40, 1024, 16, 3),
    ],
)
def test_attention_in_half_precision(
    rng, interpret, half, query_time, key_time, dim, channels
):
    shapes = (2, query_time, dim), (2, key_time, dim), (2, channels, key_time)
    halves = [ops.cast(rng.normal(size=shape), half) for shape in shapes]
    assert jax_ranking.can_attend(*halves[:2])
    output = jax_ranking.sparsemax_attention(*halves, 1e-6, interpret)
    assert output.dtype == "float32"
    # The products are summed in float32.
    wide = [np.asarray(half, "float64") for half in halves]
    np.testing.assert_allclose(
        output, attention_oracle(*wide), rtol=1e-4, atol=1e-4
    )


@ON_BOTH
@pytest.mark.parametrize(
    "half, time, channels, size, filters, dilation",
    [
        ("bfloat16", 256, 3, 15, 64, 1),
        ("float16", 200, 8, 15, 64, 2),
        ("bfloat16", 3, 1, 5, 16, 1),
    ],
)
def test_convolution_in_half_precision(
    rng, interpret, half, time, channels, size, filters, dilation
):
    x = ops.cast(rng.normal(size=(2, time, channels)), half)
    kernel = ops.cast(rng.normal(size=(size, channels, filters)), half)
    bias = rng.normal(size=filters)
    scale = rng.uniform(1, 2, size=time)
    residual = ops.cast(rng.normal(size=(2, time, filters)), half)
    assert jax_ranking.can_convolve(x, kernel)
    output = jax_ranking.convolve_and_normalize(
        x,
        kernel,
        ops.convert_to_tensor(bias, "float32"),
        1e-5,
        dilation,
        ops.convert_to_tensor(scale, "float32"),
        residual,
        interpret,
    )
    assert output.dtype == half
    wide, kernel, residual = (
        np.asarray(array, "float64") for array in (x, kernel, residual)
    )
    sums = reference.conv1d(wide, kernel, np.zeros(filters), dilation)
    expected = reference.instance_norm(
        reference.gelu(sums * scale[:, None] + bias + residual)
    )
    np.testing.assert_allclose(
        np.asarray(output, "float64"), expected, rtol=0.01, atol=2e-3
    )


@pytest.mark.parametrize("time", [3, 64, 250])
def test_stack_matches_the_oracle(rng, motif_weights, counting_kernels, time):
    fast, calls = counting_kernels
    stack = small_distance(motif_weights).qkv.key
    x = rng.normal(size=(2, time, 3))
    np.testing.assert_allclose(
        to_numpy(stack.infer(ops.convert_to_tensor(x, "float32"), fast)),
        reference.dilated_conv_stack(x, motif_weights["key"]),
        rtol=1e-3,
        atol=1e-3,
    )
    assert set(calls) == {"convolve_and_normalize"}


@pytest.mark.parametrize(
    "time, channels, embedding_dim, settings",
    [
        (40, 3, 16, {}),
        (33, 1, 16, {"normalization": "anchor"}),
        (33, 6, 16, {"normalization": "none"}),
        (33, 3, 16, {"num_dilated_blocks": 0}),
        (33, 3, 16, {"attention": "softmax", "ranking_attention": "sparsemax"}),
        (33, 3, 24, {}),  # too odd a width for the convolutions
    ],
)
def test_distances_are_those_without_the_kernels(
    rng, with_kernels, time, channels, embedding_dim, settings
):
    anchors = rng.normal(size=(3, time, channels)).astype("float32")
    candidates = rng.normal(size=(3, 1, time, channels)).astype("float32")
    settings = {
        "embedding_dim": embedding_dim,
        "kernel_size": 5,
        "pairs_per_chunk": 2,
        **settings,
    }
    distance = kr.MotifDistance(**settings, ranking_kernels=False)
    plain = to_numpy(distance.candidate_distances(anchors, candidates))
    assert not with_kernels
    fast = kr.MotifDistance(**settings)
    fast.build(anchors.shape)
    fast.set_weights(distance.get_weights())
    np.testing.assert_allclose(
        to_numpy(fast.candidate_distances(anchors, candidates)),
        plain,
        rtol=1e-4,
    )
    assert "sparsemax_attention" in with_kernels
    takes_width = embedding_dim == 16
    assert ("convolve_and_normalize" in with_kernels) == takes_width


def test_all_of_a_ranking_runs_in_the_kernels(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    distance = fast_distance()
    distance.distance(windows, windows)
    # Three stacks of two convolutions.
    assert sorted(with_kernels) == ["convolve_and_normalize"] * 6 + [
        "sparsemax_attention"
    ]


def test_each_replica_ranks_in_the_kernels(rng, with_kernels):
    group = candidate_group(rng, batch_size=2, num_candidates=1, length=20)
    model = kr.RelConModel(tiny_encoder(), fast_distance())
    model.motif_distance.build(group["anchor"].shape)
    devices = keras.distribution.list_devices()[:1]
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=devices)
    )
    try:
        distances = to_numpy(model.rank_candidates(group))
    finally:
        keras.distribution.set_distribution(None)
    assert "convolve_and_normalize" in with_kernels
    assert "sparsemax_attention" in with_kernels
    expected = model.motif_distance.candidate_distances(*group.values())
    np.testing.assert_allclose(distances, to_numpy(expected), rtol=1e-5)


def test_training_and_softmax_do_without(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    distance = fast_distance()
    distance.compile(optimizer="adam")
    distance.fit(windows, epochs=1, verbose=0)
    distance.reconstruct(windows, windows)
    assert not with_kernels
    softmax = fast_distance(attention="softmax")
    softmax.distance(windows, windows)
    assert "sparsemax_attention" not in with_kernels


def fits(time, embedding_dim=64, kernel_size=15, dtype="bfloat16"):
    """Whether the kernels take windows, keys and convolutions of these."""
    window = jax.ShapeDtypeStruct((2, time, embedding_dim), dtype)
    kernel = jax.ShapeDtypeStruct(
        (kernel_size, embedding_dim // 8, embedding_dim), dtype
    )
    return (
        jax_ranking.can_attend(window, window),
        jax_ranking.can_convolve(window, kernel),
    )


def test_sizes_that_the_kernels_take():
    """Those that Triton compiles, within the memory of a block of threads."""
    assert fits(2) == fits(256) == fits(200, dtype="float16") == (True, True)
    assert fits(1024) == (False, False)
    assert fits(512) == (True, False)  # too long to hold in registers
    assert fits(256, dtype="float32") == (False, False)
    assert fits(256, embedding_dim=128) == (True, False)
    assert fits(128, embedding_dim=48) == (True, False)  # no power of 2
    assert fits(256, kernel_size=57) == (True, False)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_half_precision_ranks_in_the_kernels(rng, monkeypatch, half):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    monkeypatch.setattr(ranking, "chosen_kernels", lambda _: INTERPRETED)
    products = []

    def product(a, b):
        products.append((a.dtype, b.dtype))
        return a.astype("float32") @ b.astype("float32")

    monkeypatch.setattr(jax_ranking, "_product", product)
    plain = fast_distance()
    expected = to_numpy(plain.distance(windows, windows))
    assert not products
    distance = fast_distance(dtype=f"mixed_{half}")
    distance.build(windows.shape)
    distance.set_weights(plain.get_weights())
    np.testing.assert_allclose(
        to_numpy(distance.distance(windows, windows)), expected, rtol=0.05
    )
    # Three stacks of two convolutions, and the scores.
    assert products == [(half, half)] * 7


def test_no_gradient_flows_through_a_distance(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    distance = fast_distance()
    distance.build(windows.shape)
    (gradient,) = gradients(
        lambda x: ops.sum(distance.distance(x, windows)), [windows]
    )
    np.testing.assert_array_equal(gradient, 0.0)
    for gradient in variable_gradients(
        lambda: ops.sum(distance.distance(windows, windows)),
        distance.trainable_variables,
    ):
        np.testing.assert_array_equal(gradient, 0.0)


def test_window_with_nan_is_infinitely_far(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    others = rng.normal(size=(2, 20, 3)).astype("float32")
    others[1, 7] = np.nan
    distance = fast_distance()
    finite, infinite = to_numpy(distance.distance(windows, others))
    assert np.isfinite(finite) and np.isinf(infinite)


def test_diverged_weights_are_infinitely_far(
    rng, motif_weights, with_kernels, maximum_of_a_gpu
):
    distance = small_distance(motif_weights)
    bias = distance.qkv.query.dilated_convs[-1].bias
    bias.assign(np.full(bias.shape, np.nan))
    windows = rng.normal(size=(2, 40, 3)).astype("float32")
    assert np.isinf(to_numpy(distance.distance(windows, windows))).all()


@pytest.mark.parametrize(
    "kind, capability, by_default, by_choice",
    [
        ("NVIDIA H200", "9.0", True, True),
        ("NVIDIA A100-SXM4-40GB", "8.0", False, True),
        ("NVIDIA B200", "10.0", False, True),
        ("Tesla V100-SXM2-16GB", "7.0", False, False),
        ("NVIDIA GeForce RTX 2080", "7.5", False, False),
        ("AMD Instinct MI300X", "gfx942", False, False),
        ("cpu", None, False, False),
    ],
)
def test_gpus_that_rank_in_the_kernels(
    monkeypatch, kind, capability, by_default, by_choice
):
    device = types.SimpleNamespace(
        device_kind=kind, compute_capability=capability
    )
    monkeypatch.setattr(jax, "devices", lambda *_: [device])
    assert (ranking.chosen_kernels() is jax_ranking) == by_default
    assert (ranking.chosen_kernels(True) is jax_ranking) == by_choice
    assert ranking.chosen_kernels(False) is None


def test_none_without_triton(monkeypatch):
    monkeypatch.setattr(jax_device, "compute_capability", lambda: 9.0)
    assert ranking.chosen_kernels() is jax_ranking
    name = "keras_relcon.layers.kernels.jax_ranking"
    monkeypatch.delattr(kernels, "jax_ranking")
    monkeypatch.setitem(sys.modules, name, None)
    assert ranking.chosen_kernels() is None


def test_the_device_that_is_chosen_counts(monkeypatch):
    gpu = types.SimpleNamespace(
        device_kind="NVIDIA H200", compute_capability="9.0"
    )
    monkeypatch.setattr(jax, "devices", lambda *_: [gpu])
    assert jax_device.compute_capability() == 9.0
    with jax.default_device(jax.local_devices(backend="cpu")[0]):
        assert jax_device.compute_capability() == 0.0


def lowered(function, *shapes, dtype):
    arrays = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
    with imagined_gpu():
        traced = jax.jit(function).trace(*arrays)
        return traced.lower(lowering_platforms=("cuda",)).as_text()


def imagined_gpu():
    """Since JAX 0.11 a kernel is made for one GPU, which need not be there."""
    if not hasattr(jax.sharding, "AbstractDevice"):
        return contextlib.nullcontext()
    gpu = jax.sharding.AbstractDevice("NVIDIA H200", 132, "gpu")
    mesh = jax.sharding.AbstractMesh((1,), ("x",), abstract_device=gpu)
    return jax.sharding.use_abstract_mesh(mesh)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("time", [256, 200])
def test_kernels_become_triton_for_a_gpu(time, dtype):
    text = lowered(
        functools.partial(jax_ranking.sparsemax_attention, tolerance=1e-6),
        (2, time, 64),
        (2, time, 64),
        (2, 3, time),
        dtype=dtype,
    )
    assert "__gpu$xla.gpu.triton" in text
    text = lowered(
        lambda x, kernel, bias, scale: jax_ranking.convolve_and_normalize(
            x, kernel, bias, 1e-5, scale=scale
        ),
        (2, time, 3),
        (15, 3, 64),
        (64,),
        (time,),
        dtype=dtype,
    )
    assert "__gpu$xla.gpu.triton" in text
    text = lowered(
        lambda x, kernel, bias, residual: jax_ranking.convolve_and_normalize(
            x, kernel, bias, 1e-5, dilation=2, residual=residual
        ),
        (2, time, 8),
        (15, 8, 64),
        (64,),
        (2, time, 64),
        dtype=dtype,
    )
    assert "__gpu$xla.gpu.triton" in text
