import sys

from keras_relcon.evaluation.result_cache import content_key
from keras_relcon.tuning.ablation_results import AblationResults
from keras_relcon.tuning.keras_tuner_import import import_keras_tuner
from keras_relcon.tuning.relcon_hyper_model import objective
from keras_relcon.tuning.search_summary import trial_rows


def run_ablation(hyper_model, directory, overwrite=False, verbose=0):
    """Trains every arm with every seed by grid search, and compares them.

    A run that was stopped goes on where it ended. A trial that fails is kept
    with its reason, and the search goes on. With other arms, seeds, settings or
    data it is another search; trials that both have are taken from the
    `cache_dir` of the hypermodel.

    With the environment variables of KerasTuner set (`KERASTUNER_TUNER_ID`,
    `KERASTUNER_ORACLE_IP`, `KERASTUNER_ORACLE_PORT`) the same call is the chief
    or a worker of a distributed search.

    Args:
        hyper_model: `AblationHyperModel`.
        directory: path. KerasTuner keeps the state of the search there.
        overwrite: bool. Forget the search, and so try anew what failed;
            finished trials are still in `cache_dir`. Defaults to `False`.
        verbose: int. Of the tuner and of `fit`. Defaults to `0`.

    Returns:
        `AblationResults`; on a worker `None`, the chief has them.
    """
    keras_tuner = import_keras_tuner()
    tuner = keras_tuner.GridSearch(
        hyper_model,
        objective=objective(),
        directory=str(directory),
        project_name=f"ablation-{_key(hyper_model)[:16]}",
        overwrite=overwrite,
        # By default three failures in a row end the search.
        max_consecutive_failed_trials=sys.maxsize,
    )
    tuner.search(verbose=verbose)
    if not hasattr(tuner.oracle, "trials"):
        return None
    return AblationResults(
        trial_rows(tuner), hyper_model.probe.validation_train_ratio
    )


def _key(hyper_model):
    seeds = hyper_model.seeds
    return content_key(
        [
            hyper_model.key(hyper_model.settings_of(arm, seeds[0]))
            for arm in hyper_model.arms
        ],
        list(hyper_model.arms),
        list(seeds),
    )
