"""Timelines that are written down window by window."""

import numpy as np
import pytest

from keras_relcon.timeline import Timeline

CODES = {
    "w": "walking",
    "s": "sitting",
    "?": "unknown",
    "n": "not worn",
    "-": "not measured",
}


def written(text, window_seconds=10, duration=None, gaps=(), **arguments):
    """A timeline with one window a letter, as of `CODES`.

    `gaps` are pairs of an index and seconds that lie before its window.
    """
    text = text.replace(" ", "")
    found = [CODES[letter] for letter in text]
    number = len(found)
    start_seconds = np.arange(number) * float(window_seconds)
    for index, seconds in gaps:
        start_seconds[index:] += seconds
    if duration is None:
        duration = start_seconds[-1] + window_seconds
    is_valid = np.array([letter != "-" for letter in text])
    is_worn = np.array([letter not in "-n" for letter in text])
    walking = np.array(
        [{"w": 0.9, "s": 0.2, "?": 0.5}.get(letter, np.nan) for letter in text]
    )
    values = {
        "name": "monday",
        "subject": "s01",
        "duration": duration,
        "start_time": None,
        "time_zone": None,
        "window_seconds": window_seconds,
        "classes": ("walking", "sitting"),
        "start_seconds": start_seconds,
        "labels": found,
        "probabilities": np.stack([walking, 1 - walking], axis=1),
        "valid": is_valid,
        "worn": is_worn,
        "enmo": np.where(is_valid, 10.0 * np.arange(number), np.nan),
        "mad": np.where(is_valid, 20.0 * np.arange(number), np.nan),
        "magnitude_min": np.where(is_valid, 0.9, np.nan),
        "magnitude_max": np.where(is_valid, 1.2, np.nan),
    }
    return Timeline(**(values | arguments))


@pytest.fixture(name="written", scope="session")
def written_fixture():
    return written
