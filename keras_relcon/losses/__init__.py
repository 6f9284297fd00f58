from keras_relcon.losses.relative_contrastive import (
    RelativeContrastiveLoss,
    relative_contrastive_loss,
)

__all__ = ["RelativeContrastiveLoss", "relative_contrastive_loss"]
