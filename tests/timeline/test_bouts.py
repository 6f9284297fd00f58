"""Windows of ten seconds, one a letter: w alks, s its, ? unknown, n ot worn."""

import numpy as np
import pytest


def found(timeline, **arguments):
    """`"label start-end"` of each bout, in seconds."""
    bouts = timeline.bouts(**arguments)
    return [
        f"{label} {start.total_seconds():g}-{end.total_seconds():g}"
        for label, start, end in zip(bouts.label, bouts.start, bouts.end)
    ]


def test_consecutive_windows_of_a_class_are_a_bout(written):
    timeline = written("wwwsswwwwwww?")
    assert found(timeline, min_seconds=0) == [
        "walking 0-30",
        "sitting 30-50",
        "walking 50-120",
    ]


def test_shorter_bouts_are_left_out(written):
    timeline = written("wwwsswwwwwww")
    assert found(timeline) == ["walking 50-120"]
    assert found(timeline, min_seconds=30) == ["walking 0-30", "walking 50-120"]
    assert found(timeline, min_seconds=30.1) == ["walking 50-120"]
    assert found(timeline, min_seconds=500) == []


def test_a_short_stretch_of_something_else_does_not_end_a_bout(written):
    timeline = written("ww?www ss www")
    assert found(timeline, min_seconds=60, max_gap_seconds=9.9) == []
    assert found(timeline, max_gap_seconds=10) == ["walking 0-60"]
    assert found(timeline, max_gap_seconds=20) == ["walking 0-110"]


def test_with_gaps_time_may_be_in_bouts_of_two_classes(written):
    assert found(written("wwsswssww"), min_seconds=40, max_gap_seconds=10) == [
        "sitting 20-70"
    ]
    assert found(written("wwsswssww"), min_seconds=40, max_gap_seconds=20) == [
        "walking 0-90",
        "sitting 20-70",
    ]


@pytest.mark.parametrize("letter", "n-")
def test_time_not_worn_or_not_measured_ends_every_bout(written, letter):
    timeline = written(f"www{letter}www")
    assert found(timeline, min_seconds=0, max_gap_seconds=999) == [
        "walking 0-30",
        "walking 40-70",
    ]
    timeline = written(f"www?{letter}?www")
    assert found(timeline, min_seconds=0, max_gap_seconds=999) == [
        "walking 0-30",
        "walking 60-90",
    ]


def test_time_without_a_window_ends_every_bout(written):
    timeline = written("wwwwww", gaps=[(2, 5.0)])
    assert found(timeline, min_seconds=0, max_gap_seconds=999) == [
        "walking 0-20",
        "walking 25-65",
    ]


def test_a_bout_begins_and_ends_with_its_class(written):
    timeline = written("??www??", duration=70)
    assert found(timeline, min_seconds=0, max_gap_seconds=100) == [
        "walking 20-50"
    ]


def test_unknown_is_no_bout(written):
    assert found(written("??????"), min_seconds=0) == []


def test_columns(written):
    bouts = written("ww?w").bouts(min_seconds=0, max_gap_seconds=10)
    assert list(bouts.columns) == [
        "start",
        "end",
        "label",
        "seconds",
        "probability",
    ]
    assert bouts.seconds.tolist() == [40]
    # Of walking: 0.9, 0.9, 0.5, 0.9.
    np.testing.assert_allclose(bouts.probability, [0.8], rtol=1e-6)


def test_nothing_found_has_the_same_columns(written):
    bouts = written("wwww").bouts(min_seconds=1000)
    assert len(bouts) == 0
    full = written("wwww").bouts(min_seconds=0)
    assert bouts.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize("name", ["min_seconds", "max_gap_seconds"])
@pytest.mark.parametrize("value", [-1, float("nan"), "60"])
def test_lengths_must_be_numbers(written, name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a finite number"):
        written("ww").bouts(**{name: value})


def slow_bouts(letters, max_gap):
    """Bouts of walking, found by trying every pair of windows."""
    pairs = []
    for a in range(len(letters)):
        for b in range(a, len(letters)):
            inside = letters[a : b + 1]
            is_bout = inside[0] == inside[-1] == "w" and not set(inside) & {
                *"n-"
            }
            gap = longest = 0
            for letter in inside:
                gap = 0 if letter == "w" else gap + 1
                longest = max(longest, gap)
            if is_bout and 10 * longest <= max_gap:
                pairs.append((a, b))
    return [
        f"walking {10 * a}-{10 * b + 10}"
        for a, b in pairs
        if not any((c, d) != (a, b) and c <= a and b <= d for c, d in pairs)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_bouts_are_the_longest_stretches_that_the_rule_allows(written, seed):
    rng = np.random.default_rng(seed)
    letters = "".join(rng.choice([*"wwwws?n-"], 60))
    for max_gap in (0, 10, 25):
        walking = [
            bout
            for bout in found(
                written(letters), min_seconds=0, max_gap_seconds=max_gap
            )
            if bout.startswith("walking")
        ]
        assert walking == slow_bouts(letters, max_gap)
