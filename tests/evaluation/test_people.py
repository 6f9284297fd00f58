"""Whether the people of a test are others than those of the training."""

import dataclasses
import warnings

import numpy as np
import pytest

from keras_relcon.evaluation import (
    FineTune,
    LinearProbe,
    cross_validate,
    embed_windows,
    grouped_k_fold,
    handmade_features,
)
from keras_relcon.evaluation.people import people_alike, pretrained_on
from keras_relcon.presets import from_preset, save_to_preset

LENGTH = 64


def walk_of(person, num_windows, generator):
    """Windows of a gait with its own pace, axis and force."""
    own = np.random.default_rng([7, person])
    axis = own.normal(size=3)
    axis /= np.linalg.norm(axis)
    hz, force = own.uniform(1, 3), own.uniform(0.2, 0.8)
    phase = generator.uniform(0, 2 * np.pi, (num_windows, 1))
    time = np.arange(LENGTH) / 50
    wave = force * np.sin(2 * np.pi * hz * time + phase)
    tilt = own.normal(size=3)
    tilt /= np.linalg.norm(tilt)
    noise = generator.normal(0, 0.05, (num_windows, LENGTH, 3))
    return tilt + wave[..., None] * axis + noise


@pytest.fixture
def people(rng):
    """`(windows, names)`: eight people, thirty windows each."""
    windows = [walk_of(person, 30, rng) for person in range(8)]
    return np.concatenate(windows), np.repeat([f"p{i}" for i in range(8)], 30)


def test_one_person_under_two_names_is_found(people, rng):
    windows, names = people
    assert people_alike(windows, names) == []
    windows = np.concatenate([windows, walk_of(3, 30, rng)])
    names = np.concatenate([names, np.repeat(["p8"], 30)])
    ((one, other, share),) = people_alike(windows, names)
    assert (one, other) == ("p3", "p8")
    assert 0.3 <= share <= 1
    order = rng.permutation(len(names))
    assert people_alike(windows[order], names[order])[0][:2] == ("p3", "p8")


def test_the_share_is_that_of_a_plain_loop(people, rng):
    windows, names = people
    windows = np.concatenate([windows, walk_of(3, 30, rng)])
    names = np.concatenate([names, np.repeat(["p8"], 30)])
    x = handmade_features(windows).astype("float64")
    x = (x - x.mean(0)) / x.std(0)
    shares = {}
    for one, other in (("p3", "p8"), ("p8", "p3")):
        hits = 0
        for row in np.flatnonzero(names == one):
            best = min(
                np.flatnonzero(names != one),
                key=lambda j: np.sum((x[row] - x[j]) ** 2),
            )
            hits += names[best] == other
        shares[one] = hits / 30
        assert hits >= 0.3 * 30
    ((_, _, share),) = people_alike(windows, names)
    assert share == min(shares.values())


def test_both_must_be_near_the_other(monkeypatch, rng):
    """All of p0 are nearest to p1, but few of p1 to p0."""
    monkeypatch.setattr(
        "keras_relcon.evaluation.people.handmade_features",
        lambda x: x[:, 0],
    )
    centres = np.repeat([0.0, 150.0, 200.0, 400.0, 600.0, 800.0], 30)
    points = centres[:, None, None] + rng.normal(size=(180, 16, 3))
    names = np.repeat([f"p{i}" for i in range(6)], 30)
    points[30:38] = points[:8] + 1e-3
    assert people_alike(points, names) == []
    points[30:42] = points[:12] + 1e-3
    assert people_alike(points, names)[0][:2] == ("p0", "p1")


def test_few_people_or_windows_say_nothing(people, rng):
    windows, names = people
    few = np.isin(names, ["p0", "p1", "p2", "p3"])
    same = np.where(few & (np.arange(len(names)) % 2 == 0), "p9", "p0")
    assert people_alike(windows[few], same[few]) == []
    windows = np.concatenate([windows, walk_of(3, 20, rng)])
    names = np.concatenate([names, np.repeat(["p8"], 20)])
    assert people_alike(windows, names)[0][:2] == ("p3", "p8")
    assert people_alike(windows[:-1], names[:-1]) == []  # 19 of p8


def test_many_windows_take_the_memory_of_a_few(monkeypatch, rng):
    counted = []
    monkeypatch.setattr(
        "keras_relcon.evaluation.people.handmade_features",
        lambda x: counted.append(len(x)) or x[:, :2, 0],
    )
    windows = rng.normal(size=(60 * 250, 16, 3))
    people_alike(windows, np.repeat([f"p{i:02d}" for i in range(60)], 250))
    assert counted[0] <= 50 * 200


