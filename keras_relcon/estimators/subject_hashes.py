"""Salted hashes of names: enough to find a leak, not to name a person."""

import hashlib
import secrets

import numpy as np


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
    """The names among `subjects` whose hash is in `hashes`."""
    known = set(hashes["sha256"])
    return [n for n in subjects if _hash(hashes["salt"], n) in known]


def _hash(salt, name):
    return hashlib.sha256(f"{salt}/{name}".encode()).hexdigest()
