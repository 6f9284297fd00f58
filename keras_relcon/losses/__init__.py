from keras_relcon.losses.binary_contrastive import (
    BinaryContrastiveLoss,
    binary_contrastive_loss,
)
from keras_relcon.losses.hierarchical_contrastive import (
    hierarchical_contrastive_loss,
    level_loss,
    resolution_losses,
)
from keras_relcon.losses.log_ratio import LogRatioLoss, log_ratio_loss
from keras_relcon.losses.nt_xent import NTXentLoss, nt_xent_loss
from keras_relcon.losses.relative_contrastive import (
    RelativeContrastiveLoss,
    relative_contrastive_loss,
)

__all__ = [
    "BinaryContrastiveLoss",
    "LogRatioLoss",
    "NTXentLoss",
    "RelativeContrastiveLoss",
    "binary_contrastive_loss",
    "hierarchical_contrastive_loss",
    "level_loss",
    "log_ratio_loss",
    "nt_xent_loss",
    "relative_contrastive_loss",
    "resolution_losses",
]
