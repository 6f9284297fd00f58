import csv
import dataclasses
import json
import sys
import types

import keras
import numpy as np
import pytest
from support import small_encoder

from keras_relcon import evaluation
from keras_relcon.data import synthetic_recordings
from keras_relcon.evaluation.protocols.wisdm_watch import HELD_OUT, VALIDATION
from keras_relcon.evaluation.suite import classify as classify_module
from keras_relcon.evaluation.suite import controls as controls_module
from keras_relcon.evaluation.suite import load_sets as load_module
from keras_relcon.evaluation.suite import suite as suite_module
from keras_relcon.evaluation.suite.load_sets import (
    DataFolder,
    draw_windows,
    make_folds,
)
from keras_relcon.evaluation.suite.sets import SETS, sets_of
from keras_relcon.evaluation.suite.suite import rotate
from keras_relcon.models import (
    CompactFeatures,
    SideBySide,
    StageFeatures,
    SteadyFeatures,
)
from keras_relcon.presets import PresetMetadata

pytestmark = pytest.mark.filterwarnings("ignore:The suite goes without")


def _spread(acceleration):
    return np.concatenate(
        [acceleration.std(1), np.abs(np.diff(acceleration, axis=1)).mean(1)], 1
    )


def _suite(folder, encoders=None, **kwargs):
    settings = {
        "sets": ["geotec_sw"],
        "heads": "ridge",
        "num_labelled": None,
        "controls": ("handmade",),
        **kwargs,
    }
    return evaluation.suite(encoders or {"mine": _spread}, folder, **settings)


def test_the_sets_to_choose_by_are_the_default():
    by_role = {}
    for each in SETS:
        by_role.setdefault(each.role, []).append(each.name)
    assert [each.name for each in sets_of(("choose",))] == by_role["choose"]
    assert by_role["choose"] == [
        "geotec_sw",
        "weda_fall",
        "umafall_wrist",
        "hmp_adl_wrist",
        "wisdm_left_out",
        "wisdm_others",
    ]
    assert not {"motionsense", "dsads_left_wrist"} & set(by_role["choose"])
    assert {each.file for each in SETS if each.role == "test"} >= {
        "A_DeviceMotion_data.zip",
        "sphere_challenge_train.npz",
        "dsads_right_wrist.npz",
        "dsads_left_wrist.npz",
        "wisdm-dataset.zip",
    }
    left_out = {s.name: s.subjects for s in SETS if s.subjects is not None}
    choose = left_out["wisdm_left_out"] + left_out["wisdm_others"]
    test = left_out["wisdm_test_left_out"] + left_out["wisdm_test_others"]
    assert not set(choose) & set(test)


def test_a_test_set_needs_its_role(tmp_path, write_set):
    write_set(tmp_path, "dsads_left_wrist")
    write_set(tmp_path)
    with pytest.raises(ValueError, match=r'roles=\("test",\)'):
        _suite(tmp_path, sets=["dsads_left_wrist"])
    names = [s.name for s in _suite(tmp_path, sets=None).sets]
    assert names == ["geotec_sw"]
    result = _suite(tmp_path, sets=["dsads_left_wrist"], roles="test")
    assert result.settings["roles"] == ("test",)
    with pytest.raises(ValueError, match="to train on are not scored"):
        _suite(tmp_path, roles=("train",))
    with pytest.raises(ValueError, match="`sets` must be one of"):
        _suite(tmp_path, sets=["nurse_stress_e4"])


@pytest.mark.parametrize("protocol", ["suite", "biopm"])
def test_nobody_is_in_training_and_test(
    tmp_path, write_set, monkeypatch, protocol
):
    seen = []

    def fit(x, y, subjects, seed):
        seen.append(set(subjects))
        return classify_module.fit_ridge(x, y, subjects, seed)

    monkeypatch.setitem(classify_module.HEADS, "ridge", fit)
    write_set(tmp_path, num_people=12)
    result = _suite(tmp_path, protocol=protocol, num_labelled=(1, 3, None))
    (loaded,) = result.sets
    for fold in loaded.folds:
        assert not set(fold.train) & set(fold.test)
    trains = [set(fold.train) for fold in loaded.folds]
    assert all(any(people <= train for train in trains) for people in seen)
    assert {len(people) for people in seen} >= {1, 3}
    # Each window of each tested person is counted once for each fold.
    counts = result.row("mine embedding").confusion["geotec_sw"]
    num_tests = sum(len(fold.test) for fold in loaded.folds)
    per_person = len(loaded.windows) / 12
    assert counts.sum() == pytest.approx(num_tests * per_person)
    labelled = result.row("mine embedding", num_labelled=1)
    assert labelled.confusion["geotec_sw"].shape[0] == 5


