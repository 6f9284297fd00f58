"""What can be embedded: recordings, files and windows that fit an encoder."""

import math
import os
import warnings

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data import Recording, read_recording, read_recordings
from keras_relcon.data.at_rest import (
    rest_magnitude,
    rest_magnitude_of_windows,
    without_gravity_message,
)
from keras_relcon.data.readers.file_kinds import stem_of
from keras_relcon.data.units import check_windows_in_g

# The input of an encoder without the metadata of a preset.
SAMPLE_RATE_HZ = 100
WINDOW_LENGTH = 256
# Most of what people do is below 10 Hz, half of this rate.
MOTION_RATE_HZ = 20
OR_ACCEPT = (
    ', or pass without_gravity="accept" if the encoder was trained on such'
)


def check_as_cut(windows, sample_rate_hz, window_length, stride):
    rate, length = windows.sample_rate_hz, windows.acceleration.shape[1]
    received = {
        name: value
        for name, value, own in (
            ("sample_rate_hz", sample_rate_hz, rate),
            ("window_length", window_length, length),
            ("stride", stride, None),
        )
        if value is not None and value != own
    }
    if received:
        raise ValueError(
            message(
                f"`Windows`, here of {length} samples at {rate:g} Hz, are "
                "embedded as they are.",
                received,
                "Leave the arguments out, or pass recordings.",
            )
        )


def warn_of_low_rate(recording, name, rate_hz):
    found = recording.sample_rate_hz
    if found >= min(MOTION_RATE_HZ, rate_hz):
        return
    warnings.warn(
        message(
            f"The encoder was trained on {rate_hz:g} Hz.",
            f"recording {name!r} at {found:.4g} Hz, which holds no motion "
            f"above {found / 2:.3g} Hz: what is faster, such as most of a "
            "step, is lost",
            f"Record at {MOTION_RATE_HZ} Hz or more for embeddings that tell "
            "motions apart.",
        ),
        stacklevel=3,
    )


def warn_of_placement(recording, name, encoder):
    preset = getattr(encoder, "preset_metadata", None)
    known = preset.facts.get("placements") if preset else None
    found = recording.placement
    if found is None or not known or found in known:
        return
    warnings.warn(
        message(
            f"The encoder was trained on devices at the {', '.join(known)}.",
            f"recording {name!r} of a device at the {found}",
            "Compare such embeddings with those of the same place alone, or "
            "train an encoder on it.",
        ),
        stacklevel=3,
    )


def check_windows(encoder, windows, without_gravity="error"):
    """Raises a ValueError if `Windows` are not what an encoder takes.

    Args:
        encoder: `keras.Model`.
        windows: `Windows`.
        without_gravity: as of `embed`. Defaults to `"error"`.
    """
    valid = np.asarray(windows.valid, dtype=bool)
    acceleration = windows.acceleration[valid]
    if without_gravity == "error":
        _check_magnitude(
            rest_magnitude_of_windows(acceleration), "windows", OR_ACCEPT
        )
    if getattr(encoder, "preset_metadata", None) is not None:
        expected_input(
            encoder, windows.sample_rate_hz, windows.acceleration.shape[1]
        )
    check_windows_in_g(
        acceleration, ", or use `embed_windows` if they are standardised"
    )


def check_gravity(recording, name, or_else=""):
    """Raises a ValueError if a signal is near 0 g at rest.

    Args:
        recording: `Recording`.
        name: str. What the message calls it.
        or_else: str. What else its reader could do. Defaults to nothing.
    """
    _check_magnitude(
        rest_magnitude(recording.acceleration, recording.sample_rate_hz),
        f"recording {name!r}",
        or_else,
    )


def _check_magnitude(magnitude, what, or_else):
    text = without_gravity_message(
        magnitude, what, f"Read the columns that are with gravity{or_else}."
    )
    if text:
        raise ValueError(text)


def expected_input(encoder, sample_rate_hz=None, window_length=None):
    """Returns the input of an encoder: `(sample_rate_hz, window_length)`.

    Args:
        encoder: `keras.Model`. Its `preset_metadata` states both, if it has
            one; an `ExportedEncoder` has at least the length.
        sample_rate_hz: number, or `None` for the rate of the encoder.
        window_length: int, or `None` for the length of the encoder.

    Raises:
        ValueError: if an argument contradicts the encoder's preset.
    """
    preset = getattr(encoder, "preset_metadata", None)
    if preset is None:
        own = getattr(encoder, "window_length", None)  # of an exported file
        default = own if isinstance(own, int) else WINDOW_LENGTH
        return (
            SAMPLE_RATE_HZ if sample_rate_hz is None else sample_rate_hz,
            default if window_length is None else window_length,
        )
    for name, given in (
        ("sample_rate_hz", sample_rate_hz),
        ("window_length", window_length),
    ):
        wanted = getattr(preset, name)
        if given is not None and given != wanted:
            raise ValueError(
                f"`{name}` must be what the encoder's preset was trained on, "
                f"{wanted:g}. Received: {name}={given}. Leave the argument "
                "out, or resample and cut the recordings again."
            )
    return preset.sample_rate_hz, preset.window_length


def check_read_options(read_options, items):
    """Raises a ValueError if there are options, but not only paths."""
    read = [x for x in items if not isinstance(x, (str, os.PathLike))]
    if read_options and read:
        raise ValueError(
            "`read_options` are for paths only. Received: "
            f"read_options={read_options} with {type(read[0]).__name__}, which "
            "is already read. Pass them to `read_recording`."
        )


def each_recording(recording, read_options=None):
    """Yields recordings; a file is read only when it is its turn.

    Args:
        recording, read_options: as of `embed`, without `Windows`.
    """
    if isinstance(recording, (Recording, str, os.PathLike)):
        recording = [recording]
    recordings = list(recording)
    if not recordings:
        raise ValueError(
            "`recording` must hold at least one recording. Received: none."
        )
    check_read_options(read_options, recordings)
    for item in recordings:
        if isinstance(item, (str, os.PathLike)):
            options = {"subject": stem_of(item), "label_column": False}
            options |= read_options or {}
            if options.get("on_clock_change") == "split":
                yield from read_recordings(
                    item, max_gap_seconds=math.inf, **options
                )
            else:
                yield read_recording(item, **options)
        elif isinstance(item, Recording):
            yield item
        else:
            raise TypeError(
                "`recording` must be a `Recording`, a path, `Windows`, or a "
                "list of recordings or paths. Received: an item of type "
                f"{type(item).__name__}. Make a `Recording` of a signal."
            )
