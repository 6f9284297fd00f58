import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class FoldResult:
    """What one representation did on the test subjects of one fold.

    Attributes:
        representation: str.
        fold: int, from 0.
        metrics: dict of float: of `classification_metrics` and
            `recording_metrics`, or of `regression_metrics`.
        y_true: `(windows,)` str, labels of the test windows; or float,
            targets.
        y_pred: `(windows,)`, of the same kind.
        embeddings: `(windows, dim)` float32, of the test windows.
        subjects: tuple of str, the tested subjects.
        choice: JSON-ready value, what the task chose on the validation
            subjects, e.g. a penalty, or `None` if it tells nothing.
        probabilities: `(windows, classes)`, or `None` for a regression.
        classes: tuple of str, the columns of `probabilities`.
        window_subjects: `(windows,)` str, the subject of each test window.
        seconds: float. Time that fitting and predicting took.
        leak: str. What leaks from test to training, or `None`.
    """

    representation: str
    fold: int
    metrics: dict
    y_true: np.ndarray
    y_pred: np.ndarray
    embeddings: np.ndarray
    subjects: tuple
    choice: object = None
    probabilities: np.ndarray | None = None
    classes: tuple = ()
    window_subjects: np.ndarray | None = None
    seconds: float = 0.0
    leak: str | None = None
