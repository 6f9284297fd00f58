"""All that a compiled model holds, as arrays."""

import numpy as np
from keras import ops


def state_variables(model):
    """Every variable of a training, each once.

    Weights, batch norm statistics, states of seed generators, metrics, and
    the optimizer's: moments, iterations, learning rate, scale of the loss.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    variables = [
        *model.variables,
        *model.metrics_variables,
        *model.optimizer.variables,
    ]
    return list({id(variable): variable for variable in variables}.values())


def get_arrays(model):
    """Copies of the values of `state_variables`."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()  # during `fit` on JAX variables hold no values
    return [_to_array(variable) for variable in state_variables(model)]


def set_arrays(model, arrays, only=None):
    """Assigns what `get_arrays` gave, all or to some of the variables.

    Raises:
        ValueError: if the arrays are of another model or optimizer.
    """
    variables = state_variables(model)
    found = [tuple(array.shape) for array in arrays]
    expected = [tuple(variable.shape) for variable in variables]
    if found != expected:
        raise ValueError(
            "A checkpoint must be of the same model and optimizer. Received: "
            f"{len(found)} variables of {_size(found)} numbers, for a model "
            f"with {len(expected)} of {_size(expected)}. Use another "
            "directory, or remove this one to train from the start."
        )
    chosen = None if only is None else {id(variable) for variable in only}
    for variable, array in zip(variables, arrays):
        if chosen is None or id(variable) in chosen:
            variable.assign(_to_value(array, variable))


def is_finite(model, arrays):
    """Whether no number is NaN or infinite, but for those of metrics.

    Args:
        model: compiled `keras.Model`.
        arrays: list of arrays, as of `get_arrays`.
    """
    metrics = {id(variable) for variable in model.metrics_variables}
    return all(
        np.isfinite(array).all()
        for variable, array in zip(state_variables(model), arrays)
        if array.dtype.kind == "f" and id(variable) not in metrics
    )


def _to_array(variable):
    array = np.array(ops.convert_to_numpy(variable))
    # Files know no bfloat16: its bits are kept.
    return array if array.dtype.isbuiltin == 1 else array.view("uint16")


def _to_value(array, variable):
    if array.dtype == "uint16" and variable.dtype == "bfloat16":
        bits = array.astype("uint32") << 16  # bfloat16 is the upper half
        return ops.cast(ops.convert_to_tensor(bits.view("float32")), "bfloat16")
    return array


def _size(shapes):
    return sum(int(np.prod(shape)) for shape in shapes)
