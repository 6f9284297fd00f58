from keras_relcon.losses.binary_contrastive import (
    BinaryContrastiveLoss,
    binary_contrastive_loss,
)
from keras_relcon.losses.info_nce import info_nce_loss
from keras_relcon.losses.log_ratio import LogRatioLoss, log_ratio_loss
from keras_relcon.losses.nt_xent import NTXentLoss, nt_xent_loss
from keras_relcon.losses.rebar import rebar_loss
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
    "info_nce_loss",
    "log_ratio_loss",
    "nt_xent_loss",
    "rebar_loss",
    "relative_contrastive_loss",
]
