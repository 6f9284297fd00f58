from keras_relcon.recipes.compared_methods import METHODS
from keras_relcon.recipes.comparison import compare_methods
from keras_relcon.recipes.comparison_scores import (
    best_learning_rates,
    score_methods,
)
from keras_relcon.recipes.methods_table import methods_table
from keras_relcon.recipes.pretraining import pretrain
from keras_relcon.recipes.pretraining_config import complete_config, read_config

__all__ = [
    "METHODS",
    "best_learning_rates",
    "compare_methods",
    "complete_config",
    "methods_table",
    "pretrain",
    "read_config",
    "score_methods",
]
