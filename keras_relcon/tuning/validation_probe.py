import copy
import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.metrics.classification import (
    METRICS,
    classification_metrics,
)
from keras_relcon.evaluation.protocols.folds import Fold
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe
from keras_relcon.evaluation.tasks.task import AnyTask

OBJECTIVE = "validation_macro_f1"


class ValidationProbe:
    """Scores an encoder with a probe on validation subjects.

    In each fold a probe is fitted on the embeddings of the training subjects
    and scored on those of the validation subjects. The test subjects of a fold
    are never read, so they are still unseen after the search.

    Args:
        windows: `Windows` with labels. Invalid ones are left out.
        folds: list of `Fold`, such as `held_out(windows.subjects)`.
        task: a classifier with `fit`, `predict_proba` and `classes_`, which
            reads embeddings. Defaults to `None`: `LinearProbe((0.1,))`, which
            has only one penalty, so nothing is chosen on the scored rows.
        batch_size: int. Windows per forward pass. Defaults to `256`.

    Raises:
        ValueError: if there are no labels, or a fold has no validation subject
            or a subject without windows.
    """

    def __init__(
        self,
        windows: Windows,
        folds: Sequence[Fold],
        task: AnyTask | None = None,
        batch_size: int = 256,
    ) -> None:
        if windows.labels is None:
            raise ValueError(
                "A validation probe needs labels. Received: windows without "
                "labels. Cut them from labelled recordings."
            )
        self.folds = tuple(folds)
        self.task = task or LinearProbe((0.1,))
        self.batch_size = batch_size
        if not self.folds or not all(fold.validation for fold in self.folds):
            described = [fold.describe() for fold in self.folds]
            raise ValueError(
                "Every fold must have validation subjects: only they are "
                f"scored. Received: {described}. Make folds with `held_out`."
            )
        seen = {
            subject
            for fold in self.folds
            for subject in (*fold.train, *fold.validation)
        }
        # Folds are of text, as those of `cross_validate`.
        subjects = np.asarray(windows.subjects).astype(str)
        windows = dataclasses.replace(windows, subjects=subjects)
        is_used = np.isin(subjects, sorted(seen)) & windows.valid
        is_used &= np.asarray(windows.labels) != ""
        self.windows = windows.select(is_used)
        missing = sorted(seen - set(self.windows.subjects.tolist()))
        if missing:
            raise ValueError(
                "Every subject of a fold must have valid windows with a label. "
                "Received: "
                f"none of {missing}. Make the folds from `windows.subjects`."
            )

    @property
    def validation_subjects(self) -> list[str]:
        return sorted({s for fold in self.folds for s in fold.validation})

    @property
    def validation_train_ratio(self) -> float:
        """Mean ratio of validation to training subjects over folds."""
        return float(
            np.mean([len(f.validation) / len(f.train) for f in self.folds])
        )

    def describe(self) -> list[Any]:
        """Arrays and plain values on which the score depends, for a key."""
        settings = {k: v for k, v in vars(self.task).items() if k[-1] != "_"}
        return [
            self.windows.acceleration,
            self.windows.labels,
            self.windows.subjects,
            type(self.task).__name__,
            settings,
            [fold.describe() for fold in self.folds],
        ]

    def score(self, encoder: keras.Model) -> list[dict[str, float]]:
        """Scores the encoder on every fold.

        Args:
            encoder: `keras.Model` from `(batch, time, 3)`, g, to
                `(batch, dim)`.

        Returns:
            list of dict, one per fold, of `classification_metrics`.

        Raises:
            ValueError: as `embed_windows` and the task.
        """
        embeddings = embed_windows(
            encoder, self.windows.acceleration, self.batch_size
        )
        return [self._score_fold(embeddings, fold) for fold in self.folds]

    def _score_fold(self, embeddings, fold):
        rows = fold.rows(self.windows.subjects)
        train, validation = rows["train"], rows["validation"]
        labels = self.windows.labels
        task = copy.deepcopy(self.task).fit(embeddings[train], labels[train])
        probabilities = task.predict_proba(embeddings[validation])
        predicted = np.asarray(task.classes_)[probabilities.argmax(axis=1)]
        return classification_metrics(
            labels[validation], predicted, probabilities, task.classes_
        )


def mean_scores(folds):
    """The scores that a trial logs, from the scores of its folds.

    Args:
        folds: list of dict, see `ValidationProbe.score`.

    Returns:
        dict of floats: the mean of each score over the folds, and the macro-F1
        of each fold where there are several.
    """
    scores = {
        f"validation_{name}": float(np.mean([fold[name] for fold in folds]))
        for name in folds[0]
    }
    if len(folds) > 1:
        for index, fold in enumerate(folds):
            scores[f"{OBJECTIVE}_fold_{index}"] = fold["macro_f1"]
    return scores


def score_names(num_folds):
    """The names of `mean_scores`, a list of str."""
    one_fold = dict.fromkeys(METRICS, 0.0)
    return list(mean_scores([one_fold] * num_folds))


def probed_store(store, probe):
    """The store, if none of its subjects is scored by the probe.

    Raises:
        ValueError: if a validation subject is in the store.
    """
    both = sorted(set(store.subjects) & set(probe.validation_subjects))
    if both:
        raise ValueError(
            "Validation subjects must not be in the store to pretrain on. "
            f"Received: {both} in both. Use `store.select_subjects`."
        )
    return store
