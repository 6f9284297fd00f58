import dataclasses
import math
import types
import warnings

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score

from keras_relcon.evaluation import (
    FineTune,
    FromScratch,
    LabelMap,
    embed_windows,
    handmade_features,
    transfer_matrix,
)
from keras_relcon.evaluation.ridge import fit_ridge
from keras_relcon.evaluation.transfer.columns import make_columns
from keras_relcon.models import MiniRocket

pytestmark = pytest.mark.eager

SOURCE_TEST, TARGET_TEST = ("5", "6"), ("t2", "t6")
HEADS = ("direct", "probe", "target_ssl", "handmade", "minirocket")
SMALL = {
    "source_test": SOURCE_TEST,
    "target_test": TARGET_TEST,
    "shares": (0.01, 0.4, 1.0),
    "windows_per_class": (2,),
    "num_draws": 2,
    "steps": 3,
    "batch_size": 16,
}

# For networks, each of which is compiled anew.
FEW = {"shares": (0.4,), "windows_per_class": (2,)}


@pytest.fixture
def run(source, target, label_map, make_encoder):
    def run(**changes):
        arguments = {
            "source": source,
            "target": target,
            "label_map": label_map,
            "encoder": make_encoder(),
            "pretrain": lambda windows: make_encoder(seed=3),
            "rows": HEADS,
            **SMALL,
            **changes,
        }
        return transfer_matrix(**arguments)

    return run


def classes_of(windows, class_of):
    return np.array([class_of.get(label, "") for label in windows.labels])


def parts_of(windows, class_of, test):
    """Acceleration, class and subject of training and test windows."""
    y = classes_of(windows, class_of)
    known = windows.valid & (y != "")
    is_test = np.isin(windows.subjects, test)
    return [
        (windows.acceleration[rows], y[rows], windows.subjects[rows])
        for rows in (known & ~is_test, known & is_test)
    ]


def score(true, predicted):
    return f1_score(true, predicted, average="macro", zero_division=0)


def test_columns_of_people_and_of_windows():
    columns = make_columns(19, (1.0, 0.01, 0.05, 0.1, 0.5), (50, 1))
    assert [(c.name, c.num_people, c.num_each) for c in columns] == [
        ("1 %, 5 % (1)", 1, None),
        ("10 % (2)", 2, None),
        ("50 % (10)", 10, None),
        ("100 % (19)", 19, None),
        ("1 a class", None, 1),
        ("50 a class", None, 50),
    ]
    subjects = np.repeat([f"p{i:02}" for i in range(22)], 12)
    y = np.tile([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2], 22)
    train = np.flatnonzero(subjects >= "p03")
    for draw in range(3):
        rows = [c.rows(train, subjects, y, 4, draw) for c in columns]
        people = [set(subjects[found]) for found in rows]
        assert [len(each) for each in people[:4]] == [1, 2, 10, 19]
        assert people[0] < people[1] < people[2] < people[3]
        assert all(len(r) == 12 * len(p) for r, p in zip(rows[:4], people))
        assert np.bincount(y[rows[4]]).tolist() == [1, 1, 1]
        # Nineteen people have 19 windows of the last class.
        assert np.bincount(y[rows[5]]).tolist() == [50, 50, 19]
        assert set(rows[4]) < set(rows[5]) <= set(train)
        again = columns[0].rows(train, subjects, y, 4, draw)
        np.testing.assert_array_equal(rows[0], again)
    draws = [columns[2].rows(train, subjects, y, 4, d) for d in range(2)]
    assert set(subjects[draws[0]]) != set(subjects[draws[1]])
    draws = [columns[4].rows(train, subjects, y, 4, d) for d in range(2)]
    assert not set(draws[0]) & set(draws[1])


