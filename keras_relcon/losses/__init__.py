from keras_relcon.losses.binary_contrastive import (
    BinaryContrastiveLoss,
    binary_contrastive_loss,
)
from keras_relcon.losses.extreme_reconstruction import (
    extreme_reconstruction_loss,
)
from keras_relcon.losses.hierarchical_contrastive import (
    hierarchical_contrastive_loss,
    level_loss,
    resolution_losses,
)
from keras_relcon.losses.info_nce import info_nce_loss
from keras_relcon.losses.log_ratio import LogRatioLoss, log_ratio_loss
from keras_relcon.losses.nt_xent import NTXentLoss, nt_xent_loss
from keras_relcon.losses.outlier_exposure import outlier_exposure_loss
from keras_relcon.losses.rebar import rebar_loss
from keras_relcon.losses.relative_contrastive import (
    RelativeContrastiveLoss,
    relative_contrastive_loss,
)
from keras_relcon.losses.renyi import (
    RenyiMutualInformation,
    renyi_contrastive_loss,
    renyi_mutual_information,
)
from keras_relcon.losses.soft_labels import (
    label_estimates,
    refined_labels,
    soft_label_loss,
)

__all__ = [
    "BinaryContrastiveLoss",
    "LogRatioLoss",
    "NTXentLoss",
    "RelativeContrastiveLoss",
    "RenyiMutualInformation",
    "binary_contrastive_loss",
    "extreme_reconstruction_loss",
    "hierarchical_contrastive_loss",
    "info_nce_loss",
    "label_estimates",
    "level_loss",
    "log_ratio_loss",
    "nt_xent_loss",
    "outlier_exposure_loss",
    "rebar_loss",
    "refined_labels",
    "relative_contrastive_loss",
    "renyi_contrastive_loss",
    "renyi_mutual_information",
    "resolution_losses",
    "soft_label_loss",
]
