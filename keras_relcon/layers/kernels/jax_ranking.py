"""Kernels that rank candidates with JAX on an NVIDIA GPU.

XLA writes each step of a sparsemax, and each of a GELU and an instance norm, to
the memory of the GPU and reads it again. Here the scores of some samples stay
in registers from their product to the weighted values, and the embedding of a
window from its convolution to its norm. In Pallas, compiled by Triton: JAX has
both since 0.7.1 and means to drop Triton some day, and without them XLA ranks.
For half precision, as the arrays of a convolution in float32 are too large for
the memory that a block of threads shares.

There is no gradient. `interpret=True` runs a kernel on any machine, for tests.
"""

import functools
import math

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.pallas.triton import CompilerParams, load

DTYPES = ("bfloat16", "float16")
LEAST_SIZE = 16  # of a matrix product
SCORES_PER_BLOCK = 64 * 256
MOST_ROWS_PER_BLOCK = 64
# What registers of a block hold of a window, in float32.
EMBEDDING_PER_BLOCK = 256 * 64
# Shared by the threads of a block on any GPU of 2020 or later.
SHARED_BYTES = 96 * 1024


def can_attend(query, key):
    """Whether `sparsemax_attention` takes arrays of these shapes and dtypes."""
    num_rows, num_columns = _score_block(query.shape[1], key.shape[1])
    return (
        query.dtype in DTYPES
        and num_rows >= LEAST_SIZE
        and _fits_shared_memory(num_rows, query.shape[2], num_columns)
    )


