"""The kernels of JAX for a GPU, interpreted on the CPU."""

import contextlib
import functools
import types

import keras
import numpy as np
import pytest
import reference
from keras import ops
from support import gradients, small_distance, to_numpy

import keras_relcon as kr
from keras_relcon.layers import kernels

if keras.backend.backend() != "jax":
    pytest.skip("These are kernels for JAX.", allow_module_level=True)

import jax

from keras_relcon.layers.kernels import jax_device, jax_ranking

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
def with_kernels(monkeypatch, in_float32):
    """As on a GPU; the list counts the calls of each kernel."""
    calls = []

    def counted(name):
        def call(*args, **kwargs):
            calls.append(name)
            return getattr(INTERPRETED, name)(*args, **kwargs)

        return call

    fast = types.SimpleNamespace(**vars(INTERPRETED))
    for name in ("sparsemax_attention", "convolve_and_normalize"):
        setattr(fast, name, counted(name))
    monkeypatch.setattr(kernels, "ranking_kernels", lambda: fast)
    return calls


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


def test_support_that_shrinks_by_one_each_step():
    # Gaps that double: each of Newton's steps drops few scores.
    scores = -(2.0 ** np.arange(-18, 0))[None, None, :]
    query = np.ones((1, 1, 1), "float32")
    value = np.eye(18, dtype="float32")[None]
    weights = INTERPRETED.sparsemax_attention(
        query, scores.transpose(0, 2, 1).astype("float32"), value, 1e-6
    )
    np.testing.assert_allclose(
        weights, reference.sparsemax(scores), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_row_that_cannot_be_computed_is_nan(rng, bad):
    query, key = rng.normal(size=(2, 1, 20, 8)).astype("float32")
    query[0, 3] = bad
    value = rng.normal(size=(1, 3, 20)).astype("float32")
    output = np.asarray(INTERPRETED.sparsemax_attention(query, key, value, 0.0))
    assert np.isnan(output[0, 3]).all()
    assert np.isfinite(np.delete(output, 3, axis=1)).all()


def test_half_precision_is_summed_in_float32(rng):
    query, key = rng.normal(size=(2, 2, 64, 64))
    value = rng.normal(size=(2, 3, 64))
    halves = [ops.cast(array, "bfloat16") for array in (query, key, value)]
    output = INTERPRETED.sparsemax_attention(*halves, 1e-6)
    wide = [np.asarray(half, "float64") for half in halves]
    assert output.dtype == "float32"
    np.testing.assert_allclose(
        output, attention_oracle(*wide), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("time", [3, 33, 64, 200, 250])
def test_stack_matches_the_oracle(rng, motif_weights, with_kernels, time):
    stack = small_distance(motif_weights).qkv.key
    x = rng.normal(size=(2, time, 3))
    np.testing.assert_allclose(
        to_numpy(stack.infer(ops.convert_to_tensor(x, "float32"))),
        reference.dilated_conv_stack(x, motif_weights["key"]),
        rtol=1e-3,
        atol=1e-3,
    )
    assert set(with_kernels) == {"convolve_and_normalize"}


@pytest.mark.parametrize("time", [40, 333])
def test_distances_are_those_without_the_kernels(
    rng, monkeypatch, in_float32, time
):
    """333 samples are more than the convolutions take."""
    anchors = rng.normal(size=(3, time, 3)).astype("float32")
    candidates = rng.normal(size=(3, 1, time, 3)).astype("float32")
    distance = kr.MotifDistance(embedding_dim=16, kernel_size=5)
    plain = to_numpy(distance.candidate_distances(anchors, candidates))
    monkeypatch.setattr(kernels, "ranking_kernels", lambda: INTERPRETED)
    fast = kr.MotifDistance(embedding_dim=16, kernel_size=5, pairs_per_chunk=2)
    fast.build(anchors.shape)
    fast.set_weights(distance.get_weights())
    np.testing.assert_allclose(
        to_numpy(fast.candidate_distances(anchors, candidates)),
        plain,
        rtol=1e-4,
    )


def test_all_of_a_ranking_runs_in_the_kernels(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    distance = kr.MotifDistance(embedding_dim=16, kernel_size=5)
    distance.distance(windows, windows)
    # Three stacks of three convolutions.
    assert sorted(with_kernels) == ["convolve_and_normalize"] * 9 + [
        "sparsemax_attention"
    ]


def test_training_and_softmax_do_without(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    distance = kr.MotifDistance(embedding_dim=16, kernel_size=5)
    distance.compile(optimizer="adam")
    distance.fit(windows, epochs=1, verbose=0)
    distance.reconstruct(windows, windows)
    assert not with_kernels
    softmax = kr.MotifDistance("softmax", embedding_dim=16, kernel_size=5)
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
    monkeypatch.setattr(kernels, "ranking_kernels", lambda: INTERPRETED)
    products = []

    def product(a, b):
        products.append((a.dtype, b.dtype))
        return a.astype("float32") @ b.astype("float32")

    monkeypatch.setattr(jax_ranking, "_product", product)
    plain = kr.MotifDistance(embedding_dim=16, kernel_size=5)
    expected = to_numpy(plain.distance(windows, windows))
    assert not products
    distance = kr.MotifDistance(
        embedding_dim=16, kernel_size=5, dtype=f"mixed_{half}"
    )
    distance.build(windows.shape)
    distance.set_weights(plain.get_weights())
    np.testing.assert_allclose(
        to_numpy(distance.distance(windows, windows)), expected, rtol=0.05
    )
    # Three stacks of three convolutions, and the scores.
    assert products == [(half, half)] * 10


@pytest.mark.parametrize("embedding_dim", [24, 16])
def test_sizes_that_a_kernel_lacks_do_without(rng, with_kernels, embedding_dim):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    distance = kr.MotifDistance(embedding_dim=embedding_dim, kernel_size=5)
    distance.distance(windows, windows)
    is_power_of_two = embedding_dim == 16
    assert ("convolve_and_normalize" in with_kernels) == is_power_of_two
    assert "sparsemax_attention" in with_kernels


def test_no_gradient_flows_through_a_distance(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    distance = kr.MotifDistance(embedding_dim=16, kernel_size=5)
    distance.build(windows.shape)
    (gradient,) = gradients(
        lambda x: ops.sum(distance.distance(x, windows)), [windows]
    )
    np.testing.assert_array_equal(gradient, 0.0)


def test_window_with_nan_is_infinitely_far(rng, with_kernels):
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    others = rng.normal(size=(2, 20, 3)).astype("float32")
    others[1, 7] = np.nan
    distance = kr.MotifDistance(embedding_dim=16, kernel_size=5)
    finite, infinite = to_numpy(distance.distance(windows, others))
    assert np.isfinite(finite) and np.isinf(infinite)


def test_diverged_weights_are_infinitely_far(rng, motif_weights, with_kernels):
    """The maximum of a GPU passes over NaN; the scores are all NaN here."""
    distance = small_distance(motif_weights)
    bias = distance.qkv.query.dilated_convs[-1].bias
    bias.assign(np.full(bias.shape, np.nan))
    windows = rng.normal(size=(2, 40, 3)).astype("float32")
    assert np.isinf(to_numpy(distance.distance(windows, windows))).all()


@pytest.mark.parametrize(
    "kind, capability, expected",
    [
        ("NVIDIA H200", "9.0", True),
        ("NVIDIA A100-SXM4-40GB", "8.0", True),
        ("Tesla V100-SXM2-16GB", "7.0", False),
        ("NVIDIA GeForce RTX 2080", "7.5", False),
        ("AMD Instinct MI300X", "gfx942", False),
        ("cpu", None, False),
    ],
)
def test_only_gpus_with_tensor_cores(monkeypatch, kind, capability, expected):
    device = types.SimpleNamespace(
        device_kind=kind, compute_capability=capability
    )
    monkeypatch.setattr(jax, "devices", lambda: [device])
    assert jax_device.has_tensor_cores() == expected
    assert (kernels.ranking_kernels() is jax_ranking) == expected


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
