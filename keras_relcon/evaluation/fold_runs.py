import copy
import dataclasses
import time

import numpy as np

from keras_relcon.evaluation import leaks
from keras_relcon.evaluation.metrics.classification import (
    classification_metrics,
    recording_metrics,
)
from keras_relcon.evaluation.metrics.regression import regression_metrics
from keras_relcon.evaluation.report.fold_result import FoldResult
from keras_relcon.evaluation.report.run_facts import to_plain
from keras_relcon.evaluation.result_cache import ResultCache, told_settings
from keras_relcon.evaluation.usable_data import is_regression
from keras_relcon.kept_files import content_key


class FoldRuns:
    """Runs the folds of a protocol, and keeps what several of them share.

    Args:
        task: the task; each fold fits a copy.
        windows: `Windows`, all of which can be used.
        y: `(windows,)`, labels or targets.
        bouts: `(windows,)` int, as of `find_bouts`; `None` for a regression.
        standardize: bool. See `cross_validate`.
        cache: `ResultCache`.
    """

    def __init__(self, task, windows, y, bouts, standardize, cache):
        self.task = task
        self.windows = windows
        self.y = y
        self.bouts = bouts
        self.standardize = standardize
        self.cache = cache
        self.is_checked = set()
        self.inputs_key, self.inputs = None, None
        settings, untold = told_settings(task)
        self.is_told = not untold
        self.key = content_key(
            f"{type(task).__module__}.{type(task).__qualname__}",
            settings,
            windows.acceleration,
            windows.subjects,
            windows.recordings,
            windows.start_seconds,
            np.asarray(y),
            np.asarray(bouts),
        )

    def run(self, name, represent, index, fold):
        """Returns the `FoldResult` of a representation on a fold.

        Args:
            name: str. What the report calls the representation.
            represent: value of `make_representations`.
            index: int. Number of the fold.
            fold: `Fold` or `LeakyFold`.
        """
        key = content_key(
            self.key,
            represent.fingerprint,
            index,
            fold.describe(),
            bool(self.standardize),
        )
        cache = self._cache(represent) if self.is_told else ResultCache(None)
        result = cache.fold(
            key, lambda: self._compute(name, represent, index, fold)
        )
        # The same encoder may have had another name before.
        return dataclasses.replace(result, representation=name)

    def _cache(self, represent):
        return self.cache if represent.is_kept else ResultCache(None)

    def _compute(self, name, represent, index, fold):
        rows = fold.rows(self.windows.subjects)
        task = copy.deepcopy(self.task)  # nothing is carried over
        reads_windows = getattr(task, "reads", "embeddings") == "windows"
        if reads_windows and represent.encoder is None:
            task = task.for_features()
            reads_windows = False
        x = self._inputs(represent, fold, reads_windows)
        if fold.leak is None:
            self._check_leaks(name, x, rows)
        parts = {part: (x[rows[part]], self.y[rows[part]]) for part in rows}
        extra = {"encoder": represent.encoder} if reads_windows else {}
        started = time.perf_counter()
        task.fit(*parts["train"], *parts["validation"], **extra)
        test_x, test_y = parts["test"]
        predicted = np.asarray(task.predict(test_x))
        seconds = time.perf_counter() - started
        self._check_rows_apart(task, test_x)
        embeddings = test_x
        if reads_windows:
            embeddings = task.embed(test_x)
        return FoldResult(
            representation=name,
            fold=index,
            y_true=np.asarray(test_y),
            y_pred=predicted,
            embeddings=np.asarray(embeddings, "float32"),
            subjects=fold.test,
            choice=to_plain(getattr(task, "choice_", None)),
            window_subjects=self.windows.subjects[rows["test"]],
            seconds=seconds,
            leak=fold.leak,
            **self._score(task, test_x, test_y, predicted, rows["test"]),
        )

    def _inputs(self, represent, fold, reads_windows):
        is_rescaled = self.standardize and represent.is_rescaled
        fitted_on = tuple(fold.rows(self.windows.subjects)["train"])
        key = content_key(
            represent.fingerprint,
            self.windows.acceleration,
            bool(reads_windows),
            fitted_on if is_rescaled else None,
        )
        if self.inputs_key != key:
            acceleration = self.windows.acceleration
            if is_rescaled:
                acceleration = _standardized(acceleration, list(fitted_on))
            self.inputs_key = key
            self.inputs = acceleration
            if not reads_windows:
                self.inputs = self._cache(represent).embeddings(
                    key, lambda: _embed(represent, acceleration)
                )
        return self.inputs

    def _check_leaks(self, name, x, rows):
        parts = tuple(part.tobytes() for part in rows.values())
        if parts not in self.is_checked:
            leaks.check_no_shared_windows(self.windows.acceleration, rows)
            leaks.check_no_near_copies(self.windows.acceleration, rows)
            self.is_checked.add(parts)
        if is_regression(self.task):
            return
        if "input" not in self.is_checked:
            axes = self.windows.acceleration
            columns = np.concatenate(
                [axes.mean(1), axes.std(1), np.median(axes, axis=1)], axis=1
            )
            leaks.check_no_label_inside(columns, self.y, "acceleration")
            self.is_checked.add("input")
        if name not in self.is_checked and x.ndim == 2:
            leaks.check_no_label_inside(x, self.y, f"embedding ({name})")
            self.is_checked.add(name)

    def _check_rows_apart(self, task, x):
        if is_regression(task):
            leaks.check_rows_apart(task.predict, x, "A prediction")
            return
        leaks.check_rows_apart(task.predict_proba, x, "A prediction")

        def sure_labels(rows):
            """One-hot; NaN where rounding alone may decide."""
            best = np.sort(task.predict_proba(rows), axis=1)[:, -2:]
            is_sure = best[:, -1:] - best[:, :1] > 1e-2
            predicted = np.asarray(task.predict(rows))
            return np.where(
                is_sure, predicted[:, None] == task.classes_, np.nan
            )

        leaks.check_rows_apart(sure_labels, x, "A prediction")

    def _score(self, task, test_x, test_y, predicted, rows):
        windows = self.windows
        if is_regression(task):
            return {
                "metrics": regression_metrics(
                    test_y, predicted, windows.subjects[rows]
                )
            }
        probabilities = np.asarray(task.predict_proba(test_x))
        scores = (test_y, predicted, probabilities, task.classes_)
        bouts = self.bouts[rows]
        return {
            "metrics": {
                **classification_metrics(*scores),
                **recording_metrics(*scores, bouts),
            },
            "probabilities": probabilities.astype("float32"),
            "classes": tuple(np.asarray(task.classes_).tolist()),
            "bouts": bouts,
        }


def _embed(represent, acceleration):
    embeddings = represent(acceleration)
    if represent.encoder is not None:
        leaks.check_rows_apart(represent, acceleration, "An embedding")
    return embeddings


def _standardized(acceleration, train_rows):
    train = acceleration[train_rows]
    mean = train.mean(axis=(0, 1), dtype="float64")
    std = train.std(axis=(0, 1), dtype="float64")
    scaled = (acceleration - mean) / np.where(std > 0, std, 1.0)
    return scaled.astype("float32")
