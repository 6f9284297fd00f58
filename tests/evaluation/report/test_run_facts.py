import numpy as np

from keras_relcon.evaluation import LinearProbe
from keras_relcon.evaluation.report.run_facts import task_settings


def test_arguments_of_a_task_are_told_and_what_it_learned_is_not():
    probe = LinearProbe(regularization=(0.1,), max_iterations=7)
    probe.classes_ = np.array(["a"])
    assert task_settings(probe) == {
        "class": "LinearProbe",
        "max_iterations": 7,
        "regularization": (0.1,),
    }


def test_arguments_of_any_kind_are_told():
    class Optimizer:
        def get_config(self):
            return {"learning_rate": 0.1}

    class Task:
        def __init__(self):
            self.seed = np.int64(3)
            self.optimizer = Optimizer()
            self.probe = LinearProbe((0.5,))
            self.kernel = (1).bit_length

    found = task_settings(Task())
    assert found["seed"] == 3 and isinstance(found["seed"], int)
    assert found["optimizer"] == {"class": "Optimizer", "learning_rate": 0.1}
    assert found["probe"]["regularization"] == (0.5,)
    assert "bit_length" in found["kernel"]
