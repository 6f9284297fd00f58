"""Opens zip archives, and says which cannot be read."""

import zipfile
import zlib
from contextlib import contextmanager

# An encrypted member is a RuntimeError; an unknown compression a kind of it.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


@contextmanager
def open_zip(path):
    """Yields the `zipfile.ZipFile` of a path.

    Raises:
        ValueError: if it is no zip, or if a member that is read is damaged or
            encrypted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UNREADABLE as error:
        raise ValueError(
            "`path` must be a complete zip archive. "
            f"Received: path={str(path)!r}: {error}. Download it again."
        ) from error
