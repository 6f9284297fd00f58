from keras_relcon.training.epoch_log import EpochLog
from keras_relcon.training.loss_guard import LossGuard
from keras_relcon.training.resumable_training import ResumableTraining
from keras_relcon.training.worker_watch import WorkerWatch

__all__ = ["EpochLog", "LossGuard", "ResumableTraining", "WorkerWatch"]
