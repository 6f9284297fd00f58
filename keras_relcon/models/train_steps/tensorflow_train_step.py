import keras
import tensorflow as tf

from keras_relcon import distributed
from keras_relcon.distributed import tensorflow_replicas


class RelConTrainStep:
    """The training and test step of `RelConModel` on TensorFlow.

    On several devices every replica runs it on its own rows, the loss is
    divided by their number, and `optimizer.apply` sums the gradients.
    """

    def train_step(self, data):
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        distances = tf.stop_gradient(self.rank_candidates(inputs))

        with tf.GradientTape() as tape:
            similarities = self(inputs, training=True)
            loss = self.compute_loss(
                inputs, distances, similarities, None, True
            )
            scaled_loss = self.optimizer.scale_loss(loss)
        self._loss_tracker.update_state(
            distributed.mean_loss(loss),
            sample_weight=tf.shape(inputs["anchor"])[0],
        )

        variables = self.trainable_variables
        gradients = tape.gradient(scaled_loss, variables)
        self.optimizer.apply(gradients, variables)
        return tensorflow_replicas.logs_of_step(
            self.compute_metrics(inputs, distances, similarities)
        )

    def test_step(self, data):
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        distances = self.rank_candidates(inputs)
        similarities = self(inputs, training=False)
        loss = self.compute_loss(inputs, distances, similarities, None, False)
        self._loss_tracker.update_state(
            distributed.mean_loss(loss),
            sample_weight=tf.shape(inputs["anchor"])[0],
        )
        return tensorflow_replicas.logs_of_step(
            self.compute_metrics(inputs, distances, similarities)
        )

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras 3.15 averages the first batch over replicas, to learn its
        # shapes, which a strategy of several workers cannot do with a dict.
        strategy = self.distribute_strategy
        if iterator is not None and strategy.num_replicas_in_sync > 1:
            _, _, batches = next(iter(iterator))
            data_batch = keras.tree.map_structure(
                lambda x: strategy.experimental_local_results(x)[0],
                next(batches),
            )
            iterator = None
        super()._maybe_symbolic_build(iterator, data_batch)


def compiled(function, model):
    """Compiles a function of tensors that reads the model's variables.

    Also inside a traced function: on a CPU Keras leaves XLA off, which is right
    for the encoder; the motif distance is several times faster with it.
    """
    return tf.function(function, jit_compile=True)


def has_accelerator():
    """Whether arrays are kept on a GPU or another accelerator."""
    return len(tf.config.list_logical_devices()) > len(
        tf.config.list_logical_devices("CPU")
    )


def one_by_one(function, state, parts):
    """Calls `state, output = function(state, part)` for each part in turn.

    Returns the last state, and the outputs stacked. Differentiable.
    """
    if parts.shape[0] is None:
        raise ValueError(
            "`micro_batch_size` needs batches of a known size on TensorFlow. "
            f"Received: micro-batches of shape {parts.shape}. Fit on "
            "`groups.to_tf_dataset()`."
        )
    # Unrolled: TensorFlow has no gradient of a recomputation in a while loop.
    outputs = []
    for part in tf.unstack(parts):
        if outputs:
            # Else several parts are in memory at once.
            with tf.control_dependencies([outputs[-1]]):
                part = tf.identity(part)
        state, output = function(state, part)
        outputs.append(output)
    return state, tf.stack(outputs)