def test_folds_of_biopm():
    ten = [f"p{i}" for i in range(10)]
    assert [len(f.test) for f in make_folds(ten, "biopm")] == [1] * 10
    folds = make_folds([*ten, "q"], "biopm")
    assert [len(f.test) for f in folds] == [3] * 5  # a fifth, rounded up
    assert len({f.test for f in folds}) > 1
    tested = [s for f in make_folds(ten) for s in f.test]
    assert sorted(tested) == ten


def test_people_of_wisdm_are_left_out_or_scored_after_others(
    tmp_path, monkeypatch
):
    motions = ["walking", "running"]
    people = [*HELD_OUT, *VALIDATION, "1", "2", "3", "4"]
    recordings = [
        dataclasses.replace(recording, subject=people[index // 2])
        for index, recording in enumerate(
            synthetic_recordings(
                num_subjects=len(people),
                seconds_per_motion=14,
                sample_rate_hz=50,
                motions=motions,
            )
        )
    ]
    (tmp_path / "wisdm-dataset.zip").write_text("")
    sets = [
        dataclasses.replace(each, read=lambda path: recordings)
        for each in sets_of(("choose",))
        if each.name.startswith("wisdm")
    ]
    folder = DataFolder(tmp_path)
    (left_out, others), absent = load_module.load_sets(sets, folder)
    assert not absent
    assert [fold.test for fold in left_out.folds] == [(s,) for s in VALIDATION]
    for fold in left_out.folds:
        assert set(fold.train) == set(VALIDATION) - set(fold.test)
    (fold,) = others.folds
    assert fold.train == ("1", "2", "3", "4") and fold.test == VALIDATION
    assert left_out.people == others.people == list(VALIDATION)
    assert left_out.archive == others.archive
    assert not set(others.windows.subjects) & set(HELD_OUT)
    is_tested = np.isin(others.windows.subjects, VALIDATION)
    np.testing.assert_array_equal(
        others.windows.acceleration[is_tested], left_out.windows.acceleration
    )


@pytest.mark.parametrize("has_wisdm", [False, True])
def test_mini_rocket_is_fitted_on_training_windows_only(
    tmp_path, write_set, monkeypatch, has_wisdm
):
    fitted_on = []

    class MiniRocket:
        def __init__(self, num_kernels, n_jobs, random_state):
            assert num_kernels == 5000

        def fit(self, windows):
            assert windows.shape[1:] == (3, 300)
            fitted_on.append(windows.transpose(0, 2, 1))
            return self

        def transform(self, windows):
            return windows.std(2)

    name = "aeon.transformations.collection.convolution_based"
    module = types.SimpleNamespace(MiniRocket=MiniRocket)
    for part in (
        "aeon",
        "aeon.transformations",
        "aeon.transformations.collection",
    ):
        monkeypatch.setitem(sys.modules, part, types.ModuleType(part))
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(controls_module, "has_aeon", lambda: True)
    if has_wisdm:
        (tmp_path / "wisdm-dataset.zip").write_text("")
        monkeypatch.setattr(DataFolder, "recordings", _recordings_but_wisdm)
        monkeypatch.setattr(
            suite_module,
            "wisdm_training_windows",
            lambda recordings, seed, length: types.SimpleNamespace(
                acceleration=np.zeros((9, length, 3), "float32")
            ),
        )
    result = _suite(
        write_set(tmp_path),
        {"mine": _spread},
        controls=("handmade", "minirocket", "side_by_side"),
        window_length=300,
    )
    assert result.row("MiniRocket").mean() > 0.5
    if has_wisdm:
        (windows,) = fitted_on
        np.testing.assert_array_equal(windows, np.zeros((9, 300, 3)))
        return
    (loaded,) = result.sets
    for fold, windows in zip(loaded.folds, fitted_on, strict=True):
        rows = fold.rows(loaded.windows.subjects)["train"]
        expected = loaded.windows.acceleration[rows]
        np.testing.assert_array_equal(windows, expected)


_read = DataFolder.recordings


def _recordings_but_wisdm(self, each):
    return None if each.file == "wisdm-dataset.zip" else _read(self, each)


def test_windows_are_drawn_by_seed_from_classes_with_enough(
    tmp_path, write_set, monkeypatch
):
    write_set(tmp_path, num_people=5, seconds=30)
    recordings = DataFolder(tmp_path).recordings(sets_of(("choose",))[0])
    windows = draw_windows(recordings)
    assert windows.acceleration.shape[1:] == (256, 3)
    assert windows.sample_rate_hz == 100
    monkeypatch.setattr(load_module, "MAX_WINDOWS", 50)
    few = draw_windows(recordings, seed=1)
    again = draw_windows(recordings, seed=1)
    assert len(few) == 50
    np.testing.assert_array_equal(few.acceleration, again.acceleration)
    assert (few.acceleration != draw_windows(recordings).acceleration).any()
    assert set(draw_windows(recordings, no_class=["run"]).labels) == {
        "rest",
        "walk",
    }
    two = [r for r in recordings if r.labels[0] != "run" or r.subject < "p2"]
    assert set(draw_windows(two).labels) == {"rest", "walk"}
    with pytest.raises(ValueError, match="two classes"):
        draw_windows([r for r in recordings if r.labels[0] == "run"])


def test_columns_are_made_once_and_labels_do_not_reach_them(
    tmp_path, write_set
):
    calls = []

    def encoder(acceleration):
        calls.append(len(acceleration))
        return _spread(acceleration)

    write_set(tmp_path)
    result = _suite(
        tmp_path,
        {"mine": encoder},
        heads=("ridge", "logistic"),
        num_labelled=(1, None),
        controls=("handmade", "side_by_side"),
    )
    assert calls == [len(result.sets[0].windows)]
    assert result.row("mine embedding").mean() > 0.9
    assert result.row("mine embedding", "logistic").mean() > 0.9
    assert result.row("mine embedding + hand-made features").mean() > 0.9


def test_people_of_the_pretraining_are_named(tmp_path, write_set):
    write_set(tmp_path)
    encoder = keras.Sequential(
        [keras.layers.Input((256, 3)), keras.layers.GlobalAveragePooling1D()]
    )
    (loaded,) = _suite(tmp_path).sets
    first, *others = loaded.people
    named = {"geotec_sw": [first, "nobody"], "another_set": others}
    encoder.preset_metadata = PresetMetadata(
        "encoder", 100.0, 256, {}, facts={"subjects": named}
    )
    with pytest.warns(UserWarning, match=f"geotec_sw/{first}, whose windows"):
        result = _suite(tmp_path, {"mine": encoder})
    said = result.settings["sets"]["geotec_sw"]["people_in_pretraining"]
    assert said == {"mine embedding": [f"geotec_sw/{first}"]}


def test_wide_columns_have_no_logistic_head(tmp_path, write_set):
    write_set(tmp_path)

    def wide(acceleration):
        return acceleration.reshape(len(acceleration), -1)

    result = _suite(tmp_path, {"wide": wide}, heads=("ridge", "logistic"))
    heads = {(row.representation, row.head) for row in result.rows}
    assert ("wide embedding", "logistic") not in heads
    assert ("hand-made features", "logistic") in heads


def test_rotated_windows_are_scored_beside(tmp_path, write_set):
    write_set(tmp_path)

    def upright(acceleration):  # what a rotation changes
        return acceleration[:, :, 2].std(1)[:, None]

    def turning(acceleration):  # what no rotation changes
        return np.linalg.norm(
            acceleration - acceleration.mean(1, keepdims=True), axis=2
        ).std(1)[:, None]

    encoders = {"upright": upright, "turning": turning}
    result = _suite(tmp_path, encoders, rotations=2)
    plain, turned = (
        result.row("turning embedding", is_rotated=is_rotated)
        for is_rotated in (False, True)
    )
    np.testing.assert_allclose(
        turned.confusion["geotec_sw"], 2 * plain.confusion["geotec_sw"], atol=2
    )
    plain, turned = (
        result.row("upright embedding", is_rotated=is_rotated)
        for is_rotated in (False, True)
    )
    assert turned.mean() < plain.mean() - 0.05


def test_a_rotation_keeps_lengths_and_angles():
    acceleration = np.random.default_rng(0).normal(size=(4, 10, 3))
    turned = rotate(acceleration, 0)
    for before, after in zip(acceleration, turned):
        np.testing.assert_allclose(after @ after.T, before @ before.T, 1e-4)
    assert np.abs(turned[0] - acceleration[0]).max() > 0.1
    np.testing.assert_array_equal(turned, rotate(acceleration, 0))
    assert (turned != rotate(acceleration, 1)).any()
    up = np.tile([0.0, 0.0, 1.0], (2000, 1, 1))
    assert np.abs(rotate(up, 2).mean((0, 1))).max() < 0.06  # whole sphere


def test_what_is_absent_is_named(tmp_path, write_set, monkeypatch):
    monkeypatch.setattr(controls_module, "has_aeon", lambda: False)
    write_set(tmp_path)
    with pytest.warns(UserWarning, match="MiniRocket") as warned:
        result = _suite(
            tmp_path,
            sets=["geotec_sw", "weda_fall"],
            controls=("handmade", "minirocket"),
        )
    assert any("weda_fall" in str(w.message) for w in warned)
    assert "Not scored: MiniRocket (needs aeon" in result.table()
    assert "Not scored: the set weda_fall" in result.table()
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match="geotec_sw.npz"):
        _suite(empty)


def test_files_hold_what_the_table_shows(tmp_path, write_set):
    (tmp_path / "corpus").mkdir()
    write_set(tmp_path / "corpus")  # as the folder of the data has it
    result = _suite(tmp_path, num_labelled=(2, None))
    result.save(tmp_path / "out")
    with open(tmp_path / "out/scores.csv") as file:
        rows = list(csv.DictReader(file))
    (mine,) = (
        r
        for r in rows
        if r["representation"] == "mine embedding"
        and r["num_labelled"] == "all"
    )
    expected = result.row("mine embedding").macro_f1("geotec_sw")
    assert float(mine["geotec_sw"]) == float(mine["mean"]) == expected
    facts = json.loads((tmp_path / "out/suite.json").read_text())
    assert facts["settings"]["seed"] == 0
    assert len(facts["settings"]["sets"]["geotec_sw"]["folds"]) == 5
    with open(tmp_path / "out/differences.csv") as file:
        (first, *_) = csv.DictReader(file)
    value = result.difference(first["first"], first["second"], num_labelled=2)
    assert float(first["mean"]) == value.mean
    with open(tmp_path / "out/people.csv") as file:
        assert len(list(csv.DictReader(file))) == len(result.rows) * 6
    table = result.table()
    assert f"{100 * expected:.1f}" in table and "ridge, 2 people" in table


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"heads": ("svm",)}, "`heads` must be one of"),
        ({"heads": ()}, "`heads` must name at least one"),
        ({"num_labelled": (0,)}, "`num_labelled` must be a whole number"),
        ({"controls": ("random",)}, "`controls` must be one of"),
        ({"protocol": "other"}, "`protocol` must be one of"),
        ({"rotations": -1}, "`rotations` must be"),
        ({"num_draws": 0}, "`num_draws` must be"),
        ({"roles": ("all",)}, "`roles` must be one of"),
        ({"encoders": [], "controls": ()}, "something to score"),
    ],
)
def test_wrong_arguments(tmp_path, changes, words):
    settings = {"encoders": _spread, **changes}
    with pytest.raises(ValueError, match=words):
        evaluation.suite(data=tmp_path, **settings)


