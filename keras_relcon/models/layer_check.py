import keras


def check_is_layer(name, value):
    """Raises a TypeError unless the value is a Keras layer, or `None`."""
    if value is not None and not isinstance(value, keras.Layer):
        raise TypeError(
            f"`{name}` must be a Keras layer or model, or None. Received: "
            f"{name}={value!r}."
        )
