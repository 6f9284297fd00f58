"""A search with KerasTuner: its objective, and the state of its trials."""

import importlib.util
from typing import Any

import keras

from keras_relcon.tuning.validation_probe import OBJECTIVE, score_names

COMPLETED = "COMPLETED"


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


def objective() -> Any:
    """The objective: macro-F1 of a probe on validation subjects, maximised.

    The contrastive loss must not be used: it cannot be compared between
    temperatures, numbers of candidates, or losses.

    Returns:
        `keras_tuner.Objective`.

    Raises:
        ImportError: if KerasTuner is missing.
    """
    return import_keras_tuner().Objective(OBJECTIVE, "max")


def check_objective(callbacks, num_folds, others):
    """Raises if a trial does not log the objective of the tuner.

    KerasTuner would notice it only after the training.

    Args:
        callbacks: list. Callbacks of the tuner; some have its `objective`.
        num_folds: int. Of the probe.
        others: sequence of str. What is logged beside its scores.

    Raises:
        keras_tuner.errors.FatalValueError: this ends the search.
    """
    logged = [*score_names(num_folds), *others]
    for callback in callbacks:
        objective = getattr(callback, "objective", None)
        name = getattr(objective, "name", OBJECTIVE)
        if name not in logged:
            raise import_keras_tuner().errors.FatalValueError(
                f"The objective must be one that is logged: {OBJECTIVE!r} "
                f"or another of {logged}. Received: objective={name!r}. Pass "
                "`objective=keras_relcon.tuning.objective()`."
            )


def trial_rows(tuner: Any) -> list[dict[str, Any]]:
    """One dict per trial of a search, in the order in which they began.

    Args:
        tuner: tuner of KerasTuner, not a worker of a chief.

    Returns:
        list of dict with `trial`, its id; `values`, its parameters; `status`;
        `scores`, a dict of floats, empty unless the trial is completed; and
        `reason`, why it failed, else `""`.
    """
    oracle = tuner.oracle
    hyper_model = _hyper_model(tuner)
    return [
        _row(oracle.trials[name], hyper_model) for name in oracle.start_order
    ]


def search_summary(tuner: Any) -> str:
    """Summarises the trials: how many completed, the best, and the failures.

    KerasTuner itself only prints a score of `None` for a trial that failed.

    Args:
        tuner: tuner of KerasTuner, not a worker of a chief.

    Returns:
        str, several lines.
    """
    rows = trial_rows(tuner)
    objective = tuner.oracle.objective
    completed = [row for row in rows if row["status"] == COMPLETED]
    failed = [row for row in rows if row["reason"]]
    lines = [
        f"{len(completed)} of {len(rows)} trials completed, "
        f"{len(failed)} failed."
    ]
    if completed:
        best = (max if objective.direction == "max" else min)(
            completed, key=lambda row: row["scores"][objective.name]
        )
        lines.append(
            f"Best {objective.name}: {best['scores'][objective.name]:.4f} in "
            f"trial {best['trial']}, {best['values']}."
        )
    for row in failed:
        lines.append(f"Trial {row['trial']} failed: {row['reason']}")
        lines.append(f"  {row['values']}")
    return "\n".join(lines)


def _row(trial, hyper_model):
    scores = {}
    if trial.status == COMPLETED:
        scores = {
            name: trial.metrics.get_best_value(name)
            for name in trial.metrics.metrics
        }
    return {
        "trial": trial.trial_id,
        "values": dict(trial.hyperparameters.values),
        "status": trial.status,
        "scores": scores,
        "reason": _reason(trial, hyper_model),
    }


def _hyper_model(tuner):
    """The hypermodel of a tuner, without its wrappers."""
    hyper_model = getattr(tuner, "hypermodel", None)
    while hasattr(hyper_model, "hypermodel"):
        hyper_model = hyper_model.hypermodel
    return hyper_model


def _reason(trial, hyper_model):
    if trial.status in (COMPLETED, "RUNNING"):
        return ""
    # KerasTuner does not tell a chief why trials failed, and its traceback may
    # end in notes.
    if hasattr(hyper_model, "failure_reason"):
        kept = hyper_model.failure_reason(trial.hyperparameters.copy())
        if kept:
            return kept
    # The last line of a traceback is the error itself.
    lines = (trial.message or "").strip().splitlines()
    return lines[-1].strip() if lines else "the objective was not a number"
