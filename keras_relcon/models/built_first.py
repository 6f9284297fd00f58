import contextlib
from typing import Any

import keras

from keras_relcon.checks import message

# Place of `shuffle` among the arguments of `fit` after `x`.
SHUFFLE = 8


class BuiltFirst:
    """Mixin of models that makes all variables before `fit` traces a step.

    Made while TensorFlow traces a step, they take a second trace and one of
    their own each, several seconds in all. Keras makes them first on the other
    backends, but draws some batches of a `PyDataset` with workers for it, which
    would then be given once more in the first epoch. Here the first batch of a
    `PyDataset` is drawn once more.

    The batches of a `PyDataset` come in their order unless `shuffle` is given:
    those of this package are drawn at random already, and what goes on in the
    middle of an epoch, or names a batch, must know the order.
    """

    distribute_strategy: Any

    def fit(
        self, x: Any = None, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        if isinstance(x, keras.utils.PyDataset) and len(args) < SHUFFLE:
            kwargs.setdefault("shuffle", False)
        _check_steps(x, kwargs.get("steps_per_epoch"))
        if hasattr(x, "first_index"):
            x.first_index = 0  # else where an error ended a `fit` before
        scope = contextlib.nullcontext()
        is_traced = keras.backend.backend() == "tensorflow"
        if is_traced:
            scope = self.distribute_strategy.scope()
        if is_traced or _is_drawn_ahead(x) or _is_all_drawn(x):
            with scope:
                build_variables(self, x)
        return super().fit(x, *args, **kwargs)  # type: ignore[misc]


def _check_steps(x, steps):
    """Streams of this package count their epochs by their own batches."""
    if hasattr(x, "first_index") and steps not in (None, len(x)):
        raise ValueError(
            message(
                "`steps_per_epoch` must be that of the stream, which counts "
                "its epochs itself.",
                f"steps_per_epoch={steps} for {len(x)} batches",
                f"Pass it to `{type(x).__name__}`.",
            )
        )


def build_variables(model, data):
    """Makes the variables of a model and of its optimizer, if it can.

    Args:
        model: Keras model.
        data: what `fit` or a training step takes. What would be used up by
            looking at it, such as a generator, is left alone.
    """
    if not model.built:
        shapes = _input_shapes(data)
        if shapes is None:
            return
        model.build(shapes)
    optimizer = getattr(model, "optimizer", None)  # none before `compile`
    if optimizer is None or optimizer.built or _lacks_variables(model):
        return
    optimizer.build(model.trainable_variables)


def _is_drawn_ahead(data):
    return isinstance(data, keras.utils.PyDataset) and (
        data.workers > 1 or data.use_multiprocessing
    )


def _is_all_drawn(data):
    """Whether the batch that Keras draws to build by is a whole epoch."""
    return hasattr(data, "first_index") and len(data) == 1


def _lacks_variables(model):
    """Whether a layer waits for its first call, as in a model of a user."""
    return any(
        not layer.built and type(layer).build is not keras.Layer.build
        for layer in model._flatten_layers()
    )


def _input_shapes(data):
    """Shapes of the inputs of a batch; `None` where one would be used up."""
    if hasattr(data, "first_index"):  # it counts what is drawn as a batch
        data = data.batch(data.epoch, 0)
    elif isinstance(data, keras.utils.PyDataset):
        data = data[0]
    elif hasattr(data, "element_spec"):  # `tf.data.Dataset`
        data = data.element_spec
    inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    if not all(hasattr(part, "shape") for part in keras.tree.flatten(inputs)):
        return None
    return keras.tree.map_structure(lambda part: tuple(part.shape), inputs)
