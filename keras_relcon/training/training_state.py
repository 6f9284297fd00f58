"""What a model and the callbacks of a training hold, as plain data."""

import inspect

import numpy as np
from keras import ops

NUMBERS = (bool, int, float, np.integer, np.floating)


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


def check_order(groups):
    """Raises a ValueError unless batches are known by their number.

    Args:
        groups: `EpochBatches`, of which `fit` has drawn a batch.
    """
    if not groups.is_drawn_from:
        raise ValueError(
            "`groups` must be the very object that `fit` is given. "
            "Received: groups that no batch was drawn from. For several "
            "devices: `groups = parallel.shard(groups)`, for both."
        )
    if not groups.is_in_order:
        raise ValueError(
            "Batches must come in the order of their index, so that it is "
            "known which one it is. Received: another order. Pass "
            "`shuffle=False` to `fit`."
        )


def optimizer_name(model):
    """The class of the optimizer, and of the one that it wraps."""
    optimizer = model.optimizer
    inner = getattr(optimizer, "inner_optimizer", None)
    kinds = [optimizer] if inner is None else [optimizer, inner]
    return " of ".join(type(kind).__name__ for kind in kinds)


def get_arrays(model):
    """Copies of the values of `state_variables`."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()  # during `fit` on JAX variables hold no values
    return [_to_array(variable) for variable in state_variables(model)]


def set_arrays(model, arrays):
    """Assigns what `get_arrays` gave.

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
    for variable, array in zip(variables, arrays):
        variable.assign(_to_value(array, variable))


def is_finite(model, arrays):
    """Whether no number is NaN or infinite, but for those of metrics.

    Args:
        model: compiled `keras.Model`.
        arrays: list of arrays, as of `get_arrays`.
    """
    metrics = {id(variable) for variable in model.metrics_variables}
    return all(
        np.isfinite(_widened(array, variable)).all()
        for variable, array in zip(state_variables(model), arrays)
        if id(variable) not in metrics
    )


def get_state(callback):
    """Counters, best scores and best weights of a callback.

    Args:
        callback: `keras.callbacks.Callback`.

    Returns:
        `(values, arrays)`: dict of its attributes that are numbers, and of
        its public ones that are None; and dict of those that are lists of
        arrays, such as `EarlyStopping.best_weights`.
    """
    values, arrays = {}, {}
    for name, value in vars(callback).items():
        if isinstance(value, NUMBERS):
            values[name] = value.item() if hasattr(value, "item") else value
        elif value is None and not name.startswith("_"):
            values[name] = None
        elif _is_list_of_arrays(value):
            arrays[name] = [
                # Files know no bfloat16: its numbers are kept, in float32.
                each if each.dtype.isbuiltin == 1 else each.astype("float32")
                for each in value
            ]
    return values, arrays


def set_state(callback, values, arrays):
    """Gives a callback what `get_state` took of it, but for settings.

    They are what a callback of Keras is made with, also as the base of another.
    A user's own callback may count in what it was made with.
    """
    settings = {
        name
        for kind in type(callback).__mro__
        if kind.__module__.partition(".")[0] == "keras"
        for name in inspect.signature(kind).parameters
    }
    settings.add("monitor_op")  # `min_delta` has got its sign with it
    for name, value in {**values, **arrays}.items():
        if name not in settings:
            setattr(callback, name, value)


def _to_array(variable):
    array = np.array(ops.convert_to_numpy(variable))
    # Files know no bfloat16: its bits are kept.
    return array if array.dtype.isbuiltin == 1 else array.view("uint16")


def _to_value(array, variable):
    if _is_bfloat16(array, variable):
        wide = ops.convert_to_tensor(_widened(array, variable))
        return ops.cast(wide, "bfloat16")
    return array


def _widened(array, variable):
    """The numbers of an array of `_to_array`, bfloat16 in float32."""
    if _is_bfloat16(array, variable):
        bits = array.astype("uint32") << 16  # bfloat16 is the upper half
        return bits.view("float32")
    return array


def _is_bfloat16(array, variable):
    return array.dtype == "uint16" and variable.dtype == "bfloat16"


def _size(shapes):
    return sum(int(np.prod(shape)) for shape in shapes)


def _is_list_of_arrays(value):
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(item, np.ndarray) for item in value)
    )
