from keras_relcon.models.augmented_views import AugmentedViews
from keras_relcon.models.embedding_spread import (
    EmbeddingSpread,
    similarities_to_others,
)
from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.models.projector import mlp_projector
from keras_relcon.models.relcon_model import RelConModel

__all__ = [
    "AugmentedViews",
    "EmbeddingSpread",
    "MotifDistance",
    "RelConModel",
    "mlp_projector",
    "similarities_to_others",
]
