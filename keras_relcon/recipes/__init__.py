from keras_relcon.recipes.comparison import (
    METHODS,
    best_learning_rates,
    compare_methods,
    score_methods,
)
from keras_relcon.recipes.pretraining import pretrain
from keras_relcon.recipes.pretraining_config import complete_config, read_config

__all__ = [
    "METHODS",
    "best_learning_rates",
    "compare_methods",
    "complete_config",
    "pretrain",
    "read_config",
    "score_methods",
]
