import numpy as np
import pytest

from keras_relcon.evaluation import (
    FineTune,
    FromScratch,
    LinearProbe,
    MLPProbe,
    RidgeProbe,
)

CLASSIFIERS = [
    LinearProbe(regularization=(0.1,)),
    MLPProbe(hidden=4, epochs=1),
    FineTune(hidden=4, epochs=1),
    FromScratch(hidden=4, epochs=1),
]
TASKS = [*CLASSIFIERS, RidgeProbe("target", alphas=(1.0,))]


def _name(task):
    return type(task).__name__


def _rows(task, count=6):
    generator = np.random.default_rng(0)
    shape = (count, 24, 3) if task.reads == "windows" else (count, 4)
    y = np.array(["a", "b"])[np.arange(count) % 2]
    if task.kind == "regression":
        y = generator.normal(size=count)
    return generator.normal(size=shape), y


@pytest.mark.parametrize("task", CLASSIFIERS, ids=_name)
def test_one_class_in_training_is_an_error(task):
    x, y = _rows(task)
    with pytest.raises(ValueError, match=r"at least two classes.*\['a'\]"):
        task.fit(x, np.full(len(x), "a"), x, y)


@pytest.mark.parametrize("task", TASKS, ids=_name)
def test_labels_of_another_length_are_an_error(task):
    x, y = _rows(task)
    with pytest.raises(ValueError, match=r"one value per row of `train_x`"):
        task.fit(x, y[:-1])
    with pytest.raises(ValueError, match="one value per row of `validation_x`"):
        task.fit(x, y, x, y[:-1])
    with pytest.raises(ValueError, match="one value per row of `train_x`"):
        task.fit(x, y[:, None])


@pytest.mark.parametrize("task", TASKS, ids=_name)
def test_values_that_are_not_finite_are_an_error(task):
    x, y = _rows(task)
    bad = x.copy()
    bad[2] = np.nan
    bad[3, 0] = np.inf
    with pytest.raises(ValueError, match="`train_x` must be finite.* 2 of 6"):
        task.fit(bad, y)
    with pytest.raises(ValueError, match="`validation_x` must be finite"):
        task.fit(x, y, bad, y)


@pytest.mark.parametrize("task", TASKS, ids=_name)
def test_rows_of_another_shape_are_an_error(task):
    x, y = _rows(task)
    with pytest.raises(ValueError, match="`train_x` must have the shape"):
        task.fit(x[0], y)
    with pytest.raises(ValueError, match="`train_x` must have the shape"):
        task.fit(x[:0], y[:0])


@pytest.mark.parametrize("task", TASKS, ids=_name)
def test_validation_comes_with_labels_or_not_at_all(task):
    x, y = _rows(task)
    with pytest.raises(ValueError, match="must come together.*6 and 0 rows"):
        task.fit(x, y, x, None)


def test_target_that_is_not_finite_is_an_error():
    probe = RidgeProbe("speed_m_s", alphas=(1.0,))
    x, y = _rows(probe)
    with pytest.raises(ValueError, match="`train_y` must be finite.* 1 of 6"):
        probe.fit(x, np.where(np.arange(6) == 4, np.nan, y))
