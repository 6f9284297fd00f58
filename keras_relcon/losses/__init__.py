from keras_relcon.losses.binary_contrastive import (
    BinaryContrastiveLoss,
    binary_contrastive_loss,
)
from keras_relcon.losses.extreme_reconstruction import (
    extreme_reconstruction_loss,
)
from keras_relcon.losses.log_ratio import LogRatioLoss, log_ratio_loss
from keras_relcon.losses.nt_xent import NTXentLoss, nt_xent_loss
from keras_relcon.losses.outlier_exposure import outlier_exposure_loss
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
    "extreme_reconstruction_loss",
    "log_ratio_loss",
    "nt_xent_loss",
    "outlier_exposure_loss",
    "relative_contrastive_loss",
]
