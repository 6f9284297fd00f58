"""The encoder behind an estimator: a preset by its name, or a model."""

import functools
import os

import keras

from keras_relcon.checks import check_kind, check_one_of, message
from keras_relcon.evaluation.embed_input import expected_input
from keras_relcon.presets.from_preset import (
    OUTPUTS,
    from_preset,
    preset_outputs,
)
from keras_relcon.presets.preset_directory import HUB, METADATA, find_preset

# From what tells classes apart best to what does so least, on people who were
# left out; see benchmarks/results/suite.md.
BEST_FIRST = ("steady", "wide", "features", "embedding")


def load_encoder(encoder, output=None, scales=None):
    """Returns the `keras.Model` of a name, a directory or a model.

    A preset is loaded once: copies of an estimator share it, which is read and
    never trained.

    Args:
        encoder: str or path, as of `from_preset`; or `keras.Model`.
        output: str, as of `from_preset`. Defaults to `None`, see
            `chosen_output`.
        scales: tuple of float, as of `from_preset`; of no account for the
            embedding. Defaults to `None`.

    Raises:
        TypeError: if `encoder` is neither.
        ValueError: if there is no such preset, or `output` is given for a
            model.
    """
    output = chosen_output(encoder, output)
    if isinstance(encoder, keras.Model):
        return encoder
    directory = find_preset(encoder)
    if output == "embedding":
        scales = None
    return _load(directory, output, scales, _changed(directory))


def chosen_output(encoder, output=None):
    """What is taken of an encoder, as of `from_preset`.

    Args:
        encoder, output: as of `load_encoder`.

    Returns:
        str: `output`, or if that is `None` the first of `"steady"`, `"wide"`,
        `"features"` and `"embedding"` that the preset has; `None` for a model.
    """
    if isinstance(encoder, keras.Model):
        if output is not None:
            raise ValueError(
                message(
                    "`output` is for presets; a model has its own.",
                    {"output": output},
                    "Leave it out.",
                )
            )
        return None
    check_kind(
        "encoder",
        encoder,
        (str, os.PathLike),
        "the name of a preset, its directory, or a `keras.Model`",
    )
    check_one_of("output", output, (None, *OUTPUTS))
    if output is not None:
        return output
    directory = find_preset(encoder)
    return _best(directory, _changed(directory))


def name_of(encoder):
    """What a table calls an encoder."""
    if isinstance(encoder, keras.Model):
        return encoder.name
    if str(encoder).startswith(HUB):
        return str(encoder).removeprefix(HUB)
    return find_preset(encoder).resolve().name


def window_of(encoder):
    """The rate in Hz and the samples of the windows that an encoder takes."""
    if getattr(encoder, "preset_metadata", None) is None:
        shape = getattr(encoder, "input_shape", None) or (None, None, 3)
        return expected_input(encoder, None, shape[1])
    return expected_input(encoder)


def _changed(directory):
    """When a preset was written; `None` where it is incomplete."""
    file = directory / METADATA
    return file.stat().st_mtime_ns if file.is_file() else None


@functools.lru_cache(maxsize=8)
def _best(directory, changed):
    has = preset_outputs(directory)
    return next(each for each in BEST_FIRST if each in has)


@functools.lru_cache(maxsize=4)
def _load(directory, output, scales, changed):
    return from_preset(directory, output=output, scales=scales)
