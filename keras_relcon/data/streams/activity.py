"""Finds out how much moves in each window of a store."""

import numpy as np

WINDOWS_AT_ONCE = 2048  # bounds the temporary arrays
# Below this a signal is taken for constant: rounding is not motion.
SMALLEST_STD_G = 1e-4


class WindowMap:
    """A number for each window on a grid, for all pieces of a store.

    The number is a function of the variance over time of some channels. It is
    worked out once, for windows that begin at multiples of `step` samples from
    the start of a piece.

    Args:
        store: `WindowStore`. All of it is read.
        pieces: list of `Piece`.
    """

    def __init__(self, store, pieces):
        length = store.window_length
        # Windows side by side must stay on the grid.
        self.num_phases = next(n for n in (4, 3, 2, 1) if length % n == 0)
        self.step = length // self.num_phases
        parts = [self._number(self._variance(store, p)) for p in pieces]
        sizes = np.array([len(part) for part in parts])
        self._offset = np.cumsum(sizes) - sizes
        self._numbers = np.concatenate(parts)

    def _channels(self, windows):
        """The channels to look at, `(..., 3)` to `(..., any)`."""
        return windows

    def _number(self, variance):
        """Of `(windows, channels)`, g**2: `(windows,)`."""
        raise NotImplementedError

    def _look_up(self, piece, start):
        return self._numbers[self._offset[piece] + start // self.step]

    def _variance(self, store, piece):
        num_blocks = piece.num_samples // self.step
        per_window = self.num_phases
        first = np.arange(0, num_blocks - per_window + 1, per_window)
        if num_blocks % per_window:
            first = np.append(first, num_blocks - per_window)
        # (blocks, 2, channels): mean and mean of squares of each step
        moments = None
        for begin in range(0, len(first), WINDOWS_AT_ONCE):
            blocks = first[begin : begin + WINDOWS_AT_ONCE]
            windows = store.read(piece.start + blocks * self.step)
            steps = windows.reshape(len(blocks), per_window, self.step, 3)
            steps = self._channels(steps.astype(np.float64))
            if moments is None:
                moments = np.empty((num_blocks, 2, steps.shape[-1]))
            rows = blocks[:, None] + np.arange(per_window)
            moments[rows, 0] = steps.mean(axis=2)
            moments[rows, 1] = np.square(steps).mean(axis=2)
        sums = np.cumsum(np.pad(moments, ((1, 0), (0, 0), (0, 0))), axis=0)
        mean, square = np.moveaxis(
            (sums[per_window:] - sums[:-per_window]) / per_window, 1, 0
        )
        return np.maximum(square - np.square(mean), 0)


class ActivityMap(WindowMap):
    """Whether each window on a grid moves, one byte for each.

    A window is at rest if the standard deviation over time of every axis is
    below a minimum.

    Args:
        store: `WindowStore`. All of it is read.
        pieces: list of `Piece`.
        minimum_std_g: float.
    """

    def __init__(self, store, pieces, minimum_std_g):
        self._minimum_std_g = minimum_std_g
        super().__init__(store, pieces)

    def is_moving(self, piece, start):
        """Looks up windows at `start` samples, on the grid, of a piece."""
        return self._look_up(piece, start)

    def _number(self, variance):
        return np.sqrt(variance.max(axis=1)) >= self._minimum_std_g


class MagnitudeMap(WindowMap):
    """The standard deviation of the magnitude of each window on a grid, in g.

    The magnitude is the length of the acceleration vector at each sample, so
    turning the sensor slowly is no activity. Four bytes a window; 0 below
    0.0001 g.
    """

    def std(self, piece, start):
        """Looks up windows at `start` samples, on the grid, of a piece."""
        return self._look_up(piece, start)

    def _channels(self, windows):
        return np.linalg.norm(windows, axis=-1, keepdims=True)

    def _number(self, variance):
        std = np.sqrt(variance[:, 0])
        return np.where(std < SMALLEST_STD_G, 0, std).astype(np.float32)
