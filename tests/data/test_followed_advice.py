"""What a message of a reader advises, done: the next call must succeed."""

import numpy as np
import pytest

from keras_relcon.data import (
    Recording,
    read_recording,
    read_recordings,
    resample,
    resample_recording,
)

NUM_ROWS = 400


def write(path, header, row, num_rows=NUM_ROWS):
    rows = [",".join(str(cell) for cell in row(k)) for k in range(num_rows)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def timed(path, seconds):
    return write(
        path,
        "time,x,y,z",
        lambda k: [seconds[k], 0.001 * k, 0.6, 0.8],
        len(seconds),
    )


def advised(path, *words, **options):
    """The error, or warning, of a call must hold these words."""
    with pytest.raises(ValueError) as caught:
        read_recording(path, "s", **options)
    text = str(caught.value)
    assert all(word in text for word in words), text
    return text


STEADY = np.arange(NUM_ROWS) / 50
# What is wrong with the times, what is advised, and it done.
TIMES = {
    "shuffled": (
        np.random.default_rng(0).permutation(STEADY),
        "`sort_timestamps=True`",
        lambda path: read_recording(path, "s", sort_timestamps=True),
    ),
    "one missing": (
        np.where(np.arange(NUM_ROWS) == 9, np.nan, STEADY),
        "`sort_timestamps=True`",
        lambda path: read_recording(path, "s", sort_timestamps=True),
    ),
    "one repeated": (
        np.where(np.arange(NUM_ROWS) == 9, STEADY[8], STEADY),
        "`sort_timestamps=True`",
        lambda path: read_recording(path, "s", sort_timestamps=True),
    ),
    "one repeated, steady rate": (
        np.where(np.arange(NUM_ROWS) == 9, STEADY[8], STEADY),
        "`timestamp_column=False`",
        lambda path: read_recording(path, "s", 50, timestamp_column=False),
    ),
    "put back": (
        np.where(np.arange(NUM_ROWS) < 200, STEADY + 2, STEADY),
        'on_clock_change="split"',
        lambda path: read_recordings(path, "s", on_clock_change="split")[1],
    ),
    "almost all gap": (
        np.where(np.arange(NUM_ROWS) < 200, STEADY, STEADY + 1e6),
        "`read_recordings`",
        lambda path: read_recordings(path, "s")[1],
    ),
    "of another unit": (
        1000 * STEADY,
        "Pass the unit of the timestamps",
        lambda path: read_recording(
            path, "s", timestamp_column="time", timestamp_unit="ms"
        ),
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", TIMES)
def test_advice_on_times(tmp_path, kind):
    seconds, words, follow = TIMES[kind]
    path = timed(tmp_path / "a.csv", seconds)
    unit = "s" if kind == "of another unit" else None
    advised(path, words, timestamp_unit=unit)
    recording = follow(path)
    assert recording.sample_rate_hz == pytest.approx(50)
    assert np.isfinite(recording.acceleration).any(axis=1).sum() >= 199


# What is wrong with the columns or the unit, what is advised, and it done.
COLUMNS = {
    "m/s2": ("x,y,z", [0, 5.9, 7.8], {}, {"unit": "m/s2"}, 'unit="m/s2"'),
    "g as m/s2": (
        "x,y,z",
        [0, 0.6, 0.8],
        {"unit": "m/s2"},
        {"unit": "g"},
        'unit="g"',
    ),
    "stated": (
        "x (m/s2),y (m/s2),z (m/s2)",
        [0, 5.9, 7.8],
        {},
        {"unit": "m/s2"},
        'unit="m/s2"',
    ),
    "unknown names": (
        "a,b,c",
        [0, 0.6, 0.8],
        {},
        {"columns": ("a", "b", "c")},
        "names as `columns`",
    ),
    "two sensors": (
        "acc1_x,acc1_y,acc1_z,acc2_x,acc2_y,acc2_z",
        [0, 0.6, 0.8] * 2,
        {},
        {"columns": ("acc2_x", "acc2_y", "acc2_z")},
        "as `columns`",
    ),
    "a gyroscope alone": (
        "gyro_x,gyro_y,gyro_z,u,v,w",
        [9, 9, 9, 0, 0.6, 0.8],
        {},
        {"columns": ("u", "v", "w")},
        "names as `columns`",
    ),
    "other cells": (
        "x|y|z",
        ["0|0.6|0.8"],
        {},
        {"delimiter": "|"},
        "`delimiter`",
    ),
    "a misspelt name": (
        "ax,ay,az",
        [0, 0.6, 0.8],
        {"columns": ("ax", "ay", "az2")},
        {"columns": ("ax", "ay", "az")},
        "mean 'az'",
    ),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_advice_on_columns_and_units(tmp_path, kind):
    header, row, given, follow, words = COLUMNS[kind]
    path = write(tmp_path / "a.csv", header, lambda k: row)
    advised(path, words, sample_rate_hz=50, **given)
    recording = read_recording(path, "s", 50, **{**given, **follow})
    size = np.linalg.norm(recording.acceleration, axis=1)
    np.testing.assert_allclose(size, 1, atol=0.02)


def test_advice_on_a_rate_beside_times(tmp_path):
    path = timed(tmp_path / "a.csv", STEADY)
    text = advised(path, sample_rate_hz=50, timestamp_column="time")
    assert "change it later with `resample_recording`" in text
    recording = read_recording(path, "s", timestamp_column="time")
    assert resample_recording(recording, 25).sample_rate_hz == 25


def test_advice_on_arrays():
    signal = np.tile([0.0, 0.6, 0.8], (4000, 1))
    with pytest.raises(ValueError, match="Divide by 9.80665"):
        Recording(9.80665 * signal, 50, "s")
    Recording(9.80665 * signal / 9.80665, 50, "s")
    with pytest.raises(ValueError, match="in two steps"):
        resample(signal, 4000, 1)
    assert len(resample(resample(signal, 4000, 100), 100, 1)) == 1
    with pytest.raises(ValueError, match=r"acceleration\[:, None\]"):
        resample(signal[:, 2], 100, 50)
    assert len(resample(signal[:, 2][:, None], 100, 50)) == 2000
