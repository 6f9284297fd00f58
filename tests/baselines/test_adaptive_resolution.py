"""The choice of a resolution against loops and known numbers."""

import math

import numpy as np
import pytest
from support import to_numpy

from keras_relcon.baselines import AdaptiveResolution
from keras_relcon.baselines.adaptive_resolution import (
    SelectionByEpoch,
    entropy_share,
    resolution_scores,
)

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

ALL, NONE = np.ones(3, bool), np.zeros(3, bool)


def scores(current, previous, present=ALL, known=ALL, **kwargs):
    current, previous = np.float32(current), np.float32(previous)
    return to_numpy(
        resolution_scores(current, previous, present, known, **kwargs)
    )


def scores_by_loops(current, previous, present, known, weight, absent):
    logits = {}
    for k in range(len(current)):
        if present[k]:
            change = current[k] - previous[k] if known[k] else 0.0
        elif absent == "carry" and known[k]:
            change = 0.0
        else:
            continue
        logits[k] = math.exp(weight * change)
    total = sum(logits.values())
    return [logits.get(k, 0.0) / total for k in range(len(current))]


def choice(count=3, **kwargs):
    resolution = AdaptiveResolution(**{"seed": 0, **kwargs})
    resolution.build((count,))
    return resolution


def value(variable):
    return to_numpy(variable).tolist()


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (1.0, [0.398189, 0.360297, 0.241514]),
        (0.1, [0.339988, 0.336605, 0.323407]),
    ],
)
def test_known_scores(weight, expected):
    output = scores([1.1, 1.5, 1.6], [1, 1.5, 2], weight=weight)
    np.testing.assert_allclose(output, expected, atol=1e-6)


@pytest.mark.parametrize("absent", ["skip", "carry"])
@pytest.mark.parametrize("weight", [1.0, 10.0])
def test_scores_are_those_of_loops(rng, absent, weight):
    for _ in range(8):
        current, previous = rng.normal(size=(2, 5))
        present, known = rng.random((2, 5)) < 0.6
        present[0] = True
        arguments = current, previous, present, known
        np.testing.assert_allclose(
            scores(*arguments, weight=weight, absent=absent),
            scores_by_loops(*arguments, weight, absent),
            atol=1e-5,
        )


def test_an_unknown_loss_is_no_rise():
    """A large loss that was absent before does not draw the choice."""
    known = np.array([True, True, False])
    output = scores([1.0, 1.0, 4.6], [1.0, 1.0, 0.0], known=known)
    np.testing.assert_allclose(output, [1 / 3] * 3, atol=1e-6)


def test_without_any_loss_the_scores_are_even():
    output = scores([0] * 3, [0] * 3, NONE, NONE)
    np.testing.assert_allclose(output, [1 / 3] * 3, atol=1e-6)


def test_entropy_is_a_share_of_that_of_even_scores():
    for given, expected in (
        ([0.25] * 4, 1.0),
        ([0.5, 0.5, 0.0, 0.0], 1.0),
        ([1.0, 0.0, 0.0, 0.0], 1.0),
        ([0.5, 0.25, 0.25, 0.0], 1.5 / math.log2(3)),
    ):
        output = to_numpy(entropy_share(np.float32(given)))
        np.testing.assert_allclose(output, expected, atol=1e-6)


def test_a_rising_loss_is_drawn_by_step():
    resolution = choice(weight=50.0, every="step")
    resolution.record(np.float32([1, 2, 3]), 3)
    assert value(resolution.entropy) == pytest.approx(1, abs=1e-5)
    for rising in (1, 2, 0, 1):
        losses = to_numpy(resolution.previous).copy()
        losses[rising] += 1
        resolution.record(losses, 3)
        assert value(resolution.choice(True)) == rising
        assert value(resolution.entropy) < 0.01
        np.testing.assert_allclose(to_numpy(resolution.previous), losses)


