import numpy as np
import pytest
from protocol_oracles import (
    check_windows,
    half_shifted_windows,
    parts_of,
    signal,
    stretches,
)

from keras_relcon.evaluation.protocols.opportunity_table3 import (
    CLASSES,
    opportunity_windows,
)

ORDER = ("null", "stand", "walk", "sit", "lie")


def constant(value, label="stand", subject="1", run="ADL1", num_axes=3):
    count = 30 * 40
    rows = np.zeros((count, 3))
    rows[:, :num_axes] = value
    name = f"S{subject}-{run}"
    return parts_of(
        name, subject, "right_wrist", 30, rows, [label] * count, cuts=(400,)
    )


def test_released_interpolation_turns_0_9_into_0_9_0_6_1_2():
    windows = opportunity_windows(constant(0.9), variant="released")
    first = windows.acceleration[0, :, 0]
    np.testing.assert_allclose(first[:6], [0.9, 0.6, 1.2, 0.9, 0.6, 1.2], 1e-6)
    np.testing.assert_allclose(first, np.resize([0.9, 0.6, 1.2], 1000), 1e-6)
    assert windows.sample_rate_hz == 90
    # 1200 rows are 3600, of which 3 windows, and 2 half a window on
    expected = np.array([0, 1000, 2000, 500, 1500]) / 90
    np.testing.assert_allclose(windows.start_seconds, expected)


def test_corrected_interpolation_keeps_a_constant_and_10_s():
    windows = opportunity_windows(constant(0.9))
    np.testing.assert_allclose(windows.acceleration, 0.9, atol=1e-5)
    assert windows.sample_rate_hz == 100
    assert windows.start_seconds.tolist() == [0, 10, 20, 30, 5, 15, 25]


def make_file(rng, count=8000):
    rows = 2 * signal(rng, count, num_missing=40)
    return rows, stretches(rng, ORDER, count, longest=700)


def test_released_windows_are_those_of_a_plain_loop(rng):
    rows, labels = make_file(rng)
    is_known = ~np.isnan(rows).any(axis=1)
    kept, kept_labels = rows[is_known].astype("float64"), labels[is_known]
    tripled, tripled_labels = [], []
    for i, (row, label) in enumerate(zip(kept, kept_labels)):
        after = kept[i + 1] if i + 1 < len(kept) else -row  # the last: zeros
        tripled += [row, (row + after) / 3, 2 * (row + after) / 3]
        tripled_labels += [label] * 3
    expected = half_shifted_windows(
        np.array(tripled), np.array(tripled_labels), ORDER, CLASSES
    )
    recordings = parts_of(
        "S2-Drill", "2", "right_wrist", 30, rows, labels, cuts=(31, 5000)
    )
    windows = opportunity_windows(recordings, variant="released")
    check_windows(windows, expected)


def test_last_two_released_rows_are_zeros():
    # 1000 rows that are 3000: the last window has the end of the file
    rows = np.full((1000, 3), 0.3)
    recordings = parts_of(
        "S1-ADL1", "1", "right_wrist", 30, rows, ["sit"] * 1000
    )
    last = opportunity_windows(recordings, "released").acceleration[2]
    np.testing.assert_allclose(last[-3:, 0], [0.3, 0, 0], atol=1e-6)


def test_corrected_windows_follow_the_signal_and_its_labels(rng):
    # 3 Hz is far below the cut-off: resampling must give the sine again
    count = 3000
    seconds = np.arange(count) / 30
    rows = np.stack([np.sin(2 * np.pi * 3 * seconds)] * 3, axis=1)
    labels = np.where(seconds < 41, "walk", "lie")
    recordings = parts_of("S1-ADL1", "1", "right_wrist", 30, rows, labels)
    windows = opportunity_windows(recordings)
    assert len(windows) == 19
    times = windows.start_seconds[:, None] + np.arange(1000) / 100
    inner = slice(1, 9)  # away from the edges of the file
    np.testing.assert_allclose(
        windows.acceleration[inner, :, 1],
        np.sin(2 * np.pi * 3 * times)[inner],
        atol=2e-3,
    )
    expected = np.where(windows.start_seconds + 5 < 41, "walk", "lie")
    assert windows.labels.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "one, other, winner",
    [("sit", "lie", "sit"), ("null", "stand", None), ("sit", "stand", "stand")],
)
def test_tie_goes_to_the_smaller_code_of_the_dataset(one, other, winner):
    # 120 rows from the second one on become 400 at 100 Hz, twice
    labels = ["walk"] + [one] * 120 + [other] * 120 + ["walk"] * 359
    recordings = parts_of(
        "S1-ADL1", "1", "right_wrist", 30, np.zeros((600, 3)), labels
    )
    windows = opportunity_windows(recordings)
    first = windows.labels[windows.start_seconds == 0].tolist()
    assert first == ([] if winner is None else [winner])


@pytest.mark.parametrize("variant", ["corrected", "released"])
def test_files_are_in_order_and_clipped(variant):
    recordings = constant(3.9, subject="2", run="Drill", num_axes=1)
    recordings += constant(-3.9, "lie", subject="2", run="ADL2", num_axes=1)
    recordings += constant(0.1, "null", run="ADL5")
    recordings += constant(0.2, "sit", run="ADL3")
    windows = opportunity_windows(recordings, variant)
    names = list(dict.fromkeys(windows.recordings.tolist()))
    assert names == ["S1-ADL3", "S2-ADL2", "S2-Drill"]
    assert windows.acceleration.min() == -3 and windows.acceleration.max() == 3
    assert set(windows.labels) == {"sit", "lie", "stand"}


@pytest.mark.parametrize("variant", ["corrected", "released"])
def test_a_file_of_missing_rows_gives_no_window(variant):
    rows = np.full((1200, 3), np.nan)
    missing = parts_of("S1-ADL2", "1", "right_wrist", 30, rows, ["sit"] * 1200)
    windows = opportunity_windows(missing + constant(0.5), variant)
    assert set(windows.recordings) == {"S1-ADL1"}


def test_errors_say_what_is_expected():
    with pytest.raises(ValueError, match="`variant` must be one of"):
        opportunity_windows(constant(0.5), "fixed")
    rows, labels = np.zeros((400, 3)), ["sit"] * 400
    back = parts_of("S1-ADL1", "1", "back", 30, rows, labels)
    with pytest.raises(ValueError, match="of 'opportunity/right_wrist'"):
        opportunity_windows(back)