def labelled(make_labelled_windows, people, rng):
    windows, names = people
    base = make_labelled_windows(num_subjects=8, num_each=10)
    return dataclasses.replace(
        base,
        acceleration=windows.astype("float32"),
        subjects=names,
        recordings=names,
    )


def test_cross_validation_warns_of_people_alike(
    make_labelled_windows, make_encoder, people, rng
):
    windows, names = people
    windows[names == "p5"] = walk_of(3, 30, rng)
    data = labelled(make_labelled_windows, (windows, names), rng)
    folds = grouped_k_fold(names, 8)
    with pytest.warns(UserWarning, match="p3 and p5, whose windows look"):
        report = cross_validate(
            LinearProbe(), make_encoder(), data, folds, controls=()
        )
    assert report.settings["people_alike"][0][:2] == ("p3", "p5")


@pytest.fixture
def preset(make_encoder, tmp_path):
    encoder = make_encoder()
    facts = {
        "data": "two sets",
        "subjects": {"watch": ["p1", "p2"], "phone": ["p2", "q1"]},
    }
    return from_preset(
        save_to_preset(
            encoder,
            tmp_path / "mine",
            sample_rate_hz=100,
            window_length=LENGTH,
            facts=facts,
        )
    )


def test_people_of_the_pretraining_are_named(preset, make_encoder):
    assert pretrained_on(preset, ["p1", "p9"]) == ["watch/p1"]
    assert pretrained_on(preset, ["p2"]) == ["phone/p2", "watch/p2"]
    assert pretrained_on(preset, ["p2"], source="phone") == ["phone/p2"]
    assert pretrained_on(preset, ["phone/q1"]) == ["phone/q1"]
    assert pretrained_on(preset, ["q2"]) == []
    # One archive has the people of another, by the same names.
    preset.preset_metadata.facts["subjects"] = {"wisdm2019_phone": ["1601"]}
    for source in ("wisdm-dataset", "wisdm2019_phone"):
        found = pretrained_on(preset, ["1601"], source)
        assert found == ["wisdm2019_phone/1601"]
    assert pretrained_on(preset, ["1601"], "dsads_left_wrist") == []
    assert pretrained_on(make_encoder(), ["p1"]) == []
    assert pretrained_on(None, ["p1"]) == []


@pytest.mark.parametrize("value", [None, 3, ["p1"], {"watch": 3}, {"w": None}])
def test_what_else_a_preset_says_of_its_subjects_is_passed_over(preset, value):
    preset.preset_metadata.facts["subjects"] = value
    assert pretrained_on(preset, ["p1"]) == []


def test_the_report_says_whom_the_preset_was_trained_on(
    make_labelled_windows, people, preset, rng
):
    data = labelled(make_labelled_windows, people, rng)
    folds = grouped_k_fold(data.subjects, 2)
    with pytest.warns(UserWarning, match=r"phone/p2, watch/p1, watch/p2, who"):
        report = cross_validate(
            LinearProbe(), {"mine": preset}, data, folds, controls=()
        )
    said = report.settings["representations"]["mine"]
    assert said["pretraining_data"] == "two sets"
    assert said["tested_people_in_pretraining"][0] == "phone/p2"


def test_windows_in_other_units_are_refused_beside_a_preset(
    make_labelled_windows, make_encoder, people, preset, rng
):
    data = labelled(make_labelled_windows, people, rng)
    data = dataclasses.replace(data, acceleration=9.80665 * data.acceleration)
    folds = grouped_k_fold(data.subjects, 2)
    for task in (LinearProbe(), FineTune()):
        with pytest.raises(ValueError, match=r"in g .*magnitude of 1?\d\."):
            cross_validate(task, preset, data, folds, controls=())
    with pytest.raises(ValueError, match="in g .*Divide by 9.80665"):
        embed_windows(preset, data.acceleration)
    embed_windows(make_encoder(), data.acceleration)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # What an own encoder takes is its own affair, and so are standard
        # scores, as some benchmarks need them.
        for encoder, standardize in ((make_encoder(), False), (preset, True)):
            cross_validate(
                LinearProbe(),
                encoder,
                data,
                folds,
                controls=(),
                standardize=standardize,
            )
