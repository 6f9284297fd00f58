from keras_relcon.training.epoch_log import EpochLog
from keras_relcon.training.loss_guard import LossGuard
from keras_relcon.training.resumable_training import ResumableTraining

__all__ = ["EpochLog", "LossGuard", "ResumableTraining"]
