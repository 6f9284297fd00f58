"""The checks of scikit-learn, on embeddings: rows of columns.

Those of `MotionEmbedding` all need rows of columns, and it takes windows: the
library gives none for such an estimator. `test_motion_classifier.py` has it in
a pipeline, cloned, pickled and searched over.
"""

from sklearn.utils.estimator_checks import parametrize_with_checks

from keras_relcon import MotionClassifier, MotionRegressor

EXPECTED_TO_FAIL = {
    "check_class_weight_classifiers": (
        "classes count alike or as they occur; no weights of single classes"
    ),
}


@parametrize_with_checks(
    [MotionClassifier(), MotionRegressor()],
    expected_failed_checks=lambda estimator: (
        EXPECTED_TO_FAIL if isinstance(estimator, MotionClassifier) else {}
    ),
)
def test_conventions(estimator, check):
    check(estimator)
