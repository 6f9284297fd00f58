"""What methods that train on windows ask of their input."""


def check_windows(name, shape):
    """Raises a ValueError unless the shape is that of windows."""
    if len(shape) != 3:
        raise ValueError(
            f"`{name}` expects windows of shape (batch, time, channels), in g. "
            f"Received: shape={tuple(shape)}. "
            "`keras_relcon.data.WindowBatches` yields such batches."
        )
