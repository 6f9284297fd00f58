from keras_relcon.estimators.motion_classifier import MotionClassifier
from keras_relcon.estimators.motion_regressor import MotionRegressor
from keras_relcon.estimators.saved_estimator import kind_of
from keras_relcon.types import PathLike


def load_estimator(
    name_or_directory: PathLike,
) -> MotionClassifier | MotionRegressor:
    """Loads what `save` wrote, of whichever kind, or one of the package.

    Args:
        name_or_directory: str or path.

    Returns:
        `MotionClassifier` or `MotionRegressor`, fitted.

    Raises:
        ValueError: if there is none, it is damaged, or a newer version wrote
            it.
    """
    classes = {each.kind: each for each in (MotionClassifier, MotionRegressor)}
    return classes[kind_of(name_or_directory)].load(name_or_directory)
