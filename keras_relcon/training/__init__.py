from keras_relcon.training.resumable_training import ResumableTraining

__all__ = ["ResumableTraining"]
