from pathlib import Path

import numpy as np
import pytest

import tfds_builders
from keras_relcon.evaluation import LabelMap, activity_map
from keras_relcon.evaluation.transfer.label_map import ACTIVITIES

BUILDERS = Path(tfds_builders.__file__).parent
FOLDER_OF = {
    "wisdm_watch": "wisdm_watch",
    "motionsense": "motionsense",
    "pamap2_hand": "pamap2",
    "hhar_watch": "hhar",
}


def test_wisdm_to_motionsense():
    labels = activity_map("wisdm_watch", "motionsense")
    assert labels.classes == (
        "running",
        "sitting",
        "stairs",
        "standing",
        "walking",
    )
    source = ["jogging", "sitting", "stairs", "standing", "walking", "typing"]
    assert labels.codes_of_source(source).tolist() == [0, 1, 2, 3, 4, -1]
    target = [
        "walking",
        "upstairs",
        "downstairs",
        "jogging",
        "standing",
        "sitting",
        "",
    ]
    assert labels.codes_of_target(target).tolist() == [4, 2, 2, 0, 3, 1, -1]


def test_other_pairs():
    labels = activity_map("wisdm_watch", "pamap2_hand")
    assert labels.classes == activity_map("wisdm_watch", "motionsense").classes
    codes = labels.codes_of_target(
        ["running", "ascending_stairs", "descending_stairs", "cycling"]
    )
    assert codes.tolist() == [0, 2, 2, -1]  # nobody cycles in WISDM
    labels = activity_map("hhar_watch", "pamap2_hand")
    assert labels.classes == (
        "cycling",
        "sitting",
        "stairs",
        "standing",
        "walking",
    )
    codes = labels.codes_of_source(["bike", "stairsdown", "sit", "null"])
    assert codes.tolist() == [0, 2, 1, -1]
    assert "running" not in activity_map("wisdm_watch", "hhar_watch").classes
    # Nordic walking is not walking.
    assert labels.codes_of_target(["nordic_walking"]).tolist() == [-1]


@pytest.mark.parametrize("name", sorted(ACTIVITIES))
def test_every_label_is_one_of_the_data_set(name):
    path = BUILDERS / FOLDER_OF[name] / "labels.txt"
    assert set(ACTIVITIES[name]) <= set(path.read_text().split())


def test_a_map_of_ones_own():
    labels = LabelMap({"a": "x", "b": "y", "c": "z"}, {"d": "y", "e": "x"})
    assert labels.classes == ("x", "y")
    found = labels.codes_of_source(np.array(["c", "b", "b", "a"]))
    assert found.tolist() == [-1, 1, 1, 0]
    assert labels.codes_of_target([]).tolist() == []


def test_too_little_in_common_is_explained():
    with pytest.raises(ValueError, match="share two classes.*Name what means"):
        LabelMap({"a": "x", "b": "y"}, {"a": "x", "b": "z"})
    with pytest.raises(ValueError, match="`target` must be one of"):
        activity_map("wisdm_watch", "wisdm")


def test_labels_may_be_numbers():
    labels = LabelMap({1: "x", 2: "y"}, {"3": "y", "4": "x"})
    assert labels.codes_of_source(np.array([2, 1, 0])).tolist() == [1, 0, -1]
    assert labels.codes_of_target(np.array([3, 4])).tolist() == [1, 0]
