import sys

import keras

from keras_relcon.checks import check_one_of


class ProgressBar:
    """A bar that counts windows, or other units of work, or nothing at all.

    Args:
        total: int. How many there will be.
        verbose: bool or `"auto"`. Whether the bar is shown; `"auto"` shows it
            on a terminal. Never, where Keras' interactive logging is off.
        unit_name: str. Defaults to `"window"`.
        title: str. A line above the bar. Defaults to `None`.
    """

    def __init__(self, total, verbose, unit_name="window", title=None):
        check_one_of("verbose", verbose, (True, False, "auto"))
        if verbose == "auto":
            verbose = sys.stdout is not None and sys.stdout.isatty()
        verbose = verbose and keras.config.is_interactive_logging_enabled()
        self._total = total
        self._done = 0
        self._bar = None
        if verbose:
            if title is not None:
                print(title)
            self._bar = keras.utils.Progbar(total, unit_name=unit_name)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.reach(self._total)

    def add(self, count):
        """Counts units that are done; a padded batch may count too many."""
        self.reach(min(self._done + count, self._total))

    def reach(self, done):
        """Says how many units are done in all."""
        if self._bar is not None and done > self._done:
            self._bar.update(done, finalize=done == self._total)
        self._done = max(self._done, done)
