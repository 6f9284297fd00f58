import contextlib
import json
import os
import pathlib
import re

import keras

from keras_relcon.data.store.atomic_file import replacing

_COLORS = re.compile(r"\x1b\[\d*m")
_LONGEST_REASON = 500


class FinishedTrials:
    """Scores and encoders of finished trainings, and why others failed.

    All are files named by a key. Each is put in place as a whole, the scores
    last: where there are scores, the encoder is there as well.

    Args:
        directory: path. Made if it does not exist.
    """

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    def encoder_path(self, key):
        return self.directory / f"encoder-{key[:32]}.keras"

    def load(self, key):
        """The scores of a key, a dict of floats, or `None`."""
        if not self.encoder_path(key).exists():
            return None
        return _entry(self._scores_path(key), "scores")

    def save(self, key, settings, scores, encoder):
        """Keeps the encoder and the scores of a training."""
        path = self.encoder_path(key)
        partial = path.with_name(f"partial-{os.getpid()}-{path.name}")
        encoder.save(partial)
        os.replace(partial, path)
        facts = {
            "settings": settings,
            "scores": scores,
            "backend": keras.backend.backend(),
        }
        _write(self._scores_path(key), facts)

    def reason(self, key):
        """Why the training of a key failed, a line, or `None`."""
        return _entry(self._reason_path(key), "reason")

    @contextlib.contextmanager
    def keeping_reason(self, key, settings):
        """Keeps the reason where what is inside fails; the error goes on."""
        try:
            yield
        except Exception as error:
            facts = {"settings": settings, "reason": _in_a_line(error)}
            # Where nothing can be written, the error itself matters more.
            with contextlib.suppress(OSError):
                _write(self._reason_path(key), facts)
            raise

    def forget_reason(self, key):
        """To be called where a training that failed before has ended well."""
        self._reason_path(key).unlink(missing_ok=True)

    def _scores_path(self, key):
        return self.directory / f"scores-{key[:32]}.json"

    def _reason_path(self, key):
        return self.directory / f"failure-{key[:32]}.json"


def _entry(path, name):
    try:
        return json.loads(path.read_text())[name]
    except (OSError, ValueError, KeyError):
        return None  # none yet, or damaged: trained again


def _write(path, facts):
    with replacing(path, wait=True) as temporary:
        temporary.write_text(json.dumps(facts, indent=1))


def _in_a_line(error):
    """The kind of an error and the first lines of what it says."""
    # Keras puts the arguments of a layer below the message, which is bold.
    text = _COLORS.sub("", str(error)).split("Arguments received by")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    message = " ".join(lines[:3])[:_LONGEST_REASON]
    name = type(error).__name__
    return f"{name}: {message}" if message else name
