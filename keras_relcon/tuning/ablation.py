"""The arms of the paper's ablations, and the search that trains them.

Tables 5, 6 and 7 of [RelCon](https://arxiv.org/abs/2411.18822). An arm is given
by the settings in which it differs from the base.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_relcon.checks import check_kind
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.protocols.folds import Fold
from keras_relcon.tuning.ablation_results import AblationResults
from keras_relcon.tuning.relcon_hyper_model import RelConHyperModel
from keras_relcon.tuning.search import (
    import_keras_tuner,
    objective,
    trial_rows,
)
from keras_relcon.tuning.settings import complete
from keras_relcon.types import PathLike

ARMS = {
    "base": {},
    # Table 5. The paper does not say how a distance is trained "without
    # augmentations": from a window with a hidden span, or from the window.
    "no_augmentation": {"augmentation": "mask"},
    "no_augmentation_identity": {"augmentation": "identity"},
    "no_rev_in": {"normalization": "none"},
    "softmax": {"attention": "softmax"},
    "no_within_subject": {"candidates": "augmented_copy"},
    # Table 6.
    "binary_loss": {"loss": "binary"},
    "log_ratio_loss": {"loss": "log_ratio"},
    # Table 7.
    "resnet1d18": {"encoder": "resnet1d18"},
    # Not in the paper: the statistics of REBAR, and the released code, which
    # trains with sparsemax and ranks with softmax.
    "anchor_rev_in": {"normalization": "anchor"},
    "softmax_ranking": {"ranking_attention": "softmax"},
    # The paper trains with 1, the released code with 0.1.
    "temperature_1": {"temperature": 1.0},
    "temperature_0.5": {"temperature": 0.5},
    "temperature_0.1": {"temperature": 0.1},
    "temperature_0.05": {"temperature": 0.05},
    # The paper uses candidates from all of a subject's recordings.
    "within_recording": {"candidates": "within_recording"},
    # The paper has 20.
    "num_candidates_1": {"num_candidates": 1},
    "num_candidates_20": {"num_candidates": 20},
}
TABLE_5 = (
    "base",
    "no_augmentation",
    "no_rev_in",
    "softmax",
    "no_within_subject",
)
TABLE_6 = ("base", "log_ratio_loss", "binary_loss")


class AblationHyperModel(RelConHyperModel):
    """Trains the arms of an ablation, each with every seed.

    The arms of Tables 5, 6 and 7 of
    [RelCon](https://arxiv.org/abs/2411.18822), with the real classes: every
    arm is a change of settings, see `ARMS`. All arms of a seed have the same
    anchors, steps, probe and validation subjects. The exception is
    `within_recording`, whose anchors are from recordings with enough windows.
    With `keras_tuner.GridSearch` a trial is one arm with one seed; see
    `run_ablation`.

    Differs from the paper: the paper scores on its own tasks; here the arms
    are scored on validation subjects. The paper does not say how a distance is
    trained without augmentations: `ARMS` has two readings.

    Args:
        store, windows, folds, cache_dir: see `RelConHyperModel`.
        arms: sequence of names of `ARMS`, or dict of name to settings that
            differ from `base`. Defaults to the arms of Tables 5 and 6.
        seeds: sequence of int. Defaults to `(0, 1, 2)`.
        **kwargs: see `RelConHyperModel`.

    Raises:
        ImportError: if KerasTuner is missing.
        ValueError: if an arm or one of its settings is unknown, or there is no
            arm or seed; and as `RelConHyperModel`.
    """

    def __init__(
        self,
        store: WindowStore,
        windows: Windows,
        folds: Sequence[Fold],
        cache_dir: PathLike,
        arms: Sequence[str] | Mapping[str, dict[str, Any]] = (
            *TABLE_5,
            *TABLE_6[1:],
        ),
        seeds: Sequence[int] = (0, 1, 2),
        **kwargs: Any,
    ) -> None:
        super().__init__(store, windows, folds, cache_dir, **kwargs)
        self.arms = _named_arms(arms)
        self.seeds = tuple(int(seed) for seed in seeds)
        if not self.seeds:
            raise ValueError(
                "There must be at least one seed. Received: none. Use "
                "(0, 1, 2)."
            )
        for arm in self.arms:
            self.settings_of(arm, self.seeds[0])

    def settings_of(self, arm: str, seed: int) -> dict[str, Any]:
        """The settings of an arm, a dict."""
        return complete(self.base, self.arms[arm], {"seed": seed})

    def choose(self, hp: Any) -> dict[str, Any]:
        arm = hp.Choice("arm", list(self.arms))
        return self.settings_of(arm, hp.Choice("seed", list(self.seeds)))

    def scores_of(self, arm: str, seed: int) -> dict[str, float] | None:
        """The scores of a finished trial, or `None`."""
        return self.kept.scores(self.key(self.settings_of(arm, seed)))

    def encoder_path(self, arm: str, seed: int) -> Path:
        """The path of the trained encoder of an arm, for `load_model`."""
        key = self.key(self.settings_of(arm, seed))
        return self.kept.encoder_path(key)


def run_ablation(
    hyper_model: AblationHyperModel, directory: PathLike, verbose: int = 0
) -> AblationResults | None:
    """Trains every arm with every seed by grid search, and compares them.

    A trial that fails is kept with its reason, and the search continues. A run
    that was stopped resumes where it ended, also with other arms or seeds:
    finished trials are in the `cache_dir` of the hypermodel, and failed trials
    are run again. KerasTuner's own record of a grid search is not used for
    this, because it does not have the rest of the grid (as of 1.4.8).

    With the environment variables of KerasTuner set (`KERASTUNER_TUNER_ID`,
    `KERASTUNER_ORACLE_IP`, `KERASTUNER_ORACLE_PORT`) the same call is the chief
    or a worker of a distributed search. All share one `cache_dir`.

    Args:
        hyper_model: `AblationHyperModel`.
        directory: str or path. KerasTuner keeps the state of the search
            there; each run starts a new one.
        verbose: int. Of the tuner and of `fit`. Defaults to `0`.

    Returns:
        `AblationResults`; `None` on a worker, because the chief has them.

    Raises:
        ImportError: if KerasTuner is missing.
        TypeError: if `hyper_model` is not an `AblationHyperModel`.
    """
    check_kind(
        "hyper_model",
        hyper_model,
        AblationHyperModel,
        "an `AblationHyperModel`",
        "Search with another one by a tuner of KerasTuner.",
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


def _named_arms(arms):
    """Returns a dict of arm to settings, from names of `ARMS` or such a dict.

    Raises:
        ValueError: if a name is unknown, or there is no arm.
    """
    if isinstance(arms, str):
        arms = (arms,)
    if isinstance(arms, Mapping):
        arms = dict(arms)
    else:
        unknown = [name for name in arms if name not in ARMS]
        if unknown:
            raise ValueError(
                f"Arms must be among {sorted(ARMS)}. Received: {unknown}. "
                "An arm of your own is a dict of name to changed settings."
            )
        arms = {name: ARMS[name] for name in arms}
    if not arms:
        raise ValueError(
            "There must be at least one arm. Received: none. Name some of "
            f"{sorted(ARMS)}."
        )
    return arms
