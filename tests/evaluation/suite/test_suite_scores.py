import numpy as np
import pytest
from sklearn.metrics import f1_score

from keras_relcon.evaluation.protocols.folds import Fold
from keras_relcon.evaluation.suite.load_sets import LoadedSet
from keras_relcon.evaluation.suite.scores import Row, draw_people
from keras_relcon.evaluation.suite.suite_result import SuiteResult


def _set(name, archive, people):
    """A set of which only the people matter here."""
    half = len(people) // 2
    folds = [
        Fold(tuple(people[:half]), (), tuple(people[half:])),
        Fold(tuple(people[half:]), (), tuple(people[:half])),
    ]
    return LoadedSet(name, archive, None, folds)


def _confusion(accuracies, num_windows=40, num_classes=2, seed=0):
    """Counts of people, of whom each has a share of right windows."""
    generator = np.random.default_rng(seed)
    counts = np.zeros((1, len(accuracies), num_classes, num_classes), int)
    for person, accuracy in enumerate(accuracies):
        for true in generator.integers(0, num_classes, num_windows):
            is_right = generator.random() < accuracy
            counts[0, person, true, true if is_right else 1 - true] += 1
    return counts


def _result(confusions_of, sets):
    rows = [
        Row(name, "ridge", None, False, name == "control", confusion)
        for name, confusion in confusions_of.items()
    ]
    return SuiteResult(rows, sets, {"seed": 0})


def test_macro_f1_is_pooled_over_people_and_mean_over_draws_and_sets():
    counts = np.concatenate(
        [_confusion([0.9, 0.5], seed=1), _confusion([0.6, 0.6], seed=2)]
    )
    other = _confusion([0.8, 0.8], seed=3)
    row = Row("a", "ridge", None, False, False, {"x": counts, "y": other})

    def pooled(confusion):
        true, predicted = np.nonzero(np.ones((2, 2)))
        weights = confusion.sum(0).ravel()
        return f1_score(
            np.repeat(true, weights),
            np.repeat(predicted, weights),
            average="macro",
        )

    expected = (pooled(counts[0]) + pooled(counts[1])) / 2
    assert row.macro_f1("x") == pytest.approx(expected)
    assert row.mean() == pytest.approx((expected + pooled(other[0])) / 2)
    accuracy, _ = row.of_people("x")
    assert accuracy[1] == pytest.approx(
        np.trace(counts[:, 1], axis1=1, axis2=2).mean() / 40
    )


def test_differences_are_paired_by_person():
    """People differ much, two rows on each of them little."""
    skill = np.linspace(0.1, 0.9, 20)
    people = [f"p{i:02}" for i in range(20)]
    sets = [_set("x", "x", people)]
    theirs = _confusion(skill, 400)
    ours = theirs.copy()
    right = np.arange(2)
    moved = ours[0, :, right, 1 - right] // 10  # (true, people)
    ours[0, :, right, 1 - right] -= moved
    ours[0, :, right, right] += moved
    result = _result({"ours": {"x": ours}, "control": {"x": theirs}}, sets)
    value = result.difference("ours", "control")
    assert value.mean == pytest.approx(
        result.row("ours").mean() - result.row("control").mean()
    )
    assert 0 < value.low < value.mean < value.high < 0.1
    assert 0 < value.people_low < value.people_mean < value.people_high < 0.1
    assert value.num_people == 20
    # Were people drawn for each row alone, the interval would hold 0.
    resampled = result._resampled(result.row("ours"))
    apart = np.random.default_rng(0).permutation(resampled)
    low = np.quantile(apart - result._resampled(result.row("control")), 0.025)
    assert low < 0
    nothing = result.difference("ours", "ours")
    assert nothing.mean == nothing.low == nothing.high == 0


