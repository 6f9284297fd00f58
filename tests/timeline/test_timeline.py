import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keras_relcon.data import Recording
from keras_relcon.timeline import Timeline, find_worn, measure_intensity

ROOT = Path(__file__).resolve().parents[2]


def recording(hours=3, rate=4, **arguments):
    rng = np.random.default_rng(0)
    signal = rng.normal(0, 0.2, (int(hours * 3600 * rate), 3))
    signal[: 3600 * rate] = 0
    signal[:, 2] += 1
    return Recording(signal, rate, "s01", **arguments)


def found_in(recording, window_seconds=30, **arguments):
    number = int(recording.duration_seconds // window_seconds)
    values = {
        "start_seconds": np.arange(number) * float(window_seconds),
        "window_seconds": window_seconds,
        "labels": np.where(np.arange(number) % 3, "walking", "unknown"),
        "probabilities": np.tile([0.3, 0.7], (number, 1)),
        "classes": ["sitting", "walking"],
        "valid": np.arange(number) % 10 != 9,
    }
    return Timeline.of(recording, **(values | arguments))


def test_a_timeline_holds_what_the_signal_says():
    source = recording(recording_id="monday", start_time=1.7e9)
    timeline = found_in(source)
    assert timeline.name == "monday" and timeline.subject == "s01"
    assert timeline.duration == 10800
    assert len(timeline) == 360
    by_signal = np.repeat(find_worn(source.acceleration, 4), 30)
    assert by_signal.tolist() == [False] * 120 + [True] * 240
    np.testing.assert_array_equal(timeline.worn, by_signal & timeline.valid)
    intensity = measure_intensity(
        source.acceleration,
        4,
        timeline.start_seconds,
        timeline.start_seconds + 30,
    )
    np.testing.assert_array_equal(timeline.enmo, intensity.enmo)
    np.testing.assert_array_equal(timeline.mad, intensity.mad)
    np.testing.assert_array_equal(timeline.magnitude_min, intensity.lowest)
    np.testing.assert_array_equal(timeline.magnitude_max, intensity.highest)


def test_a_window_is_worn_as_the_quarter_of_its_middle_is():
    source = recording(hours=2)
    timeline = found_in(
        source,
        window_seconds=700,
        valid=np.ones(10, bool),
    )
    middle = timeline.start_seconds + 350
    np.testing.assert_array_equal(timeline.worn, middle >= 3600)


def test_the_table_has_a_row_a_window():
    table = found_in(recording(start_time=1.7e9)).table
    assert list(table.columns) == [
        "start",
        "end",
        "label",
        "probability",
        "valid",
        "worn",
    ]
    assert table.start[0] == pd.Timestamp(1.7e9, unit="s")
    assert (table.end[:-1].to_numpy() == table.start[1:].to_numpy()).all()
    assert table.valid.dtype == table.worn.dtype == bool
    # Not worn in the first hour; window 129 is not valid.
    assert table.label[119] is pd.NA and table.label[129] is pd.NA
    assert np.isnan(table.probability[[119, 129]]).all()
    assert not table.worn[129]
    assert table.label[120:123].tolist() == ["unknown", "walking", "walking"]
    # Of the label; the largest one of what is unknown.
    assert table.probability[120:123].tolist() == [np.float32(0.7)] * 3


def test_the_probability_is_that_of_the_label(written):
    timeline = written("ws?")
    np.testing.assert_allclose(timeline.table.probability, [0.9, 0.8, 0.5])
    timeline = written("w", labels=["sitting"])  # smoothed over time
    np.testing.assert_allclose(timeline.table.probability, [0.1], rtol=1e-6)


def test_what_the_caller_does_with_the_table_changes_nothing(written):
    timeline = written("ws")
    table = timeline.table
    table["label"] = "nothing"
    assert timeline.table.label.tolist() == ["walking", "sitting"]


def test_labels_of_invalid_windows_do_not_count(written):
    timeline = written("w-", labels=["walking", "anything"])
    assert timeline.labels.tolist() == ["walking", ""]
    assert np.isnan(timeline.probabilities[1]).all()


def test_windows_whose_times_were_rounded_touch(written):
    rate = 99.97
    starts = np.round(np.arange(1000) * 256 / rate, 4)
    timeline = written(
        "w" * 1000,
        256 / rate,
        start_seconds=starts,
        duration=256_000 / rate,
    )
    np.testing.assert_array_equal(timeline.end_seconds[:-1], starts[1:])
    assert timeline.end_seconds[-1] == timeline.duration
    assert timeline.minutes("recording")["not measured"].tolist() == [0]


def test_the_last_window_ends_with_the_recording(written):
    timeline = written("www", 10, duration=28)
    assert timeline.end_seconds.tolist() == [10, 20, 28]


def test_no_windows_at_all():
    source = recording(hours=0.01)
    timeline = found_in(
        source,
        start_seconds=[],
        labels=[],
        probabilities=np.empty((0, 2)),
        valid=[],
    )
    assert len(timeline.table) == len(timeline.bouts()) == 0
    minutes = timeline.minutes("recording")
    assert minutes["not measured"].tolist() == [0.6]
    assert "36 s not measured" in repr(timeline)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"start_seconds": [0.0, 5.0]}, "windows must not overlap"),
        ({"start_seconds": [10.0, 0.0]}, "must be rising"),
        ({"start_seconds": [0.0, np.nan]}, "must be rising"),
        ({"start_seconds": [-1.0, 10.0]}, "inside of the recording"),
        ({"start_seconds": [10.0, 20.0]}, "inside of the recording"),
        ({"labels": ["walking"]}, r"`labels` must have one row per window"),
        ({"probabilities": np.zeros((2, 3))}, r"shape \(2, 2\)"),
        ({"labels": ["walking", "flying"]}, "Received: 'flying'"),
        ({"classes": ["walking", "walking"]}, "must be different names"),
        ({"classes": ["walking", "not worn"]}, "must be different names"),
        ({"classes": ["walking", ""]}, "must be different names"),
        ({"classes": []}, "must be different names"),
        ({"window_seconds": 0, "duration": 20}, "`window_seconds` must be"),
        ({"time_zone": "UTC"}, "needs a `start_time`"),
    ],
)
def test_bad_input_is_an_error(written, arguments, match):
    with pytest.raises(ValueError, match=match):
        written("ww", **arguments)


def test_a_recording_is_needed():
    with pytest.raises(TypeError, match="`recording` must be a `Recording`"):
        Timeline.of(np.zeros((9, 3)), [], 1, [], [], ["a"], [])


def test_repr_says_the_longest_first(written):
    assert repr(written("wsssn")) == (
        "<Timeline: recording 'monday', 50 s in 5 windows of 10 s, "
        "30 s sitting, 10 s walking, 10 s not worn>"
    )


LAZY = """
import sys
import keras  # loads pandas where it is there
sys.modules["pandas"] = None  # now its import is an error
before = set(sys.modules)
import keras_relcon
assert keras_relcon.timeline.Timeline
assert "pyarrow" not in set(sys.modules) - before
"""


def test_pandas_is_not_loaded_before_a_table_is_made():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", LAZY],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
