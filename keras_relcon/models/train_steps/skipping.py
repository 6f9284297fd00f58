"""Leaves out a step whose outcome is not finite, in training and validation."""

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.models.built_first import build_variables


def step_or_nothing(model, step, *args, only_metrics=False):
    """Takes a step, and takes it back where it is not finite.

    Good are a finite loss and, after the step, finite weights, batch norm
    statistics and state of the optimizer, on every replica. Else all variables
    (these, seed generators and metrics) are what they were, on every replica,
    and `model.skipped_steps` counts one.

    Args:
        model: `RelConModel` with a metric `skipped_steps`.
        step: callable. Its train step, or its test step.
        *args: what Keras gives the step: `data`, on JAX `state, data`.
        only_metrics: bool. Whether the step changes nothing but metrics.
            Defaults to `False`.

    Returns:
        What the step returns.
    """
    if keras.backend.backend() == "jax":
        return _stateless(model, step, *args)
    return _stateful(model, step, *args, only_metrics)


def _stateful(model, step, data, only_metrics):
    build_variables(model, data)  # to be copied, they must be there
    count = {id(variable) for variable in model.skipped_steps.variables}
    trained = []
    if not only_metrics:
        trained = [*model.variables, *model.optimizer.variables]
    variables = [*trained, *model.metrics_variables]
    before = {
        id(variable): (variable, ops.stop_gradient(ops.copy(variable)))
        for variable in variables
        if id(variable) not in count
    }
    logs = step(data)
    is_good = _is_finite(logs, trained)
    # One replica alone may have met it, in statistics that are its own.
    is_bad = 1 - ops.cast(is_good, "float32")
    share_bad = distributed.mean_loss(distributed.own_share(is_bad))
    is_good = ops.equal(share_bad, 0)
    for variable, value in before.values():
        variable.assign(ops.where(is_good, variable, value))
    # On TensorFlow the counts of replicas are summed.
    is_bad = distributed.own_share(1 - ops.cast(is_good, "float32"))
    model.skipped_steps.update_state(is_bad)
    results = model.get_metrics_result()
    # Between workers of TensorFlow logs have another shape.
    return {
        name: ops.reshape(value, ops.shape(logs[name]))
        for name, value in results.items()
    }


def _stateless(model, step, state, data):
    logs, after = step(state, data)
    is_good = _is_finite(logs, sum(map(list, after[:-1]), []))
    after = keras.tree.map_structure(
        lambda new, old: ops.where(is_good, new, old), tuple(after), state
    )
    *after, metrics = after
    (count,) = model.skipped_steps.variables
    place = [v is count for v in model.metrics_variables].index(True)
    metrics[place] = state[-1][place] + (1 - ops.cast(is_good, "float32"))
    mapping = zip(model.metrics_variables, metrics)
    with keras.StatelessScope(state_mapping=mapping):
        logs = model.get_metrics_result()
    return logs, (*after, metrics)


def _is_finite(logs, variables):
    # The mean loss of the epoch was finite before this step.
    is_good = ops.all(ops.isfinite(logs["loss"]))
    for variable in variables:
        if keras.backend.is_float_dtype(variable.dtype):
            is_good = ops.logical_and(is_good, ops.all(ops.isfinite(variable)))
    return is_good
