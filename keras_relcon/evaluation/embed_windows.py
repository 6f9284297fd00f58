"""Embeds windows that are already cut, in batches of a few sizes."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_whole, message
from keras_relcon.data.units import check_windows_in_g
from keras_relcon.models.chain import chain

# While Keras predicts on JAX the values of its variables are given away, and
# models share variables. So threads take turns there.
one_at_a_time: contextlib.AbstractContextManager[Any] = (
    threading.Lock()
    if keras.backend.backend() == "jax"
    else contextlib.nullcontext()
)


def embed_windows(
    encoder: keras.Model,
    acceleration: np.ndarray,
    batch_size: int = 256,
    on_batch: Callable[[int], Any] | None = None,
) -> np.ndarray:
    """Embeds windows that are already cut; the encoder is in inference mode.

    The last, smaller batch is padded with copies of its last window, whose
    embeddings are dropped. So a compiled encoder sees only a few shapes.

    Args:
        encoder: `keras.Model` or `keras.layers.Layer` from
            `(batch, time, 3)` to `(batch, dim)`.
        acceleration: `(windows, time, 3)`, in g, or in the unit that the
            encoder expects.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        on_batch: callable. Called with the number of windows of each batch
            when it is done. Defaults to `None`.

    Returns:
        `(windows, dim)` float32, unitless.

    Raises:
        ValueError: if `acceleration` is not `(windows, time, 3)` or has no
            window, `batch_size` is below 1, the output is not `(batch, dim)`,
            a window, a weight of the encoder or an embedding is not finite,
            or windows for a preset are in m/s2, by their median magnitude.
    """
    acceleration = np.asarray(acceleration, dtype="float32")
    check_acceleration("acceleration", acceleration)
    check_whole("batch_size", batch_size, advice="Use 256.")
    batch_size = min(batch_size, power_of_two(len(acceleration)))
    if getattr(encoder, "preset_metadata", None) is not None:
        check_windows_in_g(acceleration, "")
    model = as_model(encoder)
    check_weights(model)
    return embed_batches(model, acceleration, batch_size, on_batch)


def embed_batches(model, acceleration, batch_size, on_batch):
    """Embeds windows in batches that are all full; weights are not checked.

    Args:
        model: `keras.Model`. See `as_model`.
        acceleration, batch_size, on_batch: see `embed_windows`.

    Returns:
        `(windows, dim)` float32, unitless.
    """
    # Checked before and after the encoder: on a CPU, XLA's fused convolution
    # and ReLU turn NaN into 0, so the embeddings alone may not show it.
    check_finite(acceleration, "window", "Keep the valid windows only.")

    def predict(batch):
        vectors = _predict(model, batch)
        if on_batch is not None:
            on_batch(len(batch))
        return vectors

    vectors = _map_full_batches(predict, acceleration, batch_size)
    check_finite(vectors, "embedding", "Check the encoder's training.")
    return vectors


def as_model(encoder):
    """Returns the encoder; a layer, which has no `predict`, as a model."""
    if hasattr(encoder, "predict_on_batch"):
        return encoder
    return chain([encoder])


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
    check_whole("batch_size", batch_size, advice="Use 256.")
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


def _predict(encoder, batch):
    with one_at_a_time:
        vectors = encoder.predict_on_batch(batch)
    if getattr(vectors, "ndim", None) != 2:
        received = getattr(vectors, "shape", type(vectors).__name__)
        raise ValueError(
            message(
                "The encoder must return one vector per window, (batch, dim).",
                f"an output of {received}",
                "Pool over time, or pass the encoder without its heads.",
            )
        )
    return np.asarray(vectors, dtype="float32")


def check_acceleration(name, acceleration):
    """Raises unless an array is one window or more, `(windows, time, 3)`."""
    shape = np.shape(acceleration)
    if len(shape) != 3 or shape[-1] != 3 or not shape[0]:
        raise ValueError(
            message(
                f"`{name}` must be windows of shape (windows, time, 3), in g, "
                "with at least one window.",
                f"shape={shape}",
                "Cut them with `make_windows`; of a single one pass "
                f"{name}[None].",
            )
        )


def check_finite(rows, word, advice):
    """Raises if a row of an array, which is called `word`, is not finite."""
    finite = np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
    if not finite.all():
        count = int(np.sum(~finite))
        raise ValueError(
            message(
                f"Every {word} must be finite.",
                f"{count} of {len(rows)} {word}s with NaN or infinite values",
                advice,
            )
        )


def check_weights(encoder):
    """Raises if a weight of an encoder is not finite."""
    for weight in encoder.weights:
        with one_at_a_time:
            value = ops.convert_to_numpy(weight.value)
        if not np.isfinite(value).all():
            raise ValueError(
                message(
                    "Every weight of the encoder must be finite.",
                    f"NaN or infinite values in {weight.path}",
                    "Load weights from before the training diverged.",
                )
            )
