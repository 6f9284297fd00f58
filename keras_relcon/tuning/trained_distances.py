import pathlib
import warnings
import zipfile

import numpy as np

from keras_relcon.data.store.atomic_file import replacing

_DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)


class TrainedDistances:
    """Weights of trained motif distances, in files named by a key.

    A distance is trained once: a second worker that asks for the same key
    waits until the first has written it. A file is put in place as a whole, so
    that a worker killed half-way leaves nothing behind.

    Args:
        directory: path. Made if it does not exist.
    """

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    def weights(self, key, train):
        """Returns the weights of a trained distance.

        Args:
            key: str. SHA-256 of all that the weights depend on.
            train: callable without arguments that returns the weights. Called
                where no worker has done so yet.

        Returns:
            list of arrays, as of `MotifDistance.get_weights`.
        """
        path = self.directory / f"distance-{key[:32]}.npz"
        weights = _load(path)
        if weights is not None:
            return weights
        with replacing(path, wait=True) as temporary:
            # Another worker may have written it while this one waited; then
            # the temporary file stays empty, and replaces nothing.
            weights = _load(path)
            if weights is None:
                weights = [np.asarray(value) for value in train()]
                with open(temporary, "wb") as file:
                    np.savez(file, *weights)
        return weights


def _load(path):
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            return [archive[name] for name in archive.files]
    except _DAMAGE as error:
        warnings.warn(
            f"{path} is damaged ({error}) and is trained again.", stacklevel=3
        )
        return None
