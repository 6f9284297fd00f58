import keras
import tensorflow as tf

from keras_relcon import distributed
from keras_relcon.distributed import tensorflow_replicas
from keras_relcon.models.train_steps.batch_inputs import (
    WithoutWeights,
    batch_inputs,
)


class TrainStep(WithoutWeights):
    """The training and test step of a model on TensorFlow.

    On several devices every replica runs it on its own rows, the loss is
    divided by their number, and `optimizer.apply` sums the gradients.
    """

    encoder: keras.Model

    def train_step(self, data):
        inputs = batch_inputs(data)
        targets = self.targets_of(inputs)

        with tf.GradientTape() as tape:
            outputs = self(inputs, training=True)
            loss = self.compute_loss(inputs, targets, outputs, None, True)
            scaled_loss = self.optimizer.scale_loss(loss)
        self._loss_tracker.update_state(
            distributed.mean_loss(loss),
            sample_weight=_num_rows(inputs),
        )

        variables = self.trainable_variables
        gradients = tape.gradient(scaled_loss, variables)
        self.optimizer.apply(gradients, variables)
        return tensorflow_replicas.logs_of_step(
            self.compute_metrics(inputs, targets, outputs)
        )

    def test_step(self, data):
        inputs = batch_inputs(data)
        targets = self.targets_of(inputs)
        outputs = self(inputs, training=False)
        loss = self.compute_loss(inputs, targets, outputs, None, False)
        self._loss_tracker.update_state(
            distributed.mean_loss(loss),
            sample_weight=_num_rows(inputs),
        )
        return tensorflow_replicas.logs_of_step(
            self.compute_metrics(inputs, targets, outputs)
        )

    def encode_in_training(self, windows):
        """Embeddings of windows, whose gradient trains the encoder."""
        return self.encoder(windows, training=True)

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


def _num_rows(inputs):
    return tf.shape(keras.tree.flatten(inputs)[0])[0]