def test_all_people_are_a_plain_fit(
    run, source, target, label_map, make_encoder
):
    """Every row with a head, at 100 %, computed here from the parts."""
    result = run()
    (train_x, train_y, train_who), (test_x, test_y, _) = parts_of(
        target, label_map.target, TARGET_TEST
    )
    is_seen = target.valid & ~np.isin(target.subjects, TARGET_TEST)
    rocket = MiniRocket(window_length=64, seed=0)
    rocket.adapt(target.acceleration[is_seen])
    features = {
        "probe": lambda x: embed_windows(make_encoder(), x),
        "target_ssl": lambda x: embed_windows(make_encoder(seed=3), x),
        "handmade": handmade_features,
        "minirocket": lambda x: embed_windows(rocket, x),
    }
    found = {}
    for row, represent in features.items():
        names, codes = np.unique(train_y, return_inverse=True)
        head = fit_ridge(represent(train_x), codes, train_who, 0)
        predicted = names[head.predict(represent(test_x))]
        found[row] = result.score(row, "100 % (5)")
        assert found[row] == pytest.approx(score(test_y, predicted)), row
    assert len({round(value, 3) for value in found.values()}) > 2, found
    ours, ours_test = parts_of(source, label_map.source, SOURCE_TEST)
    represent = features["probe"]
    names, codes = np.unique(ours[1], return_inverse=True)
    head = fit_ridge(represent(ours[0]), codes, ours[2], 0)
    predicted = names[head.predict(represent(test_x))]
    for column in result.columns:
        assert result.score("direct", column) == pytest.approx(
            score(test_y, predicted)
        )
    predicted = names[head.predict(represent(ours_test[0]))]
    expected = score(ours_test[1], predicted)
    assert result.source_score() == pytest.approx(expected)


def test_few_people_are_the_mean_over_draws(run, target, label_map):
    result = run(rows="handmade", num_draws=3)
    (train_x, train_y, train_who), (test_x, test_y, _) = parts_of(
        target, label_map.target, TARGET_TEST
    )
    names, codes = np.unique(train_y, return_inverse=True)
    scores = []
    for draw in range(3):
        order = np.random.default_rng([0, draw]).permutation(5)
        chosen = np.unique(train_who)[order[:2]]  # 40 % of five
        rows = np.isin(train_who, chosen)
        head = fit_ridge(
            handmade_features(train_x[rows]), codes[rows], train_who[rows], 0
        )
        predicted = names[head.predict(handmade_features(test_x))]
        scores.append(score(test_y, predicted))
    assert len(set(scores)) > 1
    assert result.score("handmade", "40 % (2)") == pytest.approx(
        np.mean(scores)
    )
    assert result.std_over_draws("handmade", "40 % (2)") == pytest.approx(
        np.std(scores, ddof=1)
    )


@pytest.mark.parametrize(
    "row, task", [("fine_tune", FineTune), ("scratch", FromScratch)]
)
def test_networks_are_those_of_the_tasks(
    run, target, label_map, make_encoder, row, task
):
    columns = {"shares": (1.0,), "windows_per_class": ()}
    result = run(rows=(row,), seed=2, steps=20, learning_rate=0.02, **columns)
    (train_x, train_y, _), (test_x, test_y, _) = parts_of(
        target, label_map.target, TARGET_TEST
    )
    names, codes = np.unique(train_y, return_inverse=True)
    epochs = math.ceil(20 / math.ceil(len(codes) / 16))
    scores = []
    for draw in range(2):
        fitted = task(
            hidden=(),
            learning_rate=0.02,
            batch_size=16,
            epochs=epochs,
            seed=2000 + draw,
        ).fit(train_x, codes, encoder=make_encoder())
        scores.append(score(test_y, names[fitted.predict(test_x)]))
    assert scores[0] != scores[1]
    found = result.score(row, "100 % (5)")
    assert found == pytest.approx(np.mean(scores), abs=0.02)


