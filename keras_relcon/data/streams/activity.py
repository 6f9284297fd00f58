"""Finds the windows of a store in which something moves."""

import numpy as np

WINDOWS_AT_ONCE = 2048  # bounds the temporary arrays


class ActivityMap:
    """Whether each window on a grid moves, for all pieces of a store.

    A window is at rest if the standard deviation over time of every axis is
    below a minimum. It is worked out once, for windows that begin at multiples
    of `step` samples from the start of a piece: one byte for each.

    Args:
        store: `WindowStore`. All of it is read.
        pieces: list of `Piece`.
        minimum_std_g: float.
    """

    def __init__(self, store, pieces, minimum_std_g):
        length = store.window_length
        # Windows side by side must stay on the grid.
        self.num_phases = next(n for n in (4, 3, 2, 1) if length % n == 0)
        self.step = length // self.num_phases
        parts = [self._is_moving(store, p, minimum_std_g) for p in pieces]
        sizes = np.array([len(part) for part in parts])
        self._offset = np.cumsum(sizes) - sizes
        self._moving = np.concatenate(parts)

    def is_moving(self, piece, start):
        """Looks up windows at `start` samples, on the grid, of a piece."""
        return self._moving[self._offset[piece] + start // self.step]

    def _is_moving(self, store, piece, minimum_std_g):
        num_blocks = piece.num_samples // self.step
        # (blocks, 2, 3): mean and mean of squares of each step
        moments = np.empty((num_blocks, 2, 3))
        per_window = self.num_phases
        first = np.arange(0, num_blocks - per_window + 1, per_window)
        if num_blocks % per_window:
            first = np.append(first, num_blocks - per_window)
        for begin in range(0, len(first), WINDOWS_AT_ONCE):
            blocks = first[begin : begin + WINDOWS_AT_ONCE]
            windows = store.read(piece.start + blocks * self.step)
            steps = windows.reshape(len(blocks), per_window, self.step, 3)
            steps = steps.astype(np.float64)
            rows = blocks[:, None] + np.arange(per_window)
            moments[rows, 0] = steps.mean(axis=2)
            moments[rows, 1] = np.square(steps).mean(axis=2)
        sums = np.cumsum(np.pad(moments, ((1, 0), (0, 0), (0, 0))), axis=0)
        mean, square = np.moveaxis(
            (sums[per_window:] - sums[:-per_window]) / per_window, 1, 0
        )
        variance = np.maximum(square - np.square(mean), 0)
        return np.sqrt(variance.max(axis=1)) >= minimum_std_g
