"""Two generations of a checkpoint, of which one is always whole."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from keras_relcon import kept_files

NAMES = ("checkpoint_0.bin", "checkpoint_1.bin")
HEADER = b"keras_relcon checkpoint 1\n"
DIGEST_SIZE = hashlib.sha256().digest_size


class CheckpointFiles:
    """Writes checkpoints into two files in turn, and reads the newest.

    A file is written under a temporary name; once it is on the disk, it
    replaces the older of the two. After a kill at any moment, or on a full
    disk, at least the newest whole one stays. Each begins with its SHA-256.

    Args:
        directory: str or path. Made where there is none.
    """

    def __init__(self, directory):
        self.directory = Path(directory)
        self._number = 0  # of the checkpoint that was written last
        self._slot = 0  # which of the files is written next

    def write(self, values, arrays):
        """Writes a checkpoint.

        Args:
            values: dict that JSON can hold.
            arrays: list of arrays.

        Returns:
            `Path` of the file.

        Raises:
            OSError: if it cannot be written; the ones before stay.
        """
        path = self.directory / NAMES[self._slot]
        content = _pack({"number": self._number + 1, "values": values}, arrays)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with (
                kept_files.lock(path, wait=False),
                kept_files.replacing(path) as temporary,
                open(temporary, "wb") as file,
            ):
                file.write(HEADER)
                file.write(hashlib.sha256(content).digest())
                file.write(content)
        except OSError as error:
            raise OSError(
                error.errno,
                "The checkpoint must be written, "
                f"{len(content) / 1e6:.1f} MB. Received: {error}. The "
                f"checkpoints before it stay in {str(self.directory)!r}. Make "
                "room, or mend the disk, and run again.",
            ) from error
        self._number += 1
        self._slot = 1 - self._slot
        return path

    def read(self):
        """Reads the newest whole checkpoint.

        Returns:
            `(values, arrays, damaged)`: as they were written, and the paths
            of files that are damaged; `None` where there is no file.

        Raises:
            OSError: if there are files and all are damaged.
        """
        found, damaged = [], []
        for slot, name in enumerate(NAMES):
            path = self.directory / name
            if not path.exists():
                continue
            try:
                head, arrays = _unpack(path)
                found.append((head["number"], slot, head["values"], arrays))
            except ValueError:
                damaged.append(path)
        if not found and damaged:
            raise OSError(
                "A checkpoint must be as it was written. Received: damaged "
                f"{[str(path) for path in damaged]}. Remove them to train "
                "from the start."
            )
        if not found:
            return None
        self._number, slot, values, arrays = max(found, key=lambda x: x[0])
        self._slot = 1 - slot  # never over the one that was read
        return values, arrays, damaged


def _pack(head, arrays):
    buffer = io.BytesIO()
    text = json.dumps(head).encode()
    named = {f"{index:06d}": array for index, array in enumerate(arrays)}
    np.savez(buffer, head=np.frombuffer(text, np.uint8), **named)
    return buffer.getvalue()


def _unpack(path):
    """Raises a ValueError where the file is not what was written."""
    whole = path.read_bytes()
    begin = len(HEADER) + DIGEST_SIZE
    content = whole[begin:]
    is_whole = hashlib.sha256(content).digest() == whole[len(HEADER) : begin]
    if not whole.startswith(HEADER) or not is_whole:
        raise ValueError(f"damaged: {path}")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        head = json.loads(archive["head"].tobytes())
        names = sorted(set(archive.files) - {"head"})
        return head, [archive[name] for name in names]