def test_one_class_among_the_labels_is_said_of_all(run, target, label_map):
    """One person did nothing but rest."""
    y = classes_of(target, label_map.target)
    is_moving = np.isin(y, ["walk", "run"]) & (target.subjects != "t1")
    few = np.isin(target.subjects, TARGET_TEST) | is_moving
    few |= (target.subjects == "t1") & (y == "still")
    result = run(
        target=target.select(few),
        rows=("scratch", "handmade"),
        shares=(0.2,),
        windows_per_class=(),
        num_draws=4,
    )
    confusion = result.rows[0].confusion["20 % (1)"]
    is_only = [len(np.flatnonzero(c.sum((0, 1)))) == 1 for c in confusion]
    assert any(is_only)  # the draws of that person
    assert np.isfinite(result.score("handmade", "20 % (1)"))


def test_every_cell_tests_the_same_windows(run, target, label_map):
    result = run(rows=HEADS + ("fine_tune", "scratch"), **FEW)
    assert [row.representation for row in result.rows] == [
        "direct",
        "probe",
        "fine_tune",
        "target_ssl",
        "scratch",
        "handmade",
        "minirocket",
    ]
    _, (_, test_y, who) = parts_of(target, label_map.target, TARGET_TEST)
    expected = [
        [np.sum((who == person) & (test_y == name)) for name in sorted(set(y))]
        for person, y in [(p, test_y) for p in TARGET_TEST]
    ]
    for row in result.rows:
        assert list(row.confusion) == result.columns
        for counts in row.confusion.values():
            assert counts.shape == (2, 2, 3, 3)
            for draw in counts.sum(-1):
                np.testing.assert_array_equal(draw, expected)


def test_labels_are_joined_by_the_map(run, label_map, make_encoder):
    """With walk and run crossed over, only what was learned there is wrong."""
    crossed = LabelMap(
        label_map.source, {"rest": "still", "steps": "run", "jog": "walk"}
    )
    encoder = make_encoder()
    generator = np.random.default_rng(0)  # the same on every backend
    encoder.set_weights(
        [generator.normal(0, 0.4, w.shape) for w in encoder.get_weights()]
    )
    rows = ("direct", "probe", "handmade")
    right = run(encoder=encoder, rows=rows)
    wrong = run(encoder=encoder, rows=rows, label_map=crossed)
    column = "100 % (5)"
    assert right.score("direct", column) > wrong.score("direct", column) + 0.1
    for row in ("probe", "handmade"):
        assert wrong.score(row, column) == pytest.approx(
            right.score(row, column)
        )
    assert wrong.drop("direct", column).mean > 0.1


def test_pretraining_sees_no_label_and_no_test_person(
    run, target, make_encoder
):
    seen = []

    def pretrain(windows):
        seen.append(windows)
        return make_encoder(seed=3)

    result = run(rows=("target_ssl",), pretrain=pretrain)
    (windows,) = seen
    assert windows.labels is None and not windows.targets
    is_seen = target.valid & ~np.isin(target.subjects, TARGET_TEST)
    # Those of no class too.
    np.testing.assert_array_equal(
        windows.acceleration, target.acceleration[is_seen]
    )
    assert not set(windows.subjects) & set(TARGET_TEST)
    assert result.missing == []


def test_pretraining_is_missing_or_explained(run, make_encoder):
    result = run(rows=("target_ssl", "handmade"), pretrain=None)
    assert [row.representation for row in result.rows] == ["handmade"]
    assert result.missing == ["target_ssl (needs `pretrain`)"]
    assert "Not scored: target_ssl" in result.table()
    with pytest.raises(ValueError, match="`target_ssl` needs `pretrain`"):
        run(rows="target_ssl", pretrain=None)
    with pytest.raises(TypeError, match="`pretrain` must be a callable"):
        run(rows=("target_ssl",), pretrain=lambda windows: None)
    encoder = make_encoder()

    def spoil(windows):
        encoder.set_weights([w + 1 for w in encoder.get_weights()])
        return encoder

    with pytest.raises(ValueError, match="an encoder of its own.*untrained_c"):
        run(rows=("target_ssl",), encoder=encoder, pretrain=spoil)