def test_people_with_labels_are_nested_draws():
    train = [f"p{i}" for i in range(9)]
    one, three = (
        classify_module.draw_labelled(train, n, [0, 0], 0) for n in (1, 3)
    )
    assert one[0] == three[0] and len(set(three)) == 3
    other = classify_module.draw_labelled(train, 3, [0, 0], 1)
    assert set(other) != set(three)
    for number in (None, 9, 20):
        people = classify_module.draw_labelled(train, number, [0, 0], 0)
        assert people.tolist() == train


def test_only_the_outputs_that_are_asked_for_are_scored(tmp_path, write_set):
    write_set(tmp_path)
    encoder = keras.Sequential(
        [keras.layers.Input((None, 3)), keras.layers.GlobalMaxPooling1D()]
    )
    settings = {"encoders": {"mine": encoder}, "controls": ()}
    scored = _suite(tmp_path, outputs="embedding", **settings)
    assert [row.representation for row in scored.rows] == ["mine embedding"]
    with pytest.raises(
        ValueError, match="`outputs` must have one of 'mine': embedding"
    ):
        _suite(tmp_path, outputs=["features"], **settings)


def test_of_a_network_with_stages_the_features_alone(tmp_path, write_set):
    write_set(tmp_path)
    network = small_encoder()
    scored = _suite(tmp_path, {"mine": network}, outputs="features")
    names = [row.representation for row in scored.rows]
    assert names == ["mine features", "hand-made features"]


