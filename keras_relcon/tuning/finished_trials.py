import json
import os
import pathlib

import keras

from keras_relcon.data.store.atomic_file import replacing


class FinishedTrials:
    """Scores and encoders of finished trainings, in files named by a key.

    Each file is put in place as a whole, the scores last: where there are
    scores, the encoder is there as well.

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
        try:
            return json.loads(self._scores_path(key).read_text())["scores"]
        except (OSError, ValueError, KeyError):
            return None  # none yet, or damaged: trained again

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
        with replacing(self._scores_path(key), wait=True) as temporary:
            temporary.write_text(json.dumps(facts, indent=1))

    def _scores_path(self, key):
        return self.directory / f"scores-{key[:32]}.json"
