import contextlib
import re

import keras
import numpy as np

from keras_relcon import kept_files

_COLORS = re.compile(r"\x1b\[\d*m")
_LONGEST_REASON = 500


class KeptTrials:
    """Keeps finished trainings, trained distances, and reasons of failures.

    Each file is named by a key, the SHA-256 of everything that it depends on.
    The scores of a training are written last, so if there are scores, its
    encoder is also there.

    Args:
        directory: str or path. Made if it does not exist. Several processes
            may share it.
    """

    def __init__(self, directory):
        self._folder = kept_files.KeptFolder(directory)

    @property
    def directory(self):
        return self._folder.directory

    def distance_weights(self, key, train):
        """Returns the weights of a trained motif distance.

        A distance is trained once: a second worker that asks for the same key
        waits until the first has written it.

        Args:
            key: str.
            train: callable without arguments that returns the weights. It is
                called if no worker has trained the distance yet.

        Returns:
            list of arrays, as `MotifDistance.get_weights` returns them.
        """

        def compute():
            # The names that `np.savez` gives to arrays without one.
            return {
                f"arr_{index}": np.asarray(weight)
                for index, weight in enumerate(train())
            }

        return list(self._folder.arrays("distance", key, compute).values())

    def encoder_path(self, key):
        return self._folder.path("encoder", key, ".keras")

    def scores(self, key):
        """The scores of a finished training, a dict of floats, or `None`."""
        if not self.encoder_path(key).exists():
            return None
        return self._entry("scores", key, "scores")

    def keep(self, key, settings, scores, encoder):
        """Keeps the encoder and the scores of a training."""
        path = self.encoder_path(key)
        with kept_files.lock(path), kept_files.replacing(path) as temporary:
            encoder.save(temporary)
        facts = {
            "settings": settings,
            "scores": scores,
            "backend": keras.backend.backend(),
        }
        self._folder.keep_json("scores", key, facts)

    def reason(self, key):
        """One line that says why the training of a key failed, or `None`."""
        return self._entry("failure", key, "reason")

    @contextlib.contextmanager
    def keeping_reason(self, key, settings):
        """Keeps the reason if its block fails, and raises the error again."""
        try:
            yield
        except Exception as error:
            facts = {"settings": settings, "reason": _in_a_line(error)}
            # If nothing can be written, the error itself matters more.
            with contextlib.suppress(OSError):
                self._folder.keep_json("failure", key, facts)
            raise

    def forget_reason(self, key):
        """Call it when a training that had failed before has succeeded."""
        path = self._folder.path("failure", key, ".json")
        path.unlink(missing_ok=True)

    def _entry(self, kind, key, name):
        facts = self._folder.json(kind, key)
        return facts.get(name) if isinstance(facts, dict) else None


def _in_a_line(error):
    """The kind of an error and the first lines of its message."""
    # Keras puts the arguments of a layer below the message, which is bold.
    text = _COLORS.sub("", str(error)).split("Arguments received by")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    message = " ".join(lines[:3])[:_LONGEST_REASON]
    name = type(error).__name__
    return f"{name}: {message}" if message else name