def _score_block(query_time, key_time):
    num_columns = _padded_size(key_time)
    num_rows = min(MOST_ROWS_PER_BLOCK, SCORES_PER_BLOCK // num_columns)
    return min(num_rows, _padded_size(query_time)), num_columns


def _fits_shared_memory(num_rows, depth, num_columns):
    return 2 * _padded_size(depth) * (num_rows + num_columns) <= SHARED_BYTES


def sparsemax_attention(query, key, value, tolerance, interpret=False):
    """`sparsemax(query @ key.T / sqrt(dim)) @ value.T`, batch by batch.

    Newton's steps are those of `layers/sparsemax.py`, from the maximum less 1.

    Args:
        query: `(batch, query_time, dim)`.
        key: `(batch, key_time, dim)`.
        value: `(batch, channels, key_time)`.
        tolerance: float. By how much weights may sum to more than 1.

    Returns:
        `(batch, query_time, channels)` float32. NaN where a score is NaN, or
        the largest infinite.
    """
    batch, query_time, dim = query.shape
    channels, key_time = value.shape[1:]
    num_rows, num_columns = _score_block(query_time, key_time)
    num_blocks, depth = pl.cdiv(query_time, num_rows), _padded_size(dim)
    output = pl.pallas_call(
        functools.partial(
            _sparsemax_attention_kernel,
            scale=1.0 / math.sqrt(dim),
            key_time=key_time,
            tolerance=tolerance,
        ),
        grid=(batch, num_blocks),
        in_specs=[
            pl.BlockSpec((None, num_rows, depth), lambda i, j: (i, j, 0)),
            pl.BlockSpec((None, num_columns, depth), lambda i, j: (i, 0, 0)),
            pl.BlockSpec((None, channels, num_columns), lambda i, j: (i, 0, 0)),
        ],
        out_specs=pl.BlockSpec(
            (None, channels, num_rows), lambda i, j: (i, 0, j)
        ),
        out_shape=jax.ShapeDtypeStruct(
            (batch, channels, num_blocks * num_rows), "float32"
        ),
        compiler_params=CompilerParams(num_warps=4, num_stages=1),
        interpret=interpret,
    )(
        _padded(query, batch, num_blocks * num_rows, depth),
        _padded(key, batch, num_columns, depth),
        _padded(value, batch, channels, num_columns),
    )
    return jnp.transpose(output[:, :, :query_time], (0, 2, 1))


def _sparsemax_attention_kernel(
    query_ref, key_ref, value_ref, output_ref, *, scale, key_time, tolerance
):
    scores = _product(query_ref[...], key_ref[...].T) * scale
    column = lax.broadcasted_iota("int32", scores.shape, 1)
    scores = jnp.where(column < key_time, scores, -jnp.inf)
    # A GPU's maximum passes over NaN.
    is_nan = jnp.sum(jnp.where(scores == scores, 0.0, 1.0), axis=1) > 0
    maximum = jnp.max(scores, axis=1)
    is_valid = (jnp.abs(maximum) < jnp.inf) & ~is_nan
    scores = scores - maximum[:, None]

    def newton(threshold):
        above = jnp.maximum(scores - threshold[:, None], 0.0)
        excess = jnp.sum(above, axis=1) - 1.0
        size = jnp.sum(jnp.where(above > 0, 1.0, 0.0), axis=1)
        return jnp.where(
            is_valid & (excess > tolerance),
            threshold + excess / size,
            threshold,
        )

    def advance(state):
        threshold, _ = state
        new = newton(threshold)
        return new, jnp.max(new - threshold) > 0

    # Triton does not compile a loop of unknown length. Each step that changes
    # the threshold shrinks the support.
    threshold, _ = lax.fori_loop(
        0,
        key_time,
        lambda _, state: lax.cond(state[1], advance, lambda same: same, state),
        advance((jnp.full(maximum.shape, -1.0, "float32"), True)),
    )
    weights = jnp.maximum(scores - threshold[:, None], 0.0)
    for channel in range(value_ref.shape[0]):
        value = value_ref[channel, :].astype("float32")
        output = jnp.sum(weights * value[None, :], axis=1)
        output_ref[channel, :] = jnp.where(is_valid, output, jnp.nan)


def can_convolve(x, kernel):
    """Whether `convolve_and_normalize` takes arrays of these shapes."""
    size, channels, filters = kernel.shape
    num_rows = _padded_size(x.shape[1])
    return (
        x.dtype in DTYPES
        and filters == _padded_size(filters)
        and num_rows * filters <= EMBEDDING_PER_BLOCK
        and _fits_shared_memory(num_rows, size * channels, filters)
    )


def convolve_and_normalize(
    x,
    kernel,
    bias,
    epsilon,
    dilation=1,
    scale=None,
    residual=None,
    interpret=False,
):
    """`instance_norm(gelu(conv(x) * scale + bias + residual))`, over time.

    Args:
        x: `(batch, time, channels)`.
        kernel: `(size, channels, filters)`, of odd size; padding is `"same"`.
        bias: `(filters,)`.
        epsilon: float, added to the variance.
        dilation: int, samples.
        scale: `(time,)` or `None`.
        residual: `(batch, time, filters)` or `None`.

    Returns:
        `(batch, time, filters)`, of the dtype of `x`.
    """
    batch, time, channels = x.shape
    size, _, filters = kernel.shape
    num_rows, depth = _padded_size(time), _padded_size(size * channels)
    scale = jnp.ones(time) if scale is None else scale
    arrays = [
        _padded(x, batch, num_rows, channels),
        _padded(
            kernel.reshape(size * channels, filters).astype(x.dtype),
            depth,
            filters,
        ),
        bias.astype("float32"),
        _padded(scale.astype("float32"), num_rows),
    ]
    specs = [
        pl.BlockSpec((None, num_rows, channels), lambda i: (i, 0, 0)),
        pl.BlockSpec((depth, filters), lambda i: (0, 0)),
        pl.BlockSpec((filters,), lambda i: (0,)),
        pl.BlockSpec((num_rows,), lambda i: (0,)),
    ]
    window_spec = pl.BlockSpec((None, num_rows, filters), lambda i: (i, 0, 0))
    if residual is not None:
        arrays.append(_padded(residual, batch, num_rows, filters))
        specs.append(window_spec)
    output = pl.pallas_call(
        functools.partial(
            _convolution_kernel,
            time=time,
            size=size,
            dilation=dilation,
            epsilon=epsilon,
        ),
        grid=(batch,),
        in_specs=specs,
        out_specs=window_spec,
        out_shape=jax.ShapeDtypeStruct((batch, num_rows, filters), x.dtype),
        compiler_params=CompilerParams(num_warps=8, num_stages=1),
        interpret=interpret,
    )(*arrays)
    return output[:, :time]


def _convolution_kernel(
    x_ref,
    kernel_ref,
    bias_ref,
    scale_ref,
    *residual_and_output_ref,
    time,
    size,
    dilation,
    epsilon,
):
    *residual_ref, output_ref = residual_and_output_ref
    channels = x_ref.shape[1]
    # What each output sample sees: its taps, and of each all channels.
    shape = (output_ref.shape[0], kernel_ref.shape[0])
    sample = lax.broadcasted_iota("int32", shape, 0)
    entry = lax.broadcasted_iota("int32", shape, 1)
    source = sample + (entry // channels - size // 2) * dilation
    is_inside = (source >= 0) & (source < time) & (entry < size * channels)
    seen = load(
        x_ref.at[jnp.where(is_inside, source, 0), entry % channels],
        mask=is_inside,
        other=0.0,
    )
    y = _product(seen, kernel_ref[...])
    y = y * scale_ref[...][:, None] + bias_ref[...][None, :]
    for ref in residual_ref:
        y = y + ref[...].astype("float32")
    y = y * _normal_cdf(y)
    is_sample = lax.broadcasted_iota("int32", y.shape, 0) < time
    mean = jnp.sum(jnp.where(is_sample, y, 0.0), axis=0) / time
    y = jnp.where(is_sample, y - mean[None, :], 0.0)
    variance = jnp.sum(y * y, axis=0) / time
    y = y * lax.rsqrt(variance + epsilon)[None, :]
    output_ref[...] = y.astype(output_ref.dtype)


def _product(a, b):
    """`a @ b`, summed in float32."""
    return lax.dot_general(
        a, b, (((1,), (0,)), ((), ())), preferred_element_type="float32"
    )


def _normal_cdf(x):
    """Share of a normal distribution below `x`, to 1e-7.

    From the error function of Abramowitz and Stegun, Handbook of Mathematical
    Functions, 7.1.26: Pallas has none for a GPU. Written for the tails, where
    1 + erf would cancel.
    """
    size = jnp.abs(x) * math.sqrt(0.5)
    t = 1.0 / (1.0 + 0.3275911 * size)
    series = 0.0
    for coefficient in (
        1.061405429,
        -1.453152027,
        1.421413741,
        -0.284496736,
        0.254829592,
    ):
        series = t * (coefficient + series)
    tail = 0.5 * series * jnp.exp(-size * size)
    return jnp.where(x < 0, tail, 1.0 - tail)


def _padded_size(size):
    """The next power of 2, of which Triton's arrays are."""
    return max(LEAST_SIZE, 1 << (size - 1).bit_length())


def _padded(x, *shape):
    if x.shape == shape:
        return x
    return jnp.pad(x, [(0, new - old) for old, new in zip(x.shape, shape)])
