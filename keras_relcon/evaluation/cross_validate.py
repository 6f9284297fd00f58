import copy
import dataclasses
import warnings

import numpy as np

from keras_relcon.evaluation.metrics import classification_metrics
from keras_relcon.evaluation.protocols import Fold
from keras_relcon.evaluation.report import FoldResult, Report
from keras_relcon.evaluation.representations import make_representations


def cross_validate(
    task,
    encoder,
    data,
    protocol,
    controls=("untrained", "handmade"),
    standardize=False,
    seed=0,
    batch_size=256,
    progress=None,
):
    """Scores an encoder on every fold of a protocol, beside its controls.

    In each fold a new copy of the task is fitted on the training subjects,
    chooses on the validation subjects, and is scored on the test subjects,
    which nothing else reads. Subjects that no fold names are not used.

    Args:
        task: `LinearProbe` or an object with its methods. Never fitted
            itself: each fold has a copy.
        encoder: `keras.Model` from `(batch, time, 3)`, g, to
            `(batch, dim)`; a dict of name to such models; or `None`, for the
            hand-made features alone.
        data: `Windows` with labels. Invalid windows are dropped, with a
            warning that counts them.
        protocol: list of `Fold`, such as `grouped_k_fold(data.subjects)`.
        controls: sequence. `"untrained"` adds the same encoder with freshly
            drawn weights, `"handmade"` adds `handmade_features`. Defaults to
            `("untrained", "handmade")`.
        standardize: bool. Scale each axis by the mean and the standard
            deviation over the windows of the fold's training subjects,
            before the encoder; Table 4 of the paper does. Hand-made features
            stay in g. Defaults to `False`.
        seed: int. Draws the untrained weights, by
            `keras.utils.set_random_seed`, which sets the global seeds.
            Defaults to `0`.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        progress: callable or None. Is given one line of text after each
            fold, e.g. `print`. Defaults to `None`.

    Returns:
        `Report`.

    Raises:
        ValueError: if the data have no labels or one class, if a fold names
            a subject without windows, or if an embedding is not finite.

    Example:
    ```python
    report = cross_validate(
        LinearProbe(), encoder, windows, motionsense_folds(), standardize=True
    )
    report.save("report")
    ```
    """
    windows = _usable_windows(data)
    folds = _usable_folds(protocol, windows)
    representations = make_representations(
        encoder, controls, seed, batch_size, windows.acceleration.shape[1]
    )
    results = []
    for name, represent in representations.items():
        is_per_fold = standardize and represent.is_rescaled
        embeddings = None
        for index, fold in enumerate(folds):
            if is_per_fold:
                embeddings = represent(_standardized(windows, fold))
            elif embeddings is None:
                embeddings = represent(windows.acceleration)
            result = _run_fold(task, name, index, fold, windows, embeddings)
            results.append(result)
            if progress is not None:
                progress(
                    f"{name}: fold {index + 1} of {len(folds)}, macro-F1 "
                    f"{result.metrics['macro_f1']:.4f}"
                )
    settings = _settings(task, windows, folds, standardize, seed)
    settings["num_dropped_windows"] = len(data) - len(windows)
    return Report(results, settings)


def _usable_windows(data):
    if data.labels is None:
        raise ValueError(
            "`data` must be labelled windows. Received: data.labels=None. "
            "Cut the windows from recordings that have labels."
        )
    valid = np.asarray(data.valid, dtype=bool)
    if not valid.all():
        warnings.warn(
            f"{int(np.sum(~valid))} of {len(valid)} windows are invalid and "
            "are left out.",
            stacklevel=3,
        )
    windows = data.select(valid)
    classes = np.unique(windows.labels)
    if len(classes) < 2:
        raise ValueError(
            "`data` must hold at least two classes. "
            f"Received: classes={classes.tolist()} in {len(windows)} valid "
            "windows. Check the labels."
        )
    return windows


def _usable_folds(protocol, windows):
    folds = [protocol] if isinstance(protocol, Fold) else list(protocol)
    if not folds or not all(isinstance(fold, Fold) for fold in folds):
        raise ValueError(
            "`protocol` must be a list of `Fold`, at least one. "
            f"Received: protocol={protocol!r}. Make it with `grouped_k_fold`."
        )
    present = set(np.unique(windows.subjects).tolist())
    for index, fold in enumerate(folds):
        named = fold.train + fold.validation + fold.test
        absent = [subject for subject in named if subject not in present]
        if absent:
            raise ValueError(
                "Every subject of a fold must have valid windows. Received: "
                f"fold {index} names {absent}, and `data` holds "
                f"{sorted(present)}. Make the protocol from data.subjects."
            )
        fitted = np.isin(windows.subjects, fold.train + fold.validation)
        tested = np.isin(windows.subjects, fold.test)
        unseen = np.setdiff1d(windows.labels[tested], windows.labels[fitted])
        if len(unseen):
            warnings.warn(
                f"Fold {index} tests classes that its training and "
                f"validation subjects lack: {unseen.tolist()}. Their windows "
                "count as errors.",
                stacklevel=3,
            )
    return folds


def _standardized(windows, fold):
    train = windows.acceleration[np.isin(windows.subjects, fold.train)]
    mean = train.mean(axis=(0, 1), dtype="float64")
    std = train.std(axis=(0, 1), dtype="float64")
    scaled = (windows.acceleration - mean) / np.where(std > 0, std, 1.0)
    return scaled.astype("float32")


def _run_fold(task, name, index, fold, windows, embeddings):
    parts = {}
    for part in ("train", "validation", "test"):
        rows = np.isin(windows.subjects, getattr(fold, part))
        parts[part] = embeddings[rows], windows.labels[rows]
    task = copy.deepcopy(task)  # nothing is carried from fold to fold
    task.fit(*parts["train"], *parts["validation"])
    test_x, test_y = parts["test"]
    predicted = task.predict(test_x)
    probabilities = task.predict_proba(test_x)
    return FoldResult(
        representation=name,
        fold=index,
        metrics=classification_metrics(
            test_y, predicted, probabilities, task.classes_
        ),
        y_true=np.asarray(test_y),
        y_pred=np.asarray(predicted),
        embeddings=np.asarray(test_x),
        subjects=fold.test,
        choice=_choice(task),
    )


def _choice(task):
    if not hasattr(task, "regularization_"):
        return None
    chosen = task.regularization_
    return "no penalty" if chosen is None else chosen


def _settings(task, windows, folds, standardize, seed):
    arguments = {
        name: value
        for name, value in vars(task).items()
        if not name.startswith("_") and not name.endswith("_")
    }
    return {
        "task": {"class": type(task).__name__, **arguments},
        "standardize": bool(standardize),
        "seed": int(seed),
        "num_windows": len(windows),
        "sample_rate_hz": float(windows.sample_rate_hz),
        "window_length": int(windows.acceleration.shape[1]),
        "folds": [dataclasses.asdict(fold) for fold in folds],
    }
