"""From labels to answers: estimators with the conventions of scikit-learn."""

from keras_relcon.estimators.load_estimator import load_estimator
from keras_relcon.estimators.motion_classifier import MotionClassifier
from keras_relcon.estimators.motion_embedding import MotionEmbedding
from keras_relcon.estimators.motion_regressor import MotionRegressor

__all__ = [
    "MotionClassifier",
    "MotionEmbedding",
    "MotionRegressor",
    "load_estimator",
]
