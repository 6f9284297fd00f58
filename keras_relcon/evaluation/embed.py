from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
import numpy as np

from keras_relcon.checks import check_one_of, check_whole
from keras_relcon.data import (
    Recording,
    Windows,
)
from keras_relcon.data.windows import (
    NoWindow,
    recording_name,
    warn_if_short,
    window_clock,
)
from keras_relcon.evaluation.embed_input import (
    OR_ACCEPT,
    check_as_cut,
    check_gravity,
    check_read_options,
    check_windows,
    each_recording,
    expected_input,
    warn_of_low_rate,
    warn_of_placement,
)
from keras_relcon.evaluation.embed_windows import (
    as_model,
    check_weights,
    embed_batches,
    embed_windows,
    power_of_two,
)
from keras_relcon.evaluation.embeddings import Embeddings
from keras_relcon.evaluation.progress_bar import ProgressBar
from keras_relcon.evaluation.window_stream import WindowStream
from keras_relcon.types import PathLike

# Windows that are in memory at a time, where the batch is not larger.
BLOCK_WINDOWS = 1024


def embed(
    encoder: keras.Model,
    recording: Recording | PathLike | Sequence[Recording | PathLike] | Windows,
    sample_rate_hz: float | None = None,
    window_length: int | None = None,
    stride: int | None = None,
    batch_size: int = 256,
    verbose: bool | Literal["auto"] = "auto",
    read_options: Mapping[str, Any] | None = None,
    without_gravity: Literal["error", "accept"] = "error",
) -> Embeddings:
    """Cuts recordings of any length into windows and embeds each valid one.

    A recording at less than 20 Hz, for an encoder of a higher rate, is warned
    of: its motion above half its rate is lost. So is one of a device that was
    worn elsewhere than the preset's `facts["placements"]` say.

    A recording is resampled, cut and embedded block by block, so that only
    the recording, one block and the embeddings are in memory. Files are read
    one at a time.

    Args:
        encoder: `keras.Model` from `(batch, time, 3)`, g, to `(batch, dim)`.
            An encoder of `keras_relcon.presets.from_preset` states its own
            rate and window length.
        recording: `Recording`, the path of a file that `read_recording`
            reads, or a list of these; or `Windows`, which are embedded as
            they are: arguments below must not ask for others.
        sample_rate_hz: number. Rate at which the encoder was trained. Defaults
            to that of the encoder's preset, else to `100`.
        window_length: int. Samples in a window. Defaults to that of the
            encoder's preset, else to `256`.
        stride: int or None. Samples from one start to the next. `None`
            means `window_length`: windows without overlap. Defaults to
            `None`.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        verbose: bool or `"auto"`. Whether to show a progress bar; `"auto"`
            shows it on a terminal. Defaults to `"auto"`.
        read_options: dict. Arguments of `read_recording`, for paths, such as
            `{"unit": "m/s2", "sample_rate_hz": 50}`, with the rate of the
            file. `subject` defaults to the name of the file, and no labels
            are read. With `on_clock_change="split"` a file is one recording
            from each step back of its times to the next. Defaults to `None`.
        without_gravity: str. What to do with a signal that is near 0 where the
            device rests, when it must be near 1 g: `"error"`, or `"accept"`
            for an encoder that was trained on such. Defaults to `"error"`.

    Returns:
        `Embeddings`.

    Raises:
        TypeError: if `recording` is none of the above.
        FileNotFoundError, ImportError: as `read_recording`.
        ValueError: if a size is not positive; if a signal is without gravity
            (see `without_gravity`); if an argument or `Windows`
            contradict the encoder's preset, or each other; if `read_options`
            are given without a path; if `Windows` are not in g; if no window
            is valid; if the encoder does not return one vector per window; if
            one of its weights or an embedding is not finite; and as
            `read_recording`.

    Example:
    ```python
    encoder = keras_relcon.presets.from_preset("relcon_base")
    result = keras_relcon.evaluation.embed(encoder, recording)
    result.embeddings[result.valid], result.start_seconds[result.valid]
    ```
    """
    check_whole("batch_size", batch_size, advice="Use 256.")
    check_one_of("without_gravity", without_gravity, ("error", "accept"))
    if isinstance(recording, Windows):
        check_read_options(read_options, [recording])
        check_as_cut(recording, sample_rate_hz, window_length, stride)
        check_windows(encoder, recording, without_gravity)
        return _embed_cut(encoder, recording, batch_size, verbose)
    rate, length = expected_input(encoder, sample_rate_hz, window_length)
    stride = length if stride is None else stride
    model = as_model(encoder)
    check_weights(model)
    parts, num_short, count = [], 0, 0
    for item in each_recording(recording, read_options):
        if without_gravity == "error":
            check_gravity(item, recording_name(item, count), OR_ACCEPT)
        warn_of_low_rate(item, recording_name(item, count), rate)
        warn_of_placement(item, recording_name(item, count), encoder)
        stream = WindowStream(item, rate, length, stride)
        count += 1
        if len(stream):
            name = recording_name(item, count - 1)
            parts.append(
                _embed_stream(model, stream, name, batch_size, verbose)
            )
        else:
            num_short += 1
        del item, stream  # not in memory while the next file is read
    warn_if_short(num_short, count, length, rate)
    return _joined(parts)


