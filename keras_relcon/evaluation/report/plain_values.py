import math

import numpy as np


def to_plain(value):
    """Makes a value that JSON can hold, whatever it was.

    NaN and infinity become `None`, arrays and tuples lists, keys str, and
    anything unknown its text: a report must not be lost to its settings.
    """
    if isinstance(value, dict):
        return {str(key): to_plain(part) for key, part in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return to_plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def to_words(value):
    """One line of text for a plain value, for people to read."""
    if isinstance(value, dict):
        parts = (f"{key} {to_words(part)}" for key, part in value.items())
        return ", ".join(parts)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(to_words, value))
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
