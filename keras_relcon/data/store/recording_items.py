"""Encodes the recordings that go into a store, and reports what is lost."""

import warnings

import numpy as np

from keras_relcon.data.recording import Recording
from keras_relcon.data.store.intervals import CLIPPED, Interval, valid_stretches
from keras_relcon.data.windows import recording_name


def encode_recordings(recordings, encoding, window_length, known=()):
    """Yields `(entry, samples, tables)` of each recording.

    Args:
        recordings: `Recording`, or iterable of `Recording` and of pairs of a
            `Recording` and a list of `Interval`.
        encoding: `SignalEncoding`.
        window_length: int. Shorter pieces are counted, and warned of.
        known: set of `(subject, recording)`. Ids that are taken.

    Yields:
        dict with `subject`, `recording`, `start_time` and `sample_rate_hz`;
        `(num_samples, 3)` array; dict of tables.

    Raises:
        TypeError: if an item is something else.
        ValueError: if there is none, two of a subject have the same id, or no
            piece is as long as a window.
    """
    if isinstance(recordings, Recording):
        recordings = [recordings]
    known, counts = set(known), {"short": 0, "kept": 0, "clipped": 0}
    num_known = len(known)
    for index, item in enumerate(recordings):
        recording, intervals = _recording_and_intervals(item)
        name = recording_name(recording, num_known + index)
        _check_is_new((recording.subject, name), known)
        known.add((recording.subject, name))
        samples, tables = encoding.encode(recording, intervals)
        _count(tables["invalid"], len(samples), window_length, counts)
        entry = {
            "subject": recording.subject,
            "recording": name,
            "start_time": recording.start_time,
            "sample_rate_hz": encoding.rate_of(recording),
        }
        yield entry, samples, tables
    if len(known) == num_known:
        raise ValueError(
            "`recordings` must hold at least one recording. Received: none."
        )
    _report(counts, window_length, encoding)


def _recording_and_intervals(item):
    recording, intervals = item, ()
    if isinstance(item, tuple) and len(item) == 2:
        recording, intervals = item
    is_right = isinstance(recording, Recording) and all(
        isinstance(interval, Interval) for interval in intervals
    )
    if not is_right:
        raise TypeError(
            "`recordings` must be one `Recording` or an iterable of them, or "
            "of pairs `(Recording, list of Interval)`. "
            f"Received: an item of type {type(item).__name__}. "
            "Make a `Recording` of each signal first."
        )
    return recording, intervals


def _check_is_new(key, known):
    if key in known:
        raise ValueError(
            "Each recording of a subject must have an id of its own. "
            f"Received: {key[1]!r} of subject {key[0]!r} twice. "
            "Set `recording_id`."
        )


def _count(invalid, num_samples, window_length, counts):
    for start, stop in valid_stretches(invalid, num_samples):
        counts["kept" if stop - start >= window_length else "short"] += 1
    clipped = invalid[invalid["reason"] == CLIPPED]
    counts["clipped"] += int(np.sum(clipped["stop"] - clipped["start"]))


def _report(counts, window_length, encoding):
    seconds = window_length / encoding.sample_rate_hz
    num_short, num_kept = counts["short"], counts["kept"]
    if not num_kept:
        raise ValueError(
            "At least one recording must hold a window without missing or "
            f"clipped samples: {window_length} samples at "
            f"{encoding.sample_rate_hz:g} Hz are {seconds:.2f} s. Received: "
            f"{num_short} pieces, all shorter. Use a smaller `window_length`."
        )
    if counts["clipped"]:
        warnings.warn(
            f"{counts['clipped']} samples reach {encoding.full_scale_g:g} g, "
            "the end of the scale: no window covers them. Set `full_scale_g` "
            "to the range of the sensor.",
            stacklevel=4,
        )
    if num_short:
        warnings.warn(
            f"{num_short} of {num_short + num_kept} continuous pieces are "
            f"shorter than a window ({seconds:.2f} s) and are left out.",
            stacklevel=4,
        )
