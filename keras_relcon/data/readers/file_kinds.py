"""Tells the files that are read, and what stands before their endings."""

from pathlib import Path

from keras_relcon.data.readers.device_files import DEVICE_SUFFIXES
from keras_relcon.data.readers.tables import TABLE_SUFFIXES

SUFFIXES = (*TABLE_SUFFIXES, *DEVICE_SUFFIXES)


def is_readable(path):
    """Whether the name ends as those of the files that are read."""
    return Path(path).name.lower().endswith(SUFFIXES)


def stem_of(path):
    """The name of a file without the ending of its kind."""
    name = Path(path).name
    endings = [end for end in SUFFIXES if name.lower().endswith(end)]
    if not endings:
        return Path(path).stem
    return name[: -len(max(endings, key=len))]
