"""Finds a dataset's archive, and reads its members where they lie."""

import contextlib
import shutil
import zipfile

from etils import epath

from tfds_builders.source_recording import find_members


def manual_instructions(names, url):
    """Text of `MANUAL_DOWNLOAD_INSTRUCTIONS`, where a download can do too."""
    listed = " or ".join(f"`{name}`" for name in names)
    return (
        f"Put {listed} (the archive, or the folder it unpacks to) in "
        f"`manual_dir`. Without it, {url} is downloaded."
    )


def find_archive(dl_manager, names, url, inner=None):
    """Path of an archive: the user's own copy, or else a download.

    Args:
        dl_manager: `tfds.download.DownloadManager`.
        names: tuple of str. Zip files or unpacked folders to look for in
            `manual_dir`, in this order.
        url: str. What to download where there is none of them.
        inner: str. A zip inside the host's zip that holds the data. Defaults
            to `None`.

    Returns:
        `epath.Path` of a zip file or a folder.
    """
    archive = _find_manual(dl_manager, names) or dl_manager.download(url)
    if inner is None or archive.is_dir():
        return archive
    with archive.open("rb") as file, zipfile.ZipFile(file) as outer:
        nested = [n for n in outer.namelist() if n.split("/")[-1] == inner]
        if not nested:
            return archive
        target = epath.Path(dl_manager.download_dir) / f"inner.{inner}"
        target.parent.mkdir(parents=True, exist_ok=True)
        with outer.open(nested[0]) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    return target


def _find_manual(dl_manager, names):
    try:
        folder = epath.Path(dl_manager.manual_dir)
    except AssertionError:  # TFDS's word for: no such folder, or empty
        return None
    found = (folder / name for name in names if (folder / name).exists())
    return next(found, None)


def list_members(archive, pattern, layout):
    """Names of an archive's members that match a pattern.

    Args:
        archive: path of a zip file or a folder.
        pattern: str or compiled. Regular expression searched in the names,
            which begin with the folder's own name.
        layout: str. What the archive must hold, for the error.

    Returns:
        sorted list of `re.Match`; `match.string` is the member's name.

    Raises:
        ValueError: if no member matches.
    """
    archive = epath.Path(archive)
    matches = find_members(_names(archive), pattern)
    if not matches:
        raise ValueError(
            f"The archive must hold {layout}. Received: {archive.name}, with "
            "no such member. Look at the dataset's README for the archive to "
            "use."
        )
    return matches


def _names(archive):
    if not archive.is_dir():
        with archive.open("rb") as file, zipfile.ZipFile(file) as opened:
            return opened.namelist()
    return [
        path.relative_to(archive.parent).as_posix() for path in _walk(archive)
    ]


def _walk(folder):
    # `epath` has no recursive glob.
    for path in folder.iterdir():
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


@contextlib.contextmanager
def open_member(archive, name):
    """Opens a member of a zip file or a folder for reading bytes."""
    archive = epath.Path(archive)
    if archive.is_dir():
        with (archive.parent / name).open("rb") as file:
            yield file
        return
    with archive.open("rb") as file, zipfile.ZipFile(file) as opened:
        with opened.open(name) as member:
            yield member
