import functools
import warnings

import jax
import keras


class RelConTrainStep:
    """The training and test step of `RelConModel` on JAX.

    On several devices the step is the same: it sees the global batch, and XLA
    averages gradients between devices.

    During `fit` a variable holds no value, all are in `state`; the distance is
    read in a stateless scope that maps each variable to its value there.
    """

    def _stateless_rank(self, trainable, non_trainable, inputs):
        variables = self.trainable_variables + self.non_trainable_variables
        values = trainable + non_trainable
        with keras.StatelessScope(state_mapping=zip(variables, values)):
            return jax.lax.stop_gradient(self.rank_candidates(inputs))

    def train_step(self, state, data):
        trainable, non_trainable, optimizer_state, metrics = state
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        distances = self._stateless_rank(trainable, non_trainable, inputs)

        loss_and_gradients = jax.value_and_grad(
            self.compute_loss_and_updates, has_aux=True
        )
        (_, auxiliary), gradients = loss_and_gradients(
            trainable,
            non_trainable,
            metrics,
            inputs,
            distances,
            None,
            training=True,
            optimizer_variables=optimizer_state,
        )
        loss, similarities, non_trainable, metrics = auxiliary

        trainable, optimizer_state = self.optimizer.stateless_apply(
            optimizer_state, gradients, trainable
        )
        logs, metrics = self._update_metrics_variables(
            metrics, loss, inputs, distances, similarities, None
        )
        return logs, (trainable, non_trainable, optimizer_state, metrics)

    def test_step(self, state, data):
        trainable, non_trainable, metrics = state
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        distances = self._stateless_rank(trainable, non_trainable, inputs)
        _, auxiliary = self.compute_loss_and_updates(
            trainable,
            non_trainable,
            metrics,
            inputs,
            distances,
            None,
            training=False,
        )
        loss, similarities, non_trainable, metrics = auxiliary
        logs, metrics = self._update_metrics_variables(
            metrics, loss, inputs, distances, similarities, None
        )
        return logs, (trainable, non_trainable, metrics)


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
