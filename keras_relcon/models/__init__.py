from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.models.projector import mlp_projector
from keras_relcon.models.relcon_model import RelConModel

__all__ = ["MotifDistance", "RelConModel", "mlp_projector"]
