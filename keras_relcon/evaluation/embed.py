import dataclasses

import keras
import numpy as np
from keras import ops

from keras_relcon.data import Windows, make_windows


@dataclasses.dataclass(frozen=True)
class Embeddings:
    """The embedding of every window of one or more recordings, in order.

    Attributes:
        embeddings: `(windows, dim)` float32, unitless. A row is NaN where
            `valid` is False: an invalid window has no embedding.
        start_seconds: `(windows,)`. Start of each window, seconds from the
            start of its recording.
        valid: `(windows,)` bool.
        subjects: `(windows,)` str.
        recordings: `(windows,)` str. Recording each window was cut from.
    """

    embeddings: np.ndarray
    start_seconds: np.ndarray
    valid: np.ndarray
    subjects: np.ndarray
    recordings: np.ndarray

    def __len__(self):
        return len(self.embeddings)


def embed(
    encoder,
    recording,
    sample_rate_hz=100,
    window_length=256,
    stride=None,
    batch_size=256,
):
    """Cuts a recording into windows and embeds each valid one.

    Args:
        encoder: `keras.Model` from `(batch, time, 3)`, g, to `(batch, dim)`.
        recording: `Recording`, a list of them, or `Windows`. `Windows` are
            embedded as they are; the next three arguments then do nothing.
        sample_rate_hz: number. Rate the encoder was trained at. Defaults to
            `100`.
        window_length: int. Samples in a window. Defaults to `256`.
        stride: int or None. Samples from one start to the next. `None`
            means `window_length`: windows without overlap. Defaults to
            `None`.
        batch_size: int. Windows per forward pass. Defaults to `256`.

    Returns:
        `Embeddings`.

    Raises:
        ValueError: if no window is valid, if the encoder does not return
            one vector per window, or if an embedding is not finite.

    Example:
    ```python
    result = keras_relcon.evaluation.embed(encoder, recording)
    result.embeddings[result.valid], result.start_seconds[result.valid]
    ```
    """
    windows = recording
    if not isinstance(windows, Windows):
        windows = make_windows(
            recording,
            sample_rate_hz=sample_rate_hz,
            window_length=window_length,
            stride=window_length if stride is None else stride,
        )
    valid = np.asarray(windows.valid, dtype=bool)
    if not valid.any():
        raise ValueError(
            "Expected at least one valid window. "
            f"Received: {len(valid)} windows, 0 of them valid. Check that "
            "the recording is longer than a window and has no long gaps."
        )
    vectors = embed_windows(encoder, windows.acceleration[valid], batch_size)
    embeddings = np.full((len(valid), vectors.shape[1]), np.nan, np.float32)
    embeddings[valid] = vectors
    return Embeddings(
        embeddings,
        np.asarray(windows.start_seconds),
        valid,
        np.asarray(windows.subjects),
        np.asarray(windows.recordings),
    )


def embed_windows(encoder, acceleration, batch_size=256):
    """Embeds windows that are already cut; the encoder is in inference mode.

    The last, smaller batch is padded with copies of its last window, and
    their embeddings are dropped, so that a compiled encoder meets few shapes.

    Args:
        encoder: `keras.Model` or `keras.Layer` from `(batch, time, 3)` to
            `(batch, dim)`.
        acceleration: `(windows, time, 3)`, g.
        batch_size: int. Windows per forward pass. Defaults to `256`.

    Returns:
        `(windows, dim)` float32, unitless.

    Raises:
        ValueError: if `acceleration` is not `(windows, time, 3)`, if the
            output is not `(batch, dim)`, or if a window, a weight of the
            encoder or an embedding is not finite.
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
    # Looked for before and after the encoder: XLA's fused convolution and
    # ReLU turns NaN to 0 on CPU, so the embeddings alone may not show it.
    _check_finite(acceleration, "window", "Keep the valid windows only.")
    _check_weights(encoder)
    if not isinstance(encoder, keras.Model):
        encoder = keras.Sequential([encoder])  # a bare layer has no predict
    vectors = map_batches(
        lambda batch: _predict(encoder, batch), acceleration, batch_size
    )
    _check_finite(vectors, "embedding", "Check the encoder's training.")
    return vectors


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
    if batch_size < 1:
        raise ValueError(
            "`batch_size` must be at least 1. "
            f"Received: batch_size={batch_size}. Use 256."
        )
    batch_size = min(batch_size, 1 << (len(arrays) - 1).bit_length())
    outputs = []
    for start in range(0, len(arrays), batch_size):
        batch = arrays[start : start + batch_size]
        missing = batch_size - len(batch)
        if missing:
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, 0)])
        outputs.append(function(batch)[: batch_size - missing])
    return np.concatenate(outputs)


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


def _check_weights(encoder):
    for weight in encoder.weights:
        if not np.isfinite(ops.convert_to_numpy(weight.value)).all():
            raise ValueError(
                "Every weight of the encoder must be finite. Received: NaN "
                f"or infinite values in {weight.path}. Load weights from "
                "before the training diverged."
            )
