import os
import sys

from keras_relcon.tuning.ablation_hyper_model import AblationHyperModel
from keras_relcon.tuning.ablation_results import AblationResults
from keras_relcon.tuning.keras_tuner_import import import_keras_tuner
from keras_relcon.tuning.relcon_hyper_model import objective
from keras_relcon.tuning.search_summary import trial_rows


def run_ablation(hyper_model, directory, verbose=0):
    """Trains every arm with every seed by grid search, and compares them.

    A trial that fails is kept with its reason, and the search goes on. A run
    that was stopped goes on where it ended, also with other arms or seeds:
    the `cache_dir` of the hypermodel has the finished trials, and those that
    failed are tried anew. KerasTuner's own record of a grid search is not
    used for that; it does not hold what is left of the grid (as of 1.4.8).

    With the environment variables of KerasTuner set (`KERASTUNER_TUNER_ID`,
    `KERASTUNER_ORACLE_IP`, `KERASTUNER_ORACLE_PORT`) the same call is the chief
    or a worker of a distributed search. All share one `cache_dir`.

    Args:
        hyper_model: `AblationHyperModel`.
        directory: str or path. KerasTuner keeps the state of the search
            there, anew for each run.
        verbose: int. Of the tuner and of `fit`. Defaults to `0`.

    Returns:
        `AblationResults`; on a worker `None`, the chief has them.

    Raises:
        ImportError: if KerasTuner is missing.
        TypeError: if `hyper_model` is no `AblationHyperModel`.
    """
    if not isinstance(hyper_model, AblationHyperModel):
        raise TypeError(
            "`hyper_model` must be an `AblationHyperModel`. Received: "
            f"hyper_model of type {type(hyper_model).__name__}. Search with "
            "another one by a tuner of KerasTuner."
        )
    tuner = import_keras_tuner().GridSearch(
        hyper_model,
        objective=objective(),
        directory=str(directory),
        project_name=os.environ.get("KERASTUNER_TUNER_ID", "ablation"),
        overwrite=True,
        # By default three failures in a row end the search.
        max_consecutive_failed_trials=sys.maxsize,
    )
    tuner.search(verbose=verbose)
    if not hasattr(tuner.oracle, "trials"):
        return None
    return AblationResults(
        trial_rows(tuner), hyper_model.probe.validation_train_ratio
    )