def test_a_seed_repeats_and_another_draws_others(run):
    rows = ("target_ssl", "fine_tune", "scratch", "handmade")
    first, again, other = (
        run(
            rows=rows,
            seed=seed,
            **FEW,
            pretrain=lambda windows: keras.Sequential(
                [
                    keras.layers.Input((None, 3)),
                    keras.layers.Conv1D(4, 3),
                    keras.layers.GlobalMaxPooling1D(),
                ]
            ),
        )
        for seed in (0, 0, 1)
    )
    for one, two, three in zip(first.rows, again.rows, other.rows):
        for column in first.columns:
            np.testing.assert_array_equal(
                one.confusion[column], two.confusion[column]
            )
        assert any(
            np.any(one.confusion[c] != three.confusion[c])
            for c in first.columns
        ), one.representation


def test_test_people_are_drawn_where_none_are_named(run):
    named = [
        run(rows="handmade", source_test=None, target_test=None, seed=seed)
        for seed in (0, 0, 1)
    ]
    tested = [each.settings["target"]["test"] for each in named]
    assert tested[0] == tested[1] != tested[2]
    assert len(tested[0]) == 2
    assert not set(tested[0]) & set(named[0].settings["target"]["train"])


def test_encoder_and_data_stay_as_they_were(run, source, target, make_encoder):
    encoder = make_encoder()
    before = [np.array(w) for w in encoder.get_weights()]
    copies = source.acceleration.copy(), target.acceleration.copy()
    run(encoder=encoder, rows=("direct", "fine_tune", "scratch"), **FEW)
    for old, new in zip(before, encoder.get_weights()):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(source.acceleration, copies[0])
    np.testing.assert_array_equal(target.acceleration, copies[1])


@pytest.mark.parametrize("where", ["source", "training", "source training"])
def test_test_windows_elsewhere_are_found(run, source, target, where):
    """A window of a test person stands in what is fitted on."""
    # Of no class: it has no label, but would be pretrained on.
    if where == "source training":
        taken = np.flatnonzero(source.subjects == "5")[3]
        changed = source.acceleration.copy()
        changed[0] = source.acceleration[taken]
        changes = {"source": dataclasses.replace(source, acceleration=changed)}
    else:
        taken = np.flatnonzero(target.subjects == "t2")
        taken = taken[target.labels[taken] != "other"][0]
        into = source if where == "source" else target
        place = 0
        changed = into.acceleration.copy()
        changed[place] = target.acceleration[taken]
        name = "source" if where == "source" else "target"
        changes = {name: dataclasses.replace(into, acceleration=changed)}
    with pytest.raises(ValueError, match="in the test part and in another"):
        run(rows="handmade", **changes)


