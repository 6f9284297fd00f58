"""What the command says on the standard error: one line each."""

import sys

PROGRAM = "keras-relcon"
# What goes wrong by what was given, and not by a bug.
USER_ERRORS = (
    ValueError,
    TypeError,
    ImportError,
    OSError,
    FloatingPointError,
)


def report_error(error, about=None):
    """Writes one line about an error, and the file it is about."""
    words = [str(error), *getattr(error, "__notes__", [])]
    if about is not None and about not in words[0]:
        words.insert(0, f"{about}:")
    say(f"error: {' '.join(words)}")


def report_warning(message, *args, **kwargs):
    """Writes one line about a warning; in place of `warnings.showwarning`."""
    say(f"warning: {message}")


def say(text):
    """Writes text as one line."""
    print(f"{PROGRAM}: {' '.join(text.split())}", file=sys.stderr, flush=True)
