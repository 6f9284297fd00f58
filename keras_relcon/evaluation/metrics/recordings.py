import numpy as np

from keras_relcon.evaluation.metrics.classification import (
    METRICS,
    classification_metrics,
)

RECORDING_METRICS = tuple(f"recording_{name}" for name in METRICS)


def recording_metrics(y_true, y_pred, probabilities, classes, bouts):
    """Scores one vote per recording instead of one per window.

    Section 4.2.1 of [RelCon](https://arxiv.org/abs/2411.18822): the class
    predicted most often over the windows of a workout is that of the workout.
    At a tie the class with the larger summed probability wins. The
    probabilities of a recording are the mean of those of its windows.

    Args:
        y_true, y_pred, probabilities, classes: see `classification_metrics`.
        bouts: `(rows,)` int, which recording a window belongs to, see
            `find_bouts`. All windows of one have one label.

    Returns:
        dict of `recording_macro_f1`, `recording_kappa`, `recording_accuracy`
        and `recording_macro_auc`.
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    probabilities, classes = np.asarray(probabilities), np.asarray(classes)
    _, first, codes = np.unique(bouts, return_index=True, return_inverse=True)
    counts = np.zeros((len(first), len(classes)))
    column = {label: index for index, label in enumerate(classes.tolist())}
    np.add.at(counts, (codes, [column[label] for label in y_pred.tolist()]), 1)
    sums = np.zeros((len(first), len(classes)))
    np.add.at(sums, codes, probabilities)
    num_windows = counts.sum(axis=1, keepdims=True)
    # Less than half a vote for all the probability there is.
    votes = counts + 0.4 * sums / num_windows
    scores = classification_metrics(
        y_true[first],
        classes[votes.argmax(axis=1)],
        sums / num_windows,
        classes,
    )
    return {f"recording_{name}": value for name, value in scores.items()}


def find_bouts(subjects, recordings, start_seconds, labels):
    """Numbers the runs of one label in the recordings of each subject.

    A recording of one activity is one bout; one of several activities, such
    as a day, is cut where the label changes.

    Args:
        subjects, recordings, start_seconds, labels: `(windows,)`.

    Returns:
        `(windows,)` int.
    """
    _, subject = np.unique(subjects, return_inverse=True)
    _, recording = np.unique(recordings, return_inverse=True)
    _, label = np.unique(labels, return_inverse=True)
    order = np.lexsort((start_seconds, recording, subject))
    columns = np.stack([subject, recording, label])[:, order]
    is_new = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    bouts = np.empty(len(order), dtype=np.int64)
    bouts[order] = np.concatenate([[0], np.cumsum(is_new)])
    return bouts
