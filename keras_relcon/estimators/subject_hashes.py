"""Salted hashes of names: enough to find a leak, not to name a person."""

import hashlib
import secrets

import numpy as np

from keras_relcon.checks import message


def hash_subjects(subjects):
    """Hashes names with a salt of their own.

    Args:
        subjects: `(any,)`, names; or `None`.

    Returns:
        dict of `salt` and `sha256`, a sorted list of hex digits; JSON-ready.
    """
    salt = secrets.token_hex(8)
    names = [] if subjects is None else np.unique(subjects)
    return {"salt": salt, "sha256": sorted(_hash(salt, n) for n in names)}


def known_of(subjects, hashes):
    """The names among `subjects` whose hash is in `hashes`.

    Raises:
        TypeError: if `subjects` is one name.
    """
    if isinstance(subjects, (str, bytes)):
        raise TypeError(
            message(
                "`subjects` must be a list of names.",
                {"subjects": subjects},
                f"Pass [{subjects!r}].",
            )
        )
    known = set(hashes["sha256"])
    return [n for n in subjects if _hash(hashes["salt"], n) in known]


def _hash(salt, name):
    if isinstance(name, (float, np.floating)) and name.is_integer():
        name = int(name)  # 1.0 is 1
    return hashlib.sha256(f"{salt}/{name}".encode()).hexdigest()