def test_a_record_stays_while_its_resolution_is_absent():
    """The next loss is compared to the last one, however long ago."""
    resolution = choice(weight=50.0, every="step")
    resolution.record(np.float32([1, 2, 3]), 3)
    resolution.record(np.float32([1, 2, 99]), 2)
    assert value(resolution.previous) == [1, 2, 3]
    resolution.record(np.float32([1.5, 2, 3.1]), 3)
    assert value(resolution.choice(True)) == 0


def test_an_absent_resolution_is_not_drawn_but_where_it_is_carried():
    drawn = {"skip": set(), "carry": set()}
    for absent, places in drawn.items():
        resolution = choice(every="step", absent=absent)
        resolution.record(np.float32([1, 1, 1]), 3)
        for _ in range(30):
            resolution.record(np.float32([1, 1, 0]), 2)
            places.add(value(resolution.choice(True)))
    assert drawn == {"skip": {0, 1}, "carry": {0, 1, 2}}


def test_an_epoch_counts_by_its_mean():
    resolution = choice(weight=50.0)
    begin = SelectionByEpoch(resolution).on_epoch_begin
    begin(0)
    first = value(resolution.choice(True))
    for losses, present in (([1, 2, 3], 3), ([3, 2, 9], 2)):
        resolution.record(np.float32(losses), present)
        assert value(resolution.choice(True)) == first
    begin(1)
    assert value(resolution.previous) == [2, 2, 3]
    for losses in ([2, 2, 3.0], [2, 2, 5.0]):
        resolution.record(np.float32(losses), 3)
    begin(2)
    assert value(resolution.choice(True)) == 2
    assert value(resolution.previous) == [2, 2, 4]


def test_an_epoch_that_is_begun_again_changes_nothing():
    resolution = choice()
    begin = SelectionByEpoch(resolution)
    begin.on_epoch_begin(3)
    resolution.record(np.float32([1, 2, 3]), 3)
    before = [value(variable) for variable in resolution.variables]
    begin.on_epoch_begin(3)
    assert [value(variable) for variable in resolution.variables] == before
    begin.on_train_end()
    begin.on_epoch_begin(3)
    assert value(resolution.previous) == [1, 2, 3]


def test_uniform_draws_evenly_whatever_the_losses():
    resolution = choice(selection="uniform", every="step")
    counts = np.zeros(3)
    for step in range(150):
        resolution.record(np.float32([100 * step, 0, 0]), 3)
        counts[value(resolution.choice(True))] += 1
        assert value(resolution.entropy) == pytest.approx(1, abs=1e-5)
    assert counts.min() > 30


@pytest.mark.parametrize("selection", ["finest", "all"])
def test_what_is_not_drawn_stays(selection):
    resolution = choice(selection=selection, every="step")
    before = [value(variable) for variable in resolution.variables]
    resolution.record(np.float32([1, 2, 3]), 3)
    assert [value(variable) for variable in resolution.variables] == before
    expected = {"finest": 2, "all": 3}[selection]
    assert value(resolution.choice(True)) == expected


@pytest.mark.parametrize("selection", ["adaptive", "uniform", "finest", "all"])
def test_a_validation_is_over_all(selection):
    assert value(choice(selection=selection).choice(False)) == 3


def test_the_first_is_drawn_evenly():
    firsts = {value(choice(seed=seed).choice(True)) for seed in range(20)}
    assert firsts == {0, 1, 2}


def test_its_state_is_finite_from_the_start():
    for variable in choice().variables:
        assert np.isfinite(to_numpy(variable)).all()


@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("selection", "best"),
        ("weight", 0),
        ("every", "batch"),
        ("absent", "drop"),
    ],
)
def test_wrong_arguments_are_explained(argument, given):
    with pytest.raises(ValueError, match=f"`{argument}` must be.*Received"):
        AdaptiveResolution(**{argument: given})


def test_its_config_is_its_arguments():
    arguments = {
        "selection": "uniform",
        "weight": 0.1,
        "every": "step",
        "absent": "carry",
        "seed": 4,
    }
    config = AdaptiveResolution(**arguments).get_config()
    copy = AdaptiveResolution.from_config(config)
    assert {name: getattr(copy, name) for name in arguments} == arguments
