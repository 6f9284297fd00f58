"""What became of the trials of a search, failures included."""

COMPLETED = "COMPLETED"


def trial_rows(tuner):
    """One dict per trial of a search, in the order in which they began.

    Args:
        tuner: tuner of KerasTuner, not a worker of a chief.

    Returns:
        list of dict: `trial`, its id; `values`, its parameters; `status`;
        `scores`, a dict of floats, empty unless it is completed; `reason`, why
        it failed, else `""`.
    """
    oracle = tuner.oracle
    hyper_model = _hyper_model(tuner)
    return [
        _row(oracle.trials[name], hyper_model) for name in oracle.start_order
    ]


def search_summary(tuner):
    """Says which trials were completed, which is best, and why others failed.

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
    """The hypermodel of a tuner, without what is wrapped around it."""
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
