from keras_relcon.recipes.comparison import METHODS, compare_methods
from keras_relcon.recipes.pretraining import pretrain
from keras_relcon.recipes.pretraining_config import complete_config, read_config

__all__ = [
    "METHODS",
    "compare_methods",
    "complete_config",
    "pretrain",
    "read_config",
]
