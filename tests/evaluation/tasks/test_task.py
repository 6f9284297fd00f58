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
TABLE_3_MLP = {
    "hidden": (512,),
    "learning_rate": 1e-3,
    "alphas": (1e-4,),
    "batch_size": 200,
    "epochs": 200,
    "patience": 5,
    "tolerance": 1e-4,
    "scale": False,
    "shuffle": False,
    "monitor": "accuracy",
    "seed": 42,
}
TABLE_3_NETWORK = {
    "hidden": (512,),
    "learning_rate": 1e-3,
    "batch_size": 16,
    "epochs": 10,
    "patience": None,
    "class_weight": None,
    "freeze_encoder": False,
    "amsgrad": False,
    "use_random_axes": False,
    "seed": 0,
}
YUAN_2024 = {
    "hidden": (512,),
    "learning_rate": 1e-4,
    "batch_size": 100,
    "epochs": 200,
    "patience": 5,
    "class_weight": None,
    "freeze_encoder": False,
    "amsgrad": True,
    "use_random_axes": True,
    "seed": 0,
}
PUBLISHED = [
    (
        LinearProbe,
        "table4",
        {
            "regularization": (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, None),
            "max_iterations": 100,
        },
    ),
    (MLPProbe, "table3", {**TABLE_3_MLP, "early_stopping": "validation"}),
    (MLPProbe, "table3_released", {**TABLE_3_MLP, "early_stopping": "random"}),
    (FineTune, "table3", TABLE_3_NETWORK),
    (FineTune, "yuan2024", YUAN_2024),
    (FromScratch, "table3", TABLE_3_NETWORK),
    (FromScratch, "yuan2024", YUAN_2024),
]


@pytest.mark.parametrize("cls, name, settings", PUBLISHED)
def test_presets_hold_the_published_values(cls, name, settings):
    assert vars(cls.preset(name)) == settings


def test_every_preset_is_checked_against_its_publication():
    checked = {(cls, name) for cls, name, _ in PUBLISHED}
    checked.add((RidgeProbe, "table1"))
    classes = {cls for cls, _ in checked}
    assert checked == {(cls, name) for cls in classes for name in cls.presets}


def test_linear_regression_of_table_1_has_no_penalty():
    probe = RidgeProbe.preset("table1", target="speed_m_s")
    assert vars(probe) == {"target": "speed_m_s", "alphas": (0.0,)}


def test_presets_of_the_paper_are_the_defaults():
    assert vars(LinearProbe()) == vars(LinearProbe.preset("table4"))
    for cls in (FineTune, FromScratch):
        assert vars(cls()) == vars(cls.preset("table3"))


def test_arguments_take_the_place_of_the_presets():
    task = FineTune.preset("yuan2024", class_weight="balanced", epochs=3)
    expected = {**vars(FineTune.preset("yuan2024"))}
    expected.update(class_weight="balanced", epochs=3)
    assert vars(task) == expected
    assert FineTune.preset("yuan2024").epochs == 200


def test_unknown_preset_names_the_nearest():
    with pytest.raises(ValueError, match=r"'yuan2024'\].*mean 'yuan2024'"):
        FineTune.preset("yuan24")
    with pytest.raises(ValueError, match="preset of MLPProbe.*'table3'"):
        MLPProbe.preset("")
    with pytest.raises(ValueError, match="preset of RidgeProbe"):
        RidgeProbe.preset("table3", target="speed_m_s")


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
        NotFittedError, match=f"`{name}` must be fitted to predict"
    ):
        getattr(task, method)(x)
