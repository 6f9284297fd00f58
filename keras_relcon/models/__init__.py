from keras_relcon.models.augmented_views import AugmentedViews
from keras_relcon.models.compact_features import CompactFeatures
from keras_relcon.models.ema import EMA
from keras_relcon.models.embedding_spread import (
    EmbeddingSpread,
    similarities_to_others,
)
from keras_relcon.models.key_queue import KeyQueue
from keras_relcon.models.mini_rocket import MiniRocket
from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.models.projector import mlp_projector
from keras_relcon.models.relcon_model import RelConModel
from keras_relcon.models.side_by_side import SideBySide
from keras_relcon.models.stage_features import StageFeatures
from keras_relcon.models.steady_features import SteadyFeatures

__all__ = [
    "AugmentedViews",
    "CompactFeatures",
    "EMA",
    "EmbeddingSpread",
    "KeyQueue",
    "MiniRocket",
    "MotifDistance",
    "RelConModel",
    "SideBySide",
    "StageFeatures",
    "SteadyFeatures",
    "mlp_projector",
    "similarities_to_others",
]
