from keras_relcon.tuning.ablation import (
    ARMS,
    TABLE_5,
    TABLE_6,
    AblationHyperModel,
    run_ablation,
)
from keras_relcon.tuning.ablation_results import (
    PUBLISHED_CHANGES,
    AblationResults,
)
from keras_relcon.tuning.method_hyper_model import (
    TAXONOMY_ARMS,
    MethodHyperModel,
)
from keras_relcon.tuning.relcon_hyper_model import RelConHyperModel
from keras_relcon.tuning.search import objective, search_summary, trial_rows
from keras_relcon.tuning.validation_probe import ValidationProbe

__all__ = [
    "ARMS",
    "PUBLISHED_CHANGES",
    "TABLE_5",
    "TABLE_6",
    "TAXONOMY_ARMS",
    "AblationHyperModel",
    "AblationResults",
    "MethodHyperModel",
    "RelConHyperModel",
    "ValidationProbe",
    "objective",
    "run_ablation",
    "search_summary",
    "trial_rows",
]
