import keras
import numpy as np
from keras import ops


def embed_windows(encoder, acceleration, batch_size=256, on_batch=None):
    """Embeds windows that are already cut; the encoder is in inference mode.

    The last, smaller batch is padded with copies of its last window, and
    their embeddings are dropped, so that a compiled encoder meets few shapes.

    Args:
        encoder: `keras.Model` or `keras.layers.Layer` from
            `(batch, time, 3)` to `(batch, dim)`.
        acceleration: `(windows, time, 3)`, g, or what the encoder takes.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        on_batch: callable. Is given the number of windows of each batch when
            it is done. Defaults to `None`.

    Returns:
        `(windows, dim)` float32, unitless.

    Raises:
        ValueError: if `acceleration` is not `(windows, time, 3)` or holds no
            window, `batch_size` is below 1, the output is not `(batch, dim)`,
            or a window, a weight of the encoder or an embedding is not finite.
    """
    acceleration = np.asarray(acceleration, dtype="float32")
    if acceleration.ndim != 3 or acceleration.shape[-1] != 3:
        raise ValueError(
            "`acceleration` must have the shape (windows, time, 3). "
            f"Received: acceleration.shape={acceleration.shape}. Add the "
            "axis of windows to a single one: acceleration[None]."
        )
    if not len(acceleration):
        raise ValueError(
            "`acceleration` must hold at least one window. Received: "
            f"acceleration.shape={acceleration.shape}. Pass windows."
        )
    check_batch_size(batch_size)
    batch_size = min(batch_size, power_of_two(len(acceleration)))
    model = as_model(encoder)
    check_weights(model)
    return embed_batches(model, acceleration, batch_size, on_batch)


def embed_batches(model, acceleration, batch_size, on_batch):
    """Embeds windows in batches that are all full; weights are not checked.

    Args:
        model: `keras.Model`. See `as_model`.
        acceleration, batch_size, on_batch: as of `embed_windows`.

    Returns:
        `(windows, dim)` float32, unitless.
    """
    # Looked for before and after the encoder: XLA's fused convolution and
    # ReLU turns NaN to 0 on CPU, so the embeddings alone may not show it.
    _check_finite(acceleration, "window", "Keep the valid windows only.")

    def predict(batch):
        vectors = _predict(model, batch)
        if on_batch is not None:
            on_batch(len(batch))
        return vectors

    vectors = _map_full_batches(predict, acceleration, batch_size)
    _check_finite(vectors, "embedding", "Check the encoder's training.")
    return vectors


def as_model(encoder):
    """The encoder, or a model around a bare layer, which has no predict."""
    if isinstance(encoder, keras.Model):
        return encoder
    return keras.Sequential([encoder])


def map_batches(function, arrays, batch_size):
    """Applies `function` to full batches only, and joins the results.

    Args:
        function: callable. Takes a batch of rows, returns one row for each.
        arrays: `(rows, ...)` array.
        batch_size: int. Rows per call; with fewer rows in all, the next
            power of two, so that short inputs share a few shapes.

    Returns:
        `(rows, ...)` array.
    """
    check_batch_size(batch_size)
    batch_size = min(batch_size, power_of_two(len(arrays)))
    return _map_full_batches(function, arrays, batch_size)


def _map_full_batches(function, arrays, batch_size):
    outputs = []
    for start in range(0, len(arrays), batch_size):
        batch = arrays[start : start + batch_size]
        missing = batch_size - len(batch)
        if missing:
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, 0)])
        outputs.append(function(batch)[: batch_size - missing])
    return np.concatenate(outputs)


def power_of_two(count):
    """The smallest power of two that is not below `count`."""
    return 1 << (count - 1).bit_length()


def check_batch_size(batch_size):
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ValueError(
            "`batch_size` must be at least 1, a whole number. "
            f"Received: batch_size={batch_size}. Use 256."
        )


def _predict(encoder, batch):
    vectors = encoder.predict_on_batch(batch)
    if getattr(vectors, "ndim", None) != 2:
        received = getattr(vectors, "shape", type(vectors).__name__)
        raise ValueError(
            "The encoder must return one vector per window, (batch, dim). "
            f"Received: an output of {received}. Pool over time, or pass "
            "the encoder without its heads."
        )
    return np.asarray(vectors, dtype="float32")


def _check_finite(rows, word, advice):
    finite = np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"Every {word} must be finite. Received: {int(np.sum(~finite))} "
            f"of {len(rows)} {word}s with NaN or infinite values. {advice}"
        )


def check_weights(encoder):
    for weight in encoder.weights:
        if not np.isfinite(ops.convert_to_numpy(weight.value)).all():
            raise ValueError(
                "Every weight of the encoder must be finite. Received: NaN "
                f"or infinite values in {weight.path}. Load weights from "
                "before the training diverged."
            )
