"""What is checked before a trial is trained."""

from keras_relcon.tuning.keras_tuner_import import import_keras_tuner
from keras_relcon.tuning.validation_probe import OBJECTIVE, score_names


def check_apart(store, validation_subjects):
    """Raises a `ValueError` if the store has validation subjects."""
    both = sorted(set(store.subjects) & set(validation_subjects))
    if both:
        raise ValueError(
            "Validation subjects must not be in the store to pretrain on. "
            f"Received: {both} in both. Use `store.select_subjects`."
        )


def check_objective(callbacks, num_folds):
    """Raises where the objective of a tuner is none that a trial logs.

    KerasTuner would notice only when the training is over.

    Args:
        callbacks: list. Those of the tuner; some have its `objective`.
        num_folds: int. Of the probe.

    Raises:
        keras_tuner.errors.FatalValueError: it ends the search.
    """
    logged = [*score_names(num_folds), "loss_per_candidate", "seconds"]
    for callback in callbacks:
        objective = getattr(callback, "objective", None)
        name = getattr(objective, "name", OBJECTIVE)
        if name not in logged:
            raise import_keras_tuner().errors.FatalValueError(
                f"The objective must be one that is logged: {OBJECTIVE!r} "
                f"or another of {logged}. Received: objective={name!r}. Pass "
                "`objective=keras_relcon.tuning.objective()`."
            )
