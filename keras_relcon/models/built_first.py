import keras


class BuiltFirst:
    """Mixin of models that makes all variables before `fit` traces a step.

    Made while TensorFlow traces a step, they take a second trace and one of
    their own each, several seconds in all. Keras makes them first on the other
    backends. The first batch of a `PyDataset` is drawn once more for it.
    """

    def fit(self, x=None, *args, **kwargs):
        if keras.backend.backend() == "tensorflow":
            with self.distribute_strategy.scope():
                self._build_first(x)
        return super().fit(x, *args, **kwargs)

    def _build_first(self, x):
        if not self.built:
            shapes = _input_shapes(x)
            if shapes is None:
                return
            self.build(shapes)
        optimizer = getattr(self, "optimizer", None)  # none before `compile`
        if optimizer is None or optimizer.built or self._lacks_variables():
            return
        optimizer.build(self.trainable_variables)

    def _lacks_variables(self):
        """Whether a layer waits for its first call, as in a model of a user."""
        return any(
            not layer.built and type(layer).build is not keras.Layer.build
            for layer in self._flatten_layers()
        )


def _input_shapes(data):
    """Shapes of the inputs of a batch; `None` where one would be used up."""
    if isinstance(data, keras.utils.PyDataset):
        data = data[0]
    elif hasattr(data, "element_spec"):  # `tf.data.Dataset`
        data = data.element_spec
    inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    if not all(hasattr(part, "shape") for part in keras.tree.flatten(inputs)):
        return None
    return keras.tree.map_structure(lambda part: tuple(part.shape), inputs)
