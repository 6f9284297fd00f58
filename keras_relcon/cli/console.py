"""What a command prints: text for a person, or one JSON object."""

import contextlib
import sys

import keras

from keras_relcon.evaluation.report.run_facts import plain_json
from keras_relcon.markup import printable
from keras_relcon.version import __version__


class Console:
    """Prints what a command does and what it found.

    With `is_json` the standard output is one JSON object, written at the end,
    and text for a person goes to the standard error.

    Args:
        is_quiet: bool. Whether progress is left out. Results, warnings and
            errors are printed in any case.
        is_json: bool.
    """

    def __init__(self, is_quiet=False, is_json=False):
        self.is_quiet = is_quiet
        self.is_json = is_json
        self._answer = {}

    def progress(self, text):
        """Prints a line that says how far the work is."""
        if not self.is_quiet:
            self._print(text)

    def result(self, text):
        """Prints what was found."""
        self._print(text)

    def answer(self, **values):
        """Keeps what was found, for the JSON object."""
        self._answer |= values

    def finish(self, command, status, error=None):
        """Writes the JSON object, if it is asked for.

        Args:
            command: str. The name of the command.
            status: int. The exit status.
            error: str. What ended it. Defaults to `None`.
        """
        if not self.is_json:
            return
        facts = {
            "command": command,
            "keras_relcon": __version__,
            "status": status,
            **self._answer,
        }
        if error is not None:
            facts["error"] = error
        print(plain_json(facts))

    @contextlib.contextmanager
    def bars(self):
        """Shows progress bars while it is entered, or none."""
        is_shown = keras.config.is_interactive_logging_enabled()
        if self.is_quiet or self.is_json:
            keras.config.disable_interactive_logging()
        try:
            yield
        finally:
            if is_shown:
                keras.config.enable_interactive_logging()

    def _print(self, text):
        write_text(text, sys.stderr if self.is_json else sys.stdout)


def write_text(text, stream):
    """Prints text; what the stream cannot encode is shown as `\\u044f`."""
    if stream is None:  # closed, or of a program without a console
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    encoded = printable(text).encode(encoding, "backslashreplace")
    print(encoded.decode(encoding), file=stream, flush=True)


def add_console_arguments(parser):
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="print results, warnings and errors, and no progress",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object on the standard output, and all text on "
        "the standard error",
    )
