"""One process at a time: a lock that ends with the process that holds it."""

import contextlib
import glob
import os
import platform
import time
from pathlib import Path

WAIT_SECONDS = 0.01  # between two attempts
LOCKED_BYTE = 2**30  # far behind what is written: Windows lets none read it


@contextlib.contextmanager
def lock(path, wait=True):
    """Lets one process at a time work on a file or folder that many share.

    The lock is a file beside `path`, `.<name>.lock`, that is there while it
    is held. The system gives it back when the process ends, also when it is
    killed. What a killed process left half-written under a temporary name is
    removed; so all that write a path take its lock, or none does.

    On a file system without locks nobody waits, and nothing is removed.

    Args:
        path: path. The file or folder; it need not exist.
        wait: bool. Whether to wait for the process that holds the lock, or
            to raise. Defaults to `True`.

    Raises:
        BlockingIOError: if another process holds the lock, unless `wait`.
    """
    path = Path(path)
    file = path.with_name(f".{path.name}.lock")
    handle, is_locked = _acquire(path, file, wait)
    try:
        if is_locked:
            _remove_leftovers(path)
        yield
    finally:
        _release(handle, file)


def temporary_path(path, use="partial"):
    """A name beside `path` that no other process uses, of the same ending."""
    return path.with_name(f".{use}-{os.urandom(4).hex()}-{path.name}")


def _remove_leftovers(path):
    pattern = f".partial-{'[0-9a-f]' * 8}-{glob.escape(path.name)}"
    for leftover in path.parent.glob(pattern):
        if leftover.is_file() and not leftover.is_symlink():
            leftover.unlink(missing_ok=True)


def _acquire(path, file, wait):
    """Returns the opened lock file, and whether there are locks here."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    while True:
        handle = os.open(file, flags, 0o666)
        try:
            is_locked = _try_lock(handle)
            # Whoever held it may have removed the file in the meantime.
            if is_locked is None or (is_locked and _is_same(handle, file)):
                holder = f"process {os.getpid()} on {platform.node()}"
                with contextlib.suppress(OSError):  # a full disk
                    os.truncate(handle, 0)
                    os.write(handle, holder.encode())
                return handle, is_locked
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if not is_locked and not wait:
            raise BlockingIOError(
                "Only one process may write a file at a time. Received: "
                f"{str(path)!r}, held by {_holder(file)}. Wait until it has "
                "ended."
            )
        time.sleep(WAIT_SECONDS)


def _try_lock(handle):
    """Whether the lock was free, or `None` where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return _try_lock_on_windows(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def _try_lock_on_windows(handle):
    import msvcrt

    os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    finally:
        os.lseek(handle, 0, os.SEEK_SET)
    return True


def _release(handle, file):
    # Removed while it is held: whoever opened it before sees that it is gone.
    with contextlib.suppress(OSError):
        os.unlink(file)
    os.close(handle)
    if os.name == "nt":
        # There an open file cannot be removed, neither by us nor of another.
        with contextlib.suppress(OSError):
            os.unlink(file)


def _is_same(handle, file):
    try:
        return os.path.samestat(os.fstat(handle), os.stat(file))
    except FileNotFoundError:
        return False


def _holder(file):
    with contextlib.suppress(OSError):
        return file.read_text() or "another process"
    return "another process"