def test_one_set_may_be_named_alone(tmp_path, write_set):
    write_set(tmp_path)
    found = _suite(tmp_path, sets="geotec_sw", controls=())
    assert [each.name for each in found.sets] == ["geotec_sw"]


def test_windows_of_a_preset_that_is_loaded(tmp_path, write_set):
    write_set(tmp_path)
    network = small_encoder()
    network.preset_metadata = PresetMetadata("encoder", 50.0, 256, {})
    with pytest.raises(ValueError, match="must take windows at 100 Hz.*50 Hz"):
        _suite(tmp_path, {"mine": network})
    network.preset_metadata = PresetMetadata("encoder", 100.0, 512, {})
    with pytest.warns(UserWarning, match="of 512 samples.*scored on 256"):
        _suite(tmp_path, {"mine": network}, controls=())


def test_windows_of_another_length(tmp_path, write_set):
    write_set(tmp_path, seconds=30)
    network = small_encoder()
    network.preset_metadata = PresetMetadata("encoder", 100.0, 512, {})
    shapes = set()

    def spread(acceleration):
        shapes.add(acceleration.shape[1:])
        return _spread(acceleration)

    scored = _suite(
        tmp_path,
        {"mine": network, "spread": spread},
        controls=("untrained",),
        window_length=512,
    )
    assert shapes == {(512, 3)}
    assert scored.settings["window_length"] == 512
    windows = scored.sets[0].windows
    steps = np.diff(windows.start_seconds[windows.recordings == "0"])
    np.testing.assert_allclose(steps, 2.56)
    with pytest.raises(
        ValueError, match="20 windows of 20.48 s.*in geotec_sw.*shorter"
    ):
        _suite(tmp_path, window_length=2048)
    with pytest.raises(ValueError, match="`window_length` must be"):
        _suite(tmp_path, window_length=0)


