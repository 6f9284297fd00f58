"""Writes a file or a folder under a temporary name, then puts it in place."""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from pathlib import Path

from keras_relcon.kept_files.locking import temporary_path

# A full disk, a quota, and a limit on the size of a file.
_NO_SPACE = (errno.ENOSPC, getattr(errno, "EDQUOT", -1), errno.EFBIG)


def check_can_write(path):
    """Raises an `OSError` where a file or folder could not be made.

    Args:
        path: path. Of the nearest folder above that is there, or of itself, a
            file is made and removed.
    """
    path = Path(path)
    folder = next(p for p in (path, *path.absolute().parents) if p.is_dir())
    with tempfile.TemporaryFile(dir=folder):
        pass


def write_file(path, content):
    """Writes a file as a whole, or leaves it as it was.

    Args:
        path: path. As of `replacing`.
        content: bytes; or str, written as UTF-8, with the line endings that it
            has.
    """
    if isinstance(content, str):
        content = content.encode("utf-8")
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_texts(folder, texts):
    """Writes each of several files of text as a whole, or as it was.

    Args:
        folder: path. Made if it is not there.
        texts: dict of file name to str.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_file(folder / name, text)


@contextlib.contextmanager
def replacing(path):
    """Yields the path of an empty file, which takes the place of `path`.

    Until the end, and after an error or a kill, `path` is as it was. An error
    leaves no temporary file. The file has the mode of the one it replaces,
    else what the umask allows. Several processes may write the same path: the
    last one stays.

    Args:
        path: path. The file to write. The temporary path is in the same
            folder, and ends like it.

    Raises:
        OSError: if `path` is a symbolic link, or something that is no file, or
            the disk is full.
    """
    path = Path(path)
    mode = _mode(path, stat.S_ISREG, "a file")
    temporary = temporary_path(path)
    # Nobody but its owner reads what is to replace a file of a narrow mode.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    os.close(os.open(temporary, flags, 0o666 if mode is None else 0o600))
    try:
        with naming_a_full_disk(path, temporary):
            yield temporary
            _sync(temporary)
        mode = _mode(path, stat.S_ISREG, "a file") or mode
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def naming_a_full_disk(path, temporary):
    """Says of an error for want of space which path it is about.

    Args:
        path: path. What is written, as a person knows it.
        temporary: path. The file or folder where it is written.

    Raises:
        OSError: of the same number, with the path, what was written of it, and
            what is free.
    """
    try:
        yield
    except OSError as error:
        is_here = error.filename is None or (
            str(error.filename).startswith(str(temporary))
        )
        if error.errno not in _NO_SPACE or not is_here:
            raise
        files = [temporary, *temporary.rglob("*")]
        size = sum(f.stat().st_size for f in files if f.is_file())
        free = shutil.disk_usage(temporary.parent).free
        raise OSError(
            error.errno,
            "There must be room for the whole file. Received: "
            f"{os.strerror(error.errno)}, after {size:,} bytes, where "
            f"{free:,} are free on the disk. What was there before is as it "
            "was. Free some space, or choose another disk",
            str(path),
        ) from error


def reserve(handle, start, size):
    """Takes space on the disk for a part of a file, before it is written.

    For libraries that do not survive a full disk, such as HDF5, which ends the
    process. Does nothing where the system cannot do it.

    Args:
        handle: int, file descriptor. The file grows to `start + size` bytes.
        start, size: int, bytes.

    Raises:
        OSError: if there is no room.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, start, size)


def check_room(path, num_bytes):
    """Raises where there is no room for a file that is about to be written.

    Args:
        path: path. The file, which is empty then.
        num_bytes: int. At least what it will have.

    Raises:
        OSError: if there is no room.
    """
    with open(path, "wb") as file:
        try:
            reserve(file.fileno(), 0, num_bytes)
        finally:
            file.truncate(0)


@contextlib.contextmanager
def replacing_directory(path, may_replace):
    """Yields the path of an empty folder, which takes the place of `path`.

    An error, inside or at the end, leaves what was there. What came to `path`
    in the meantime is replaced only where `may_replace` allows that too. A
    process that is killed at the very end may leave the former folder beside
    `path`, as `.replaced-<digits>-<name>`.

    Args:
        path: path. The folder to write. Its parents are made.
        may_replace: callable. Takes a path where there is something other
            than an empty folder; raises if that must stay.

    Raises:
        OSError: if `path` is a symbolic link or a file, or could not be
            replaced.
    """
    path = Path(path)
    if not _is_free(path):
        _check_may_replace(path, may_replace)
    path.parent.mkdir(parents=True, exist_ok=True)
    new, old = temporary_path(path), temporary_path(path, "replaced")
    new.mkdir()
    try:
        with naming_a_full_disk(path, new):
            yield new
        for folder, _, files in os.walk(new, topdown=False):
            for name in files:
                _sync(Path(folder, name))
            _sync(Path(folder))
        if _is_free(path):
            _rename_to_free(new, path)
        else:
            _swap(new, path, old, may_replace)
        _sync(path.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _is_free(path):
    """Whether nothing, or an empty folder, is there."""
    if path.is_symlink():
        _mode(path, stat.S_ISDIR, "a folder")
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _rename_to_free(new, path):
    """Moves a folder; fails where something came there in the meantime."""
    if os.path.isdir(path):
        new.chmod(stat.S_IMODE(path.stat().st_mode))
        if os.name == "nt":  # does not even replace an empty folder
            path.rmdir()
    os.rename(new, path)


def _check_may_replace(path, may_replace):
    may_replace(path)
    _mode(path, stat.S_ISDIR, "a folder")


def _swap(new, path, old, may_replace):
    _check_may_replace(path, may_replace)
    os.rename(path, old)
    try:
        # Now that nobody finds it any more: is it still what may go?
        may_replace(old)
        new.chmod(stat.S_IMODE(old.stat().st_mode))
        _rename_to_free(new, path)
    except BaseException:
        os.rename(old, path)  # where that fails, it stays beside `path`
        raise
    shutil.rmtree(old, ignore_errors=True)


def _mode(path, is_right_kind, kind):
    """The mode of what is at a path, or `None`; raises if it is no `kind`."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        raise OSError(
            "A path to be written must not be a symbolic link. Received: "
            f"{str(path)!r}, a link to {os.readlink(path)!r}. Give the path "
            "that it leads to, or remove the link."
        )
    if not is_right_kind(mode):
        raise OSError(
            f"A path to be written must be {kind}, or free. Received: "
            f"{str(path)!r}, which is something else. Choose another path."
        )
    return stat.S_IMODE(mode)


def _sync(path):
    """Waits until a file, or the names in a folder, are on the disk."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":
        return  # cannot be opened there
    handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
