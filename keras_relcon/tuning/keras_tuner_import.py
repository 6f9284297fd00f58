"""KerasTuner, imported when this folder is, and what it needs beside."""

import importlib.util

import keras


def import_keras_tuner():
    """Returns `keras_tuner`, or says how to install it.

    Raises:
        ImportError: if KerasTuner is missing; on the TensorFlow backend also
            if tensorboard is, without which every trial would fail.
    """
    needed = ["keras_tuner"]
    if keras.backend.backend() == "tensorflow":
        needed.append("tensorboard")
    missing = [name for name in needed if not importlib.util.find_spec(name)]
    if missing:
        raise ImportError(
            f"Tuning needs {' and '.join(needed)}. Received: no module named "
            f"{', '.join(missing)}. Run `pip install keras-relcon[tune]`."
        )
    import keras_tuner

    return keras_tuner


def hyper_model_class():
    """Returns `keras_tuner.HyperModel`, the base of the hypermodels here."""
    return import_keras_tuner().HyperModel