@pytest.mark.parametrize("output", ["wide", "steady", "compact"])
def test_the_untrained_network_of_a_readout_says_something(rng, output):
    windows = rng.normal(size=(40, 64, 3)).astype("float32")
    beside = keras.Sequential(
        [keras.layers.GlobalMaxPooling1D(), keras.layers.Rescaling(2.0)]
    )
    network = StageFeatures(small_encoder())
    readout = SideBySide([network, beside])
    if output != "wide":
        columns = network.predict(windows, verbose=0)
        fitted = {"compact": CompactFeatures(4), "steady": SteadyFeatures(2)}
        fitted = fitted[output]
        fitted.adapt(columns, columns[::-1])
        readout = keras.Sequential([network, fitted])
    readout(windows)
    found, _, own = controls_module.make_representations(
        {"mine": readout}, ("untrained",)
    )
    (name,) = own
    trained, control = found["mine embedding"](windows), found[name](windows)
    # Not all is at rest, and what stands beside it is as it was.
    assert (control.std(axis=0) > 0).mean() > 0.5
    if output == "wide":
        np.testing.assert_array_equal(control[:, -3:], trained[:, -3:])
        assert np.abs(control[:, :-3] - trained[:, :-3]).max() > 0.01


def test_presets_of_one_name_in_two_folders_are_told_apart():
    found = controls_module.named(["relcon_small", "mine/relcon_small"])
    assert list(found) == ["relcon_small", "mine/relcon_small"]
    with pytest.raises(ValueError, match="'a' twice.*Pass a dict"):
        controls_module.named(["a", "a"])


@pytest.mark.parametrize(
    "name, controls, row",
    [
        ("untrained net", ("untrained",), "untrained net features"),
        ("hand-made", ("handmade",), "hand-made features"),
        (
            "net embedding + hand-made",
            ("handmade", "side_by_side"),
            "net embedding \\+ hand-made features",
        ),
    ],
)
def test_an_encoder_with_the_name_of_a_control_is_refused(name, controls, row):
    networks = {"net": small_encoder(), name: small_encoder()}
    with pytest.raises(ValueError, match=f"names of controls.*'{row}'"):
        controls_module.make_representations(networks, controls)
