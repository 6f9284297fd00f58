"""Writes a file under a temporary name, and puts it in place as a whole."""

import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path, wait=False):
    """Yields a temporary path beside `path`, which it replaces at the end.

    A process killed at any moment leaves `path` as it was, and perhaps the
    temporary file, which the next writer takes over. A temporary file that
    stays empty, or an error inside, replaces nothing and leaves no file.

    Args:
        path: path. The file to write.
        wait: bool. Whether to wait for another process that writes it, or to
            raise. Defaults to `False`.

    Raises:
        OSError: if another process is writing the file.
    """
    path = Path(path)
    temporary = Path(f"{path}.partial")
    handle = _lock(temporary, wait)
    try:
        yield temporary
        if temporary.stat().st_size:
            _sync(temporary)
            os.replace(temporary, path)
            _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
        handle.close()  # gives the lock back


def _lock(temporary, wait):
    """Opens and locks the temporary file; a lock ends with its process."""
    while True:
        handle = open(temporary, "ab")
        try:
            _flock(handle, wait)
            # Another process may just have renamed or removed the file that
            # this one waited for.
            if _is_same(handle, temporary):
                handle.truncate(0)
                return handle
        except BaseException:
            handle.close()
            raise
        handle.close()


def _flock(handle, wait):
    try:
        import fcntl
    except ImportError:  # not a Unix: no lock
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
        raise OSError(
            "Only one process may write a file at a time. Received: "
            f"{handle.name!r} is held by another. Wait until it has ended."
        ) from error
    except OSError:  # a file system without locks
        return


def _is_same(handle, path):
    try:
        return os.path.samestat(os.fstat(handle.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _sync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
