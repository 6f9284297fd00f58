"""Programs of JAX: `jax.jit`, and loops of `jax.lax.scan`.

XLA compiles whatever is called inside a traced function as a part of it, so
`compiled` acts outside of `fit` alone.
"""

import functools
import warnings

import jax
import keras


def compiled(function, model, num_shared=0):
    """Compiles a function of tensors that reads the model's variables.

    Called inside a traced function it becomes a part of that one. The rows,
    which TensorFlow halves, stay together: XLA runs both halves in turn.
    """

    @jax.jit
    def fast(values, *tensors):
        mapping = zip(model.variables, values)
        with keras.StatelessScope(state_mapping=mapping):
            return function(*tensors)

    def call(*tensors):
        if any(isinstance(tensor, jax.core.Tracer) for tensor in tensors):
            return function(*tensors)
        return fast([variable.value for variable in model.variables], *tensors)

    return call


def has_accelerator():
    """Whether arrays are kept on a GPU or another accelerator."""
    return jax.default_backend() != "cpu"


def one_by_one(function, weights, state, parts):
    """Calls `state, output = function(weights, state, part)` for each part.

    Returns the last state, and the outputs stacked; of what is inside nothing
    is kept, the backward pass computes each part again.
    """
    if not has_accelerator():
        # Unrolled they would be fast; but XLA then computes nothing again, and
        # keeps as much as without micro-batches.
        warnings.warn(
            "On JAX without an accelerator, convolutions in a loop such as "
            "`micro_batch_size` needs are many times slower than outside. Use "
            "TensorFlow or PyTorch there, or smaller batches.",
            stacklevel=2,
        )
    step = functools.partial(jax.checkpoint(function), weights)
    return jax.lax.scan(step, state, parts)
