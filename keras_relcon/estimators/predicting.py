"""From a recording to its timeline."""

import warnings

import numpy as np

from keras_relcon.checks import message, some_of
from keras_relcon.data.windows import NoWindow, recording_name
from keras_relcon.estimators.hidden_markov import number_sequences, smooth
from keras_relcon.estimators.linear_head import softmax
from keras_relcon.evaluation.embed import embed
from keras_relcon.evaluation.embed_input import check_gravity
from keras_relcon.timeline import UNKNOWN, NumberTimeline, Timeline


class EncoderAndHead:
    """An encoder and its head, predicted with as with one model.

    The program that a backend compiled for the encoder, when the head was
    fitted, is used again: JAX takes a while to compile another one.

    Args:
        encoder: `keras.Model`.
        head: `LinearHead`.
        activation: `"softmax"` for probabilities, or `None`.
    """

    def __init__(self, encoder, head, activation):
        self.weights = encoder.weights
        self._encoder = encoder
        self._kernel, self._bias = head.folded()
        self._finish = softmax if activation else np.asarray

    def predict_on_batch(self, batch):
        vectors = np.asarray(self._encoder.predict_on_batch(batch), "float32")
        return self._finish(vectors @ self._kernel + self._bias)


def each_of_list(recordings, predict):
    """Yields what is predicted of each recording; names one without windows.

    Args:
        recordings: iterable of `Recording`.
        predict: callable from a `Recording`.
    """
    for index, recording in enumerate(recordings):
        try:
            found = predict(recording)
        except NoWindow as error:
            raise NoWindow(
                f"Recording {index} of the list, of subject "
                f"{recording.subject!r}: {error}"
            ) from error
        yield found


def each_with_windows(recordings, predict):
    """As `each_of_list`, but leaves out those without windows.

    They are counted in a warning. The error is raised where all are such.
    """
    num_all, errors = 0, []
    for recording in recordings:
        num_all += 1
        try:
            found = predict(recording)
        except NoWindow as error:
            errors.append(error)
            continue
        yield found
    if errors and len(errors) == num_all:
        raise errors[0]
    if errors:
        warnings.warn(
            f"{len(errors)} of {num_all} parts of what was read are shorter "
            "than a window, or have none without missing samples, and are left "
            "out.",
            stacklevel=3,
        )


def make_timeline(classifier, model, recording):
    """Predicts the windows of a recording, and smooths them.

    Args:
        classifier: fitted `MotionClassifier`.
        model: `EncoderAndHead`.
        recording: `Recording`.

    Returns:
        `Timeline`.
    """
    found, seconds = _predicted(classifier, model, recording)
    probabilities = found.embeddings.astype("float64")
    sequences = number_sequences(found.recordings, found.start_seconds, seconds)
    smoothed = smoothed_by(classifier, probabilities, sequences)
    if smoothed is not None:
        probabilities = smoothed
    probabilities[~found.valid] = np.nan
    names = np.array([str(each) for each in classifier.classes_])
    filled = np.nan_to_num(probabilities)
    labels = names[filled.argmax(axis=1)].astype(object)
    labels[filled.max(axis=1) < classifier.min_probability] = UNKNOWN
    return Timeline.of(
        recording,
        found.start_seconds,
        seconds,
        labels.astype(str),
        probabilities.astype("float32"),
        names.tolist(),
        found.valid,
        facts=classifier.facts(),
    )


def smoothed_by(classifier, probabilities, sequences):
    """Probabilities smoothed in time, by `smooth`.

    Args:
        classifier: fitted `MotionClassifier`.
        probabilities: `(windows, classes)`.
        sequences: `(windows,)` int, see `number_sequences`.

    Returns:
        `(windows, classes)` float64, or `None` where the classifier does not
        smooth.
    """
    if not classifier.is_smoothing:
        return None
    return smooth(
        probabilities,
        classifier.priors_,
        classifier.transitions_,
        sequences,
        classifier.evidence_,
    )


def make_number_timeline(regressor, model, recording):
    """Predicts the numbers of the windows of a recording.

    Args:
        regressor: fitted `MotionRegressor`.
        model: `EncoderAndHead`.
        recording: `Recording`.

    Returns:
        `NumberTimeline`.
    """
    found, seconds = _predicted(regressor, model, recording)
    return NumberTimeline.of(
        recording,
        found.start_seconds,
        seconds,
        found.embeddings[:, 0].astype("float64"),
        found.valid,
        regressor.half_width_,
        facts=regressor.facts(),
        quantity=regressor.quantity_ or "value",
    )


def _predicted(estimator, model, recording):
    """The `Embeddings` of a model, and the seconds of a window."""
    if recording.placement is not None:
        warn_of_placements(estimator, (recording.placement,), 6)
    rate_hz, length = estimator.encoder_window_
    check_gravity(recording, recording_name(recording, 0))
    found = embed(
        model,
        recording,
        rate_hz,
        length,
        batch_size=estimator.batch_size,
        verbose=estimator.verbose,
        without_gravity="accept",  # checked above
    )
    return found, length / rate_hz


def warn_of_placements(estimator, placements, stacklevel=3):
    """Warns of places of devices that an estimator was not fitted on."""
    known = estimator.placements_
    others = sorted(set(placements) - set(known))
    if known and others:
        warnings.warn(
            message(
                f"The {estimator.kind} was fitted on devices at the "
                f"{some_of(known)}.",
                f"a recording of a device at the {some_of(others)}",
                "Fit one on recordings of that place.",
            ),
            stacklevel=stacklevel,
        )
