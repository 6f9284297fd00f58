import sys

import keras


class WindowProgress:
    """A bar that counts windows, or nothing at all.

    Args:
        num_windows: int. How many there will be.
        verbose: bool or `"auto"`. Whether the bar is shown; `"auto"` shows it
            on a terminal.
    """

    def __init__(self, num_windows, verbose):
        if verbose not in (True, False, "auto"):
            raise ValueError(
                '`verbose` must be True, False or "auto". '
                f"Received: verbose={verbose!r}."
            )
        if verbose == "auto":
            verbose = sys.stdout.isatty()
        self._num_windows = num_windows
        self._done = 0
        self._bar = None
        if verbose:
            self._bar = keras.utils.Progbar(num_windows, unit_name="window")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.reach(self._num_windows)

    def add(self, count):
        """Counts windows that are done; a padded batch may count too many."""
        self.reach(min(self._done + count, self._num_windows))

    def reach(self, done):
        """Says how many windows are done in all."""
        if self._bar is not None and done > self._done:
            self._bar.update(done, finalize=done == self._num_windows)
        self._done = max(self._done, done)
