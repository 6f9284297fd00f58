"""Helpers that several tests share."""

import keras
import numpy as np
from keras import ops

import keras_relcon as kr


def to_numpy(x):
    return ops.convert_to_numpy(x)


def gradients(function, arrays):
    """Gradients of a scalar `function` of tensors, on the active backend."""
    backend = keras.backend.backend()
    arrays = [np.asarray(array, "float32") for array in arrays]
    if backend == "jax":
        import jax

        results = jax.grad(
            lambda *args: function(*args), argnums=tuple(range(len(arrays)))
        )(*map(ops.convert_to_tensor, arrays))
    elif backend == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(array) for array in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        results = tape.gradient(value, tensors)
    else:
        import torch

        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        function(*tensors).backward()
        results = [tensor.grad for tensor in tensors]
    return [to_numpy(result) for result in results]


def variable_gradients(function, variables):
    """Gradients of a scalar `function()` by Keras variables."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        def stateless(values):
            with keras.StatelessScope(state_mapping=zip(variables, values)):
                return function()

        results = jax.grad(stateless)([v.value for v in variables])
    elif backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = function()
        results = tape.gradient(value, [v.value for v in variables])
    else:
        for variable in variables:
            variable.value.grad = None
        function().backward()
        results = [variable.value.grad for variable in variables]
    return [to_numpy(result) for result in results]


def set_motif_weights(distance, weights):
    """Loads weights in the oracle's form into a `MotifDistance`."""
    if not distance.built:
        distance.build((None, None, 3))
    if distance.rev_in.affine:
        distance.rev_in.gamma.assign(weights["gamma"])
        distance.rev_in.beta.assign(weights["beta"])
    for name in ("query", "key", "value"):
        stack = getattr(distance.qkv, name)
        layers = [stack.first_conv]
        for pair in zip(stack.bottlenecks, stack.dilated_convs):
            layers += pair
        for layer, (kernel, bias) in zip(layers, weights[name]):
            layer.kernel.assign(kernel)
            layer.bias.assign(bias)
    attention = distance.cross_attention
    attention.output_kernel.assign(weights["output_kernel"])
    attention.output_bias.assign(weights["output_bias"])


def small_distance(weights, **kwargs):
    """A `MotifDistance` of the size of the weights, holding them."""
    kernel, _ = weights["query"][0]
    distance = kr.MotifDistance(
        embedding_dim=kernel.shape[2], kernel_size=kernel.shape[0], **kwargs
    )
    set_motif_weights(distance, weights)
    return distance


def small_encoder(embedding_dim=16):
    return kr.layers.ResNet1D34(
        embedding_dim,
        num_blocks=(1, 1),
        widths=(8, 16),
        kernel_sizes=(3, 4),
        strides=(2, 2),
    )


def candidate_group(rng, batch_size=4, num_candidates=3, length=40):
    """A random batch of the form that `RelConModel` trains on."""
    return {
        "anchor": rng.normal(size=(batch_size, length, 3)).astype("float32"),
        "candidates": rng.normal(
            size=(batch_size, num_candidates, length, 3)
        ).astype("float32"),
    }
