import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from keras_relcon.evaluation import (
    FineTune,
    FromScratch,
    LinearProbe,
    MLPProbe,
    RidgeProbe,
)

EMBEDDINGS = np.zeros((2, 4))
WINDOWS = np.zeros((2, 32, 3), "float32")


@pytest.mark.parametrize(
    "task, method, x",
    [
        (LinearProbe(), "predict", EMBEDDINGS),
        (LinearProbe(), "predict_proba", EMBEDDINGS),
        (RidgeProbe("speed_m_s"), "predict", EMBEDDINGS),
        (MLPProbe(), "predict", EMBEDDINGS),
        (MLPProbe(), "predict_proba", EMBEDDINGS),
        (FineTune(), "predict", WINDOWS),
        (FineTune(), "predict_proba", WINDOWS),
        (FineTune(), "embed", WINDOWS),
        (FromScratch(), "predict", WINDOWS),
    ],
)
def test_a_task_before_fit_says_so(task, method, x):
    name = type(task).__name__
    with pytest.raises(
        NotFittedError, match=f"`{name}` predicts once it is fitted"
    ):
        getattr(task, method)(x)
