import jax
import keras

from keras_relcon.models.train_steps.batch_inputs import (
    WithoutWeights,
    batch_inputs,
)


class TrainStep(WithoutWeights):
    """The training and test step of a model on JAX.

    On several devices the step is the same: it sees the global batch, and XLA
    averages gradients between devices.

    During `fit` a variable holds no value, all are in `state`; what gives the
    targets is read in a stateless scope that maps each variable to its value
    there.
    """

    encoder: keras.Model

    def train_step(self, state, data):
        trainable, non_trainable, optimizer_state, metrics = state
        inputs = batch_inputs(data)
        targets = self._stateless_targets(trainable, non_trainable, inputs)

        loss_and_gradients = jax.value_and_grad(
            self.compute_loss_and_updates, has_aux=True
        )
        (_, auxiliary), gradients = loss_and_gradients(
            trainable,
            non_trainable,
            metrics,
            inputs,
            targets,
            None,
            training=True,
            optimizer_variables=optimizer_state,
        )
        loss, outputs, non_trainable, metrics = auxiliary

        trainable, optimizer_state = self.optimizer.stateless_apply(
            optimizer_state, gradients, trainable
        )
        logs, metrics = self._update_metrics_variables(
            metrics, loss, inputs, targets, outputs, None
        )
        return logs, (trainable, non_trainable, optimizer_state, metrics)

    def test_step(self, state, data):
        trainable, non_trainable, metrics = state
        inputs = batch_inputs(data)
        targets = self._stateless_targets(trainable, non_trainable, inputs)
        _, auxiliary = self.compute_loss_and_updates(
            trainable,
            non_trainable,
            metrics,
            inputs,
            targets,
            None,
            training=False,
        )
        loss, outputs, non_trainable, metrics = auxiliary
        logs, metrics = self._update_metrics_variables(
            metrics, loss, inputs, targets, outputs, None
        )
        return logs, (trainable, non_trainable, metrics)

    def encode_in_training(self, windows):
        """Embeddings of windows, whose gradient trains the encoder."""
        return self.encoder(windows, training=True)

    def _stateless_targets(self, trainable, non_trainable, inputs):
        variables = self.trainable_variables + self.non_trainable_variables
        values = trainable + non_trainable
        with keras.StatelessScope(state_mapping=zip(variables, values)):
            return self.targets_of(inputs)
