from keras_relcon.tuning.ablation_hyper_model import AblationHyperModel
from keras_relcon.tuning.ablation_results import AblationResults
from keras_relcon.tuning.arms import ARMS, PUBLISHED_CHANGES, TABLE_5, TABLE_6
from keras_relcon.tuning.relcon_hyper_model import RelConHyperModel, objective
from keras_relcon.tuning.run_ablation import run_ablation
from keras_relcon.tuning.search_summary import search_summary, trial_rows
from keras_relcon.tuning.validation_probe import ValidationProbe

__all__ = [
    "ARMS",
    "PUBLISHED_CHANGES",
    "TABLE_5",
    "TABLE_6",
    "AblationHyperModel",
    "AblationResults",
    "RelConHyperModel",
    "ValidationProbe",
    "objective",
    "run_ablation",
    "search_summary",
    "trial_rows",
]