@pytest.mark.parametrize("names", [("a", "a"), ("source", "target")])
def test_people_of_both_sides_do_not_train_and_test(run, target, names):
    people = np.char.lstrip(target.subjects, "t")
    same = dataclasses.replace(target, subjects=people)
    changes = {"target": same, "names": names, "rows": "handmade"}
    expected = "must not be training people of the source. Received: 3, 4"
    if names == ("a", "a"):
        with pytest.raises(ValueError, match=expected):
            run(target_test=("3", "4"), **changes)
    else:
        with pytest.warns(UserWarning, match=f"{expected} in both, by their"):
            run(target_test=("3", "4"), **changes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(target_test=SOURCE_TEST, **changes)


def test_encoder_that_reads_its_batch_is_found(run):
    @keras.saving.register_keras_serializable("tests")
    class Standardizes(keras.layers.Layer):
        def call(self, x):
            x = keras.ops.max(x, axis=1)
            return x - keras.ops.mean(x, axis=0)

    encoder = keras.Sequential([keras.layers.Input((None, 3)), Standardizes()])
    with pytest.raises(ValueError, match="must depend on the window alone"):
        run(rows="probe", encoder=encoder)


def test_a_label_in_the_embedding_is_found(run, target, label_map):
    """An axis of the target holds the class."""
    names, codes = np.unique(target.labels, return_inverse=True)
    coded = target.acceleration.copy()
    coded[:, :, 0] = 0.1 * codes[:, None]
    encoder = keras.Sequential(
        [
            keras.layers.Input((None, 3)),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    with pytest.raises(ValueError, match="embedding of target may be a code"):
        run(
            rows="probe",
            encoder=encoder,
            target=dataclasses.replace(target, acceleration=coded),
        )


def test_columns_people_and_validity_may_be_plain_numbers(run, target):
    several = run(rows="handmade", shares=(0.4,), windows_per_class=(2,))
    people = np.char.lstrip(target.subjects, "t").astype(int) + 10
    numbers = dataclasses.replace(
        target, subjects=people, valid=target.valid.astype(int)
    )
    one = run(
        rows="handmade",
        target=numbers,
        target_test=(12, 16),
        shares=0.4,
        windows_per_class=2,
    )
    assert one.columns == several.columns
    for column in one.columns:
        assert one.score("handmade", column) == pytest.approx(
            several.score("handmade", column)
        )


def test_what_a_preset_was_trained_on_is_warned_of(run, source, make_encoder):
    encoder = make_encoder()
    encoder.preset_metadata = types.SimpleNamespace(
        kind="encoder",
        facts={"subjects": {"watch": ["1", "5"], "phone": ["t2"]}},
        sample_rate_hz=source.sample_rate_hz,
        window_length=source.acceleration.shape[1],
    )
    with pytest.warns(UserWarning, match="watch/5, whose windows"):
        result = run(rows="probe", encoder=encoder, names=("watch", "other"))
    assert result.settings["people_in_pretraining"] == {"watch": ["watch/5"]}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        run(rows="probe", encoder=encoder)
    encoder.preset_metadata.sample_rate_hz = 12.5
    with pytest.warns(UserWarning, match="samples at 12.5 Hz, and is scored"):
        run(rows="probe", encoder=encoder)


def test_bad_input_is_explained(run, source, target, label_map):
    with pytest.raises(ValueError, match="`rows` must be one of"):
        run(rows=("prob",))
    with pytest.raises(ValueError, match="`shares` must be.*at most 1"):
        run(shares=(5,))
    with pytest.raises(ValueError, match="There must be a row and a column"):
        run(shares=(), windows_per_class=())
    with pytest.raises(ValueError, match="`steps` must be a whole number"):
        run(steps=0)
    with pytest.raises(ValueError, match="`target_test` must name two"):
        run(target_test=("t1",))
    with pytest.raises(ValueError, match="`source_test` must name two"):
        run(source_test=("t1", "t2"))
    with pytest.raises(ValueError, match=r"no windows of \['walk'\] in the tr"):
        kept = (source.labels != "walk") | np.isin(source.subjects, SOURCE_TEST)
        run(source=source.select(kept))
    with pytest.raises(ValueError, match="must have one rate and length"):
        run(source=dataclasses.replace(source, sample_rate_hz=50.0))
    with pytest.raises(ValueError, match="`target` must have labels"):
        run(target=dataclasses.replace(target, labels=None))
    with pytest.raises(ValueError, match="Windows must be in g"):
        scaled = 9.8 * source.acceleration
        run(source=dataclasses.replace(source, acceleration=scaled))
    with pytest.raises(TypeError, match="`label_map` must be a `LabelMap`"):
        run(label_map={"walk": "walk"})
    with pytest.raises(TypeError, match="`source` must be `Windows`"):
        run(source=source.acceleration)
    with pytest.raises(TypeError, match="`encoder` must be a keras.Model"):
        run(encoder="relcon_small")