def test_a_person_of_two_sets_is_drawn_for_both_and_counts_once():
    sets = [
        _set("x", "one", ["a", "b", "c"]),
        _set("y", "one", ["a", "b", "c"]),
        _set("z", "two", ["a", "b", "c"]),
    ]
    ours = {n: _confusion([0.9, 0.9, 0.7], seed=1) for n in "xyz"}
    theirs = {n: _confusion([0.6, 0.7, 0.7], seed=2) for n in "xyz"}
    result = _result({"ours": ours, "control": theirs}, sets)
    np.testing.assert_array_equal(result._drawn["x"], result._drawn["y"])
    assert (result._drawn["x"] != result._drawn["z"]).any()
    assert result.difference("ours", "control").num_people == 6


def test_draws_are_with_replacement_and_seeded():
    drawn = draw_people({"x": list("abcd")}, num_resamples=500)["x"]
    assert drawn.shape == (500, 4) and (drawn.sum(1) == 4).all()
    assert drawn.max() > 1 and abs(drawn.mean() - 1) < 1e-12
    again = draw_people({"x": list("abcd")}, num_resamples=500)["x"]
    np.testing.assert_array_equal(drawn, again)


def test_rows_that_were_not_scored_are_named():
    result = _result(
        {"ours": {"x": _confusion([0.5] * 4)}}, [_set("x", "x", list("abcd"))]
    )
    with pytest.raises(ValueError, match="Representations are \\['ours'\\]"):
        result.row("theirs")
    with pytest.raises(ValueError, match="num_labelled=3"):
        result.row("ours", num_labelled=3)


def test_encoders_of_several_seeds_are_one_row_with_their_mean():
    sets = [_set("x", "x", ["a", "b", "c", "d"])]
    confusions = {
        f"{name} features": {"x": _confusion([accuracy] * 4, seed=seed)}
        for seed, (name, accuracy) in enumerate(
            [("m-0", 0.9), ("other", 0.5), ("m-1", 0.7)]
        )
    }
    result = _result(confusions, sets)
    together = result.mean_over({"m": ["m-0", "m-1"]})
    names = [row.representation for row in together.rows]
    assert names == ["m features", "other features"]
    singles = [result.row(f"m-{seed} features").mean() for seed in (0, 1)]
    assert together.row("m features").mean() == pytest.approx(np.mean(singles))
    found = together.difference("m features", "other features")
    apart = [
        result.difference(f"m-{seed} features", "other features").people_mean
        for seed in (0, 1)
    ]
    assert found.people_mean == pytest.approx(np.mean(apart))
    assert together.settings == result.settings
    beside = {
        f"{name} + MiniRocket": confusion
        for name, confusion in confusions.items()
    }
    together = _result(beside, sets).mean_over({"m": ["m-0", "m-1"]})
    names = [row.representation for row in together.rows]
    assert names == ["m features + MiniRocket", "other features + MiniRocket"]


def _scored_seeds():
    """Of two seeds, one with few labels too."""
    counts = {"x": _confusion([0.9] * 4)}
    rows = [
        Row(f"{name} embedding", "ridge", number, False, False, counts)
        for name, number in (("m-0", None), ("m-1", None), ("m-0", 3))
    ]
    rows.append(Row("other embedding", "ridge", None, False, False, counts))
    return SuiteResult(rows, [_set("x", "x", list("abcd"))], {}, ["a set"])


def test_a_row_that_not_all_seeds_have_is_no_mean():
    together = _scored_seeds().mean_over({"m": ["m-0", "m-1"]})
    found = [(row.representation, row.num_labelled) for row in together.rows]
    assert found == [("m embedding", None), ("other embedding", None)]
    assert together.missing == [
        "a set",
        "m embedding, ridge, 3 people (not of all members)",
    ]


@pytest.mark.parametrize(
    "groups, received",
    [({"m": ["m-0", "M-1"]}, "M-1"), ({"other": ["m-0", "m-1"]}, "other")],
)
def test_names_of_seeds_and_of_their_mean_are_checked(groups, received):
    expected = rf"Received: {received}. Scored were \['m-0', 'm-1', 'other'\]"
    with pytest.raises(ValueError, match=expected):
        _scored_seeds().mean_over(groups)
