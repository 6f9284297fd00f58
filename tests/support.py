"""Helpers that several tests share."""

import keras
import numpy as np
from keras import ops

import keras_relcon as kr
from keras_relcon.models.ranking import candidate_index, candidate_pool


def to_numpy(x):
    return ops.convert_to_numpy(x)


def in_one_program(function, *arrays):
    """`function` of arrays; JAX compiles it whole, not each operation of it."""
    if keras.backend.backend() == "jax":
        import jax

        function = jax.jit(function)
    arrays = [ops.convert_to_tensor(array, "float32") for array in arrays]
    return keras.tree.map_structure(to_numpy, function(*arrays))


def gradients(function, arrays):
    """Gradients of a scalar `function` of tensors, on the active backend."""
    backend = keras.backend.backend()
    arrays = [np.asarray(array, "float32") for array in arrays]
    if backend == "jax":
        import jax

        # One program is compiled in less time than each operation of it.
        gradient = jax.jit(
            jax.grad(
                lambda *args: function(*args), argnums=tuple(range(len(arrays)))
            )
        )
        results = gradient(*map(ops.convert_to_tensor, arrays))
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

        results = jax.jit(jax.grad(stateless))([v.value for v in variables])
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


@keras.saving.register_keras_serializable(package="tests")
class PlainDistance(kr.MotifDistance):
    """Ranks by the squared error: quick to compile.

    For tests of what is around the distance. It has the weights of a motif
    distance of the smallest size, which no comparison reads.
    """

    SIZES = {"embedding_dim": 8, "kernel_size": 3, "num_dilated_blocks": 0}

    def __init__(self, **kwargs):
        super().__init__(**{**self.SIZES, **kwargs})

    is_trained = True

    def _build_ranking(self):
        self._group = self._group_distances

    def _group_distances(self, anchors, candidates, rows):
        index = candidate_index(
            *ops.shape(candidates)[:2], ops.shape(anchors)[0], rows[0]
        )
        pool = candidate_pool(anchors, candidates)
        own = ops.take(anchors, rows, axis=0)[:, None]
        difference = own - ops.take(pool, index, axis=0)
        return ops.stop_gradient(ops.sum(ops.square(difference), axis=(2, 3)))


def plain_distances(group):
    """The order and the numbers of `PlainDistance`, in float64."""
    anchors, candidates = (
        np.float64(group[name]) for name in ("anchor", "candidates")
    )
    rows = []
    for i, (anchor, own) in enumerate(zip(anchors, candidates)):
        others = np.roll(anchors, -i - 1, axis=0)[:-1]
        pool = np.concatenate([others, own])
        rows.append(((anchor - pool) ** 2).sum(axis=(1, 2)))
    return np.array(rows)


def small_encoder(embedding_dim=16, **kwargs):
    return kr.layers.ResNet1D34(
        embedding_dim,
        num_blocks=(1, 1),
        widths=(8, 16),
        kernel_sizes=(3, 4),
        strides=(2, 2),
        **kwargs,
    )


def tiny_encoder():
    """One block: quick to compile, for tests of what is around it."""
    return kr.layers.ResNet1D34(
        8, num_blocks=(1,), widths=(8,), kernel_sizes=(3,), strides=(2,)
    )


def plain_encoder():
    """A convolution and its batch norm: quicker still than one block."""
    return keras.Sequential(
        [
            keras.layers.Conv1D(8, 5, strides=2),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )


def candidate_group(rng, batch_size=4, num_candidates=3, length=40):
    """A random batch of the form that `RelConModel` trains on."""
    return {
        "anchor": rng.normal(size=(batch_size, length, 3)).astype("float32"),
        "candidates": rng.normal(
            size=(batch_size, num_candidates, length, 3)
        ).astype("float32"),
    }


def numeric_gradient(function, x, step=1e-6):
    """Central differences of a scalar float64 `function` of one array."""
    x = np.asarray(x, np.float64)
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        change = np.zeros_like(x)
        change[place] = step
        gradient[place] = (function(x + change) - function(x - change)) / (
            2 * step
        )
    return gradient


def windows_of_two_kinds(rng, count=16, length=64):
    """Fast and slow waves beside gravity, in g: something to tell apart."""
    seconds = np.arange(length) / 50
    rate = np.where(np.arange(count) % 2, 4.0, 1.0)[:, None]
    phase = rng.uniform(0, 2 * np.pi, (count, 3, 1))
    wave = np.sin(2 * np.pi * rate[:, None] * seconds + phase)
    return np.moveaxis(wave * 0.5, 1, 2).astype("float32") + np.array(
        [0, 0, 1], "float32"
    )


def assert_trains_and_keeps_its_encoder(model, data, inputs, path, **fit):
    """The loss falls through `fit`; model and encoder load with equal results.

    Args:
        model: compiled, not built.
        data: what `fit` takes.
        inputs: windows for the encoder.
    """
    losses = model.fit(data, verbose=0, **fit).history["loss"]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-3:]) < np.mean(losses[:3]), losses
    expected = to_numpy(model.encoder(inputs))
    model.encoder.save(path / "encoder.keras")
    encoder = keras.saving.load_model(path / "encoder.keras")
    np.testing.assert_array_equal(to_numpy(encoder(inputs)), expected)
    model.save(path / "model.keras")
    loaded = keras.saving.load_model(path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded.encoder(inputs)), expected)
    for name, value in model.get_config().items():
        if isinstance(value, (str, int, float, type(None))):
            assert loaded.get_config()[name] == value, name
    return loaded
