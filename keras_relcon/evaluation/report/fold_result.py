"""The result of one fold, and checks of the results of several."""

import dataclasses

import numpy as np

from keras_relcon.evaluation.metrics.classification import (
    RECORDING,
    recording_votes,
)


@dataclasses.dataclass(frozen=True, eq=False)
class FoldResult:
    """The result of one representation on the test subjects of one fold.

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
            subjects, e.g. a penalty; or `None` if the task does not say.
        probabilities: `(windows, classes)`, or `None` for a regression.
        classes: tuple of str, the columns of `probabilities`.
        window_subjects: `(windows,)` str, the subject of each test window.
        bouts: `(windows,)` int, the number of the recording of each test
            window, or of its part with one label; `None` in a regression.
        seconds: float. Time of fitting and predicting.
        leak: str. What leaks from test to training, or `None`.
    """

    representation: str
    fold: int
    metrics: dict[str, float]
    y_true: np.ndarray
    y_pred: np.ndarray
    embeddings: np.ndarray
    subjects: tuple[str, ...]
    choice: object = None
    probabilities: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    window_subjects: np.ndarray | None = None
    bouts: np.ndarray | None = None
    seconds: float = 0.0
    leak: str | None = None

    def by_recording(self) -> "FoldResult":
        """The same fold with a row per recording, see `recording_votes`.

        Its metrics are those by recording, and its embeddings the means over
        the windows of a recording.
        """
        if self.bouts is None or self.probabilities is None:
            raise ValueError(
                "A vote by recording needs `bouts` and `probabilities`. "
                f"Received: none for {self.representation!r}. Score a "
                "classification with `cross_validate`."
            )
        y_true, y_pred, probabilities = recording_votes(
            self.y_true,
            self.y_pred,
            self.probabilities,
            self.classes,
            self.bouts,
        )
        _, first, codes = np.unique(
            self.bouts, return_index=True, return_inverse=True
        )
        embeddings = np.zeros((len(first), self.embeddings.shape[1]), "float32")
        np.add.at(embeddings, codes, self.embeddings)
        embeddings /= np.bincount(codes)[:, None]
        return dataclasses.replace(
            self,
            metrics={
                name.removeprefix(RECORDING): value
                for name, value in self.metrics.items()
                if name.startswith(RECORDING)
            },
            y_true=y_true,
            y_pred=y_pred,
            probabilities=probabilities,
            embeddings=embeddings,
            window_subjects=(
                None
                if self.window_subjects is None
                else self.window_subjects[first]
            ),
            bouts=np.arange(len(first)),
        )


def check_results(results):
    """Raises unless all representations were scored on the same folds.

    Args:
        results: list of `FoldResult`.

    Raises:
        ValueError: if there is none; if a representation has a fold twice;
            if representations differ in folds, tested subjects or number of
            windows; or if results differ in their metrics.
    """
    if not results:
        raise ValueError(
            "A report needs at least one `FoldResult`. Received: results=[]. "
            "Make them with `cross_validate`."
        )
    folds = {}
    for result in results:
        tested = (tuple(result.subjects), len(result.y_true))
        own = folds.setdefault(result.representation, {})
        if result.fold in own:
            raise ValueError(
                "A representation must have each fold once. Received: fold "
                f"{result.fold + 1} of {result.representation!r} twice. Give "
                "each representation a name of its own."
            )
        own[result.fold] = tested
        if set(result.metrics) != set(results[0].metrics):
            raise ValueError(
                "All results must have the same metrics. Received: "
                f"{sorted(result.metrics)} for {result.representation!r}, "
                f"and {sorted(results[0].metrics)} for "
                f"{results[0].representation!r}. Do not mix tasks."
            )
    first, *others = folds
    for name in others:
        if folds[name].keys() != folds[first].keys():
            raise ValueError(
                "All representations must have the same folds. Received: "
                f"folds {_from_one(folds[first])} of {first!r} and "
                f"{_from_one(folds[name])} of {name!r}. Run the missing ones."
            )
        for fold, tested in folds[name].items():
            if tested != folds[first][fold]:
                raise ValueError(
                    "All representations must be tested on the same windows. "
                    f"Received: fold {fold + 1} of {first!r} with subjects "
                    f"{folds[first][fold][0]}, {folds[first][fold][1]} "
                    f"windows, and of {name!r} with {tested[0]}, {tested[1]} "
                    "windows. Use one protocol for all."
                )


def _from_one(folds):
    """Folds as they are shown: counted from 1."""
    return [fold + 1 for fold in sorted(folds)]
