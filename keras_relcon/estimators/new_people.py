"""How a fitted estimator does on people on whom nothing was fitted."""

import numpy as np

from keras_relcon.checks import message, some_of
from keras_relcon.estimators.class_fitting import as_texts
from keras_relcon.estimators.number_scores import NumberScores
from keras_relcon.estimators.predicting import smoothed_by
from keras_relcon.estimators.subject_scores import SubjectScores

SIMPLEST = "mean of those fitted on"


def check_are_new(estimator, groups):
    """Raises a ValueError unless all people are named and new to it."""
    if groups is None:
        raise ValueError(
            message(
                "`groups` must name the person of each row.",
                {"groups": None},
                "Pass an array of names, one for each row.",
            )
        )
    seen = estimator.seen(np.unique(groups).tolist())
    if seen:
        raise ValueError(
            message(
                "People to test on must be new to the model.",
                f"{some_of([repr(name) for name in seen])}, on whom it was "
                "fitted",
                "Leave them out; where they are others of the same name, give "
                "them another.",
            )
        )


def score_classifier(classifier, examples):
    """`SubjectScores` of a `MotionClassifier` on `Examples` of new people."""
    labels, names = as_texts(examples.values, classifier.classes_)
    is_class = np.isin(labels, names)
    if not is_class.all():
        others = np.unique(labels[~is_class]).tolist()
        raise ValueError(
            message(
                f"Labels must be classes of the model: {some_of(names)}.",
                f"{np.sum(~is_class)} of {len(labels)} windows of "
                f"{some_of(others)}",
                "Use the names that it was fitted on, and leave the label "
                "empty where it is none of them.",
            )
        )
    name = classifier.row_name
    probabilities = classifier.predict_proba(examples.inputs)
    found = {name: probabilities}
    if examples.sequences is not None:
        smoothed = smoothed_by(classifier, probabilities, examples.sequences)
        if smoothed is not None:
            found[f"{name}, smoothed"] = smoothed
    codes = {each: code for code, each in enumerate(names.tolist())}
    return SubjectScores.of(
        np.array([codes[label] for label in labels.tolist()]),
        examples.groups,
        names.tolist(),
        found,
        seed=classifier.seed,
    )


def score_regressor(regressor, examples):
    """`NumberScores` of a `MotionRegressor` on `Examples` of new people."""
    true = np.asarray(examples.values, "float64")
    # The head is of standardised columns.
    simplest = np.full(len(true), float(regressor.head_.bias[0]))
    found = {
        regressor.row_name: regressor.predict(examples.inputs),
        SIMPLEST: simplest,
    }
    return NumberScores.of(true, examples.groups, found, seed=regressor.seed)
