"""The numbers of a store, in memory or in a file, read as windows."""

import os
import threading

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class MemorySignal:
    """A signal in memory.

    Args:
        samples: `(total_samples, 3)` int16 or float32.
        scale_g: float. What one unit is, g.
    """

    def __init__(self, samples, scale_g=1.0):
        self.samples = np.ascontiguousarray(samples)
        self.scale_g = scale_g

    def read(self, starts, num_samples):
        """Reads `num_samples` rows from each of `starts`.

        Args:
            starts: `(num_windows,)` int.
            num_samples: int.

        Returns:
            `(num_windows, num_samples, 3)` float32, g. A copy.
        """
        # Rows of the view overlap: each is one window, contiguous in memory.
        view = sliding_window_view(self.samples.reshape(-1), 3 * num_samples)
        windows = view[::3][starts].reshape(-1, num_samples, 3)
        return _to_g(windows, self.scale_g)


class FileSignal:
    """A signal in a file of numbers, opened when first read.

    Windows are read by position, so threads may share the signal; it pickles
    by path. Nothing is mapped: the file takes no memory of the process.

    Args:
        path: str. The numbers, `(total_samples, 3)`, from the first byte.
        number_type: `np.dtype`.
        scale_g: float. What one unit is, g.
        check: callable. Takes the opened file, and raises if it is not the
            one this signal was made for.
    """

    def __init__(self, path, number_type, scale_g, check):
        self.path = path
        self.number_type = number_type
        self.scale_g = scale_g
        self._check = check
        self._file = None
        self._lock = threading.Lock()

    def read(self, starts, num_samples):
        """Reads as `MemorySignal.read` does."""
        row_bytes = 3 * self.number_type.itemsize
        num_bytes = num_samples * row_bytes
        handle = self._open().fileno()
        pread = os.pread
        content = b"".join(
            [
                pread(handle, num_bytes, offset)
                for offset in (np.asarray(starts) * row_bytes).tolist()
            ]
        )
        if len(content) != len(starts) * num_bytes:
            raise OSError(
                "The unpacked signal must hold every window of the store. "
                f"Received: {self.path!r}, which was cut. Remove it, and open "
                "the store again."
            )
        windows = np.frombuffer(content, dtype=self.number_type)
        return _to_g(windows.reshape(-1, num_samples, 3), self.scale_g)

    def _open(self):
        if self._file is None:
            with self._lock:
                if self._file is None:
                    file = open(self.path, "rb", buffering=0)
                    self._check(file)
                    self._file = file
        return self._file

    def __getstate__(self):
        return {**self.__dict__, "_file": None, "_lock": None}

    def __setstate__(self, state):
        self.__dict__.update(state, _lock=threading.Lock())

    def __del__(self):
        if getattr(self, "_file", None) is not None:
            self._file.close()


def _to_g(windows, scale_g):
    if windows.dtype == np.float32:
        # Fancy indexing has copied already; bytes are read-only.
        return windows if windows.flags.writeable else windows.copy()
    return np.multiply(windows, np.float32(scale_g), dtype=np.float32)