def _embed_stream(model, stream, name, batch_size, verbose):
    batch_size = min(batch_size, power_of_two(len(stream)))
    block_windows = batch_size * -(-BLOCK_WINDOWS // batch_size)
    valid = np.zeros(len(stream), bool)
    embeddings = None
    done = 0
    with ProgressBar(len(stream), verbose) as progress:
        for windows, is_valid in stream.blocks(block_windows):
            rows = slice(done, done + len(windows))
            valid[rows] = is_valid
            if is_valid.any():
                vectors = embed_batches(
                    model, windows[is_valid], batch_size, progress.add
                )
                if embeddings is None:
                    shape = (len(stream), vectors.shape[1])
                    embeddings = np.full(shape, np.nan, np.float32)
                embeddings[rows][is_valid] = vectors
            done = rows.stop
            progress.reach(done)
    return (
        embeddings,
        stream.start_seconds,
        valid,
        np.full(len(stream), stream.recording.subject),
        np.full(len(stream), name),
        *window_clock(stream.recording, stream.start_seconds).values(),
    )


def _joined(parts):
    num_windows = sum(len(part[2]) for part in parts)
    dims = {part[0].shape[1] for part in parts if part[0] is not None}
    if not dims:
        raise NoWindow(
            "Expected at least one valid window. "
            f"Received: {num_windows} windows, 0 of them valid. Check that "
            "the recording is longer than a window and has no long gaps."
        )
    empty = (dims.pop(),)
    parts = [
        (np.full((len(part[2]), *empty), np.nan, np.float32), *part[1:])
        if part[0] is None
        else part
        for part in parts
    ]
    if len(parts) == 1:
        return Embeddings(*parts[0])
    return Embeddings(*(np.concatenate(column) for column in zip(*parts)))


def _embed_cut(encoder, windows, batch_size, verbose):
    valid = np.asarray(windows.valid, dtype=bool)
    embeddings = None
    if valid.any():
        with ProgressBar(int(valid.sum()), verbose) as progress:
            vectors = embed_windows(
                encoder, windows.acceleration[valid], batch_size, progress.add
            )
        embeddings = np.full((len(valid), vectors.shape[1]), np.nan, np.float32)
        embeddings[valid] = vectors
    columns = (
        np.asarray(windows.start_seconds),
        valid,
        np.asarray(windows.subjects),
        np.asarray(windows.recordings),
        np.asarray(windows.start_times),
        np.asarray(windows.time_zones),
    )
    return _joined([(embeddings, *columns)])
