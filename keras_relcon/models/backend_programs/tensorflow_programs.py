"""Programs of TensorFlow: graphs that XLA compiles, and `tf.while_loop`.

Keras leaves XLA off on a CPU, and its `remat` has no gradient inside a loop:
what is compiled, in halves of the rows, and the loops are written here.
"""

import keras
import tensorflow as tf

from keras_relcon import distributed

# Tests whose subject is another leave XLA off: it takes seconds to compile.
USE_XLA = True


def compiled(function, model, num_shared=0):
    """Compiles a function of tensors that reads the model's variables.

    Row `i` of its output depends on row `i` of each tensor but the first
    `num_shared`, and on those as a whole.

    Also inside a traced function: on a CPU Keras leaves XLA off, which is right
    for the encoder; the motif distance is several times faster with it. There
    XLA spends half of the time on one core, so two halves of the rows go side
    by side.
    """
    compiled_rows = tf.function(function, jit_compile=USE_XLA, autograph=False)

    @tf.function(autograph=False)  # calls in a row would wait for each other
    def compiled_halves(*tensors):
        if has_accelerator():
            return compiled_rows(*tensors)
        shared, by_row = tensors[:num_shared], tensors[num_shared:]
        num_rows = keras.ops.shape(by_row[0])[0]
        # One size, one compilation: both halves hold the middle row, if any.
        size = (num_rows + 1) // 2
        first = compiled_rows(*shared, *(x[:size] for x in by_row))
        second = compiled_rows(*shared, *(x[num_rows - size :] for x in by_row))
        return tf.concat([first, second[2 * size - num_rows :]], axis=0)

    return compiled_halves


def has_accelerator():
    """Whether arrays are kept on a GPU or another accelerator."""
    return len(tf.config.list_logical_devices()) > len(
        tf.config.list_logical_devices("CPU")
    )


def one_by_one(function, weights, state, parts):
    """Calls `state, output = function(weights, state, part)` for each part.

    Returns the last state, and the outputs stacked; of what is inside nothing
    is kept, the backward pass computes each part again. Weights alone have a
    gradient.
    """
    if distributed.num_replicas() > 1:
        raise ValueError(
            "`micro_batch_size` trains on one device on TensorFlow, whose "
            "loops cannot hold what batch norm exchanges between devices. "
            f"Received: {distributed.num_replicas()} replicas. Use a smaller "
            "batch for each, or JAX or PyTorch."
        )
    count = tf.shape(parts)[0]

    # `keras.remat` has no gradient in a loop; unrolled, it would compute all
    # parts again at once.
    @tf.custom_gradient
    def outputs_and_state(*weights):
        def forward(i, state, states, outputs):
            states = [array.write(i, x) for array, x in zip(states, state)]
            state, output = function(weights, state, parts[i])
            return i + 1, state, states, outputs.write(i, output)

        _, last, states, outputs = _loop(
            count,
            forward,
            state,
            [tf.TensorArray(x.dtype, count) for x in state],
            tf.TensorArray(tf.float32, count),
        )
        states = [array.stack() for array in states]

        def gradient(upstream, *_):
            def backward(i, total):
                with tf.GradientTape() as tape:
                    tape.watch(weights)
                    _, output = function(
                        weights, [x[i] for x in states], parts[i]
                    )
                own = tape.gradient(
                    output, weights, upstream[i], tf.UnconnectedGradients.ZERO
                )
                return i + 1, [a + b for a, b in zip(total, own)]

            _, total = _loop(
                count, backward, [tf.zeros_like(w) for w in weights]
            )
            return total

        return (outputs.stack(), *last), gradient

    outputs, *state = outputs_and_state(*weights)
    return state, outputs


def _loop(count, body, *values):
    """`i, *values = body(i, *values)` for `i` from 0, one after the other."""
    return tf.while_loop(
        lambda i, *_: i < count, body, (0, *values), parallel_iterations=1
    )
