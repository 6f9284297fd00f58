"""What a person sees who types a name: one line, whatever its size."""

import numpy as np
import pytest

from keras_relcon import reprs
from keras_relcon.data import Recording, WindowStore, make_windows
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.evaluation import Embeddings


def walk(**kwargs):
    return Recording(np.tile([0, 0.6, 0.8], (5000, 1)), 50, "s01", **kwargs)


@pytest.mark.parametrize(
    "kwargs, expected",
    [
        ({}, "<Recording: subject 's01', 1 min 40 s at 50 Hz>"),
        (
            {
                "recording_id": "s01/walk",
                "start_time": 1_714_557_600,
                "labels": "walk",
                "placement": "wrist",
            },
            "<Recording: subject 's01', recording 's01/walk', 1 min 40 s at "
            "50 Hz, from 2024-05-01 10:00:00, label walk, worn at the wrist>",
        ),
        (
            {"start_time": 1_714_557_600, "time_zone": "Europe/Berlin"},
            "<Recording: subject 's01', 1 min 40 s at 50 Hz, "
            "from 2024-05-01 12:00:00 Europe/Berlin>",
        ),
        (
            {"start_time": 1_714_557_600, "time_zone": "-05:30"},
            "<Recording: subject 's01', 1 min 40 s at 50 Hz, "
            "from 2024-05-01 04:30:00 -05:30>",
        ),
        (
            {
                "start_time": 0.0,
                "labels": CodedLabels(
                    np.repeat([0, 2, 1], [1000, 1500, 2500]),
                    ["", "sit", "walk"],
                ),
            },
            "<Recording: subject 's01', 1 min 40 s at 50 Hz, labels sit, walk>",
        ),
        (
            {"labels": np.repeat(["sit", "walk"], 2500)},
            "<Recording: subject 's01', 1 min 40 s at 50 Hz, with labels>",
        ),
    ],
)
def test_recording(kwargs, expected):
    assert repr(walk(**kwargs)) == expected


def test_windows():
    acceleration = np.tile([0, 0.6, 0.8], (5000, 1))
    acceleration[10] = np.nan
    with pytest.warns(UserWarning, match="not finite"):
        recordings = [
            Recording(acceleration, 50, "s01", labels="walk"),
            walk(labels="sit"),
        ]
    windows = make_windows(recordings, 50, 128, stride=128)
    assert repr(windows) == (
        "<Windows: 78 windows of 2.56 s at 50 Hz, 77 valid, 2 subjects, "
        "2 recordings, labels sit, walk>"
    ).replace("2 subjects", "1 subject")


def test_window_store(tmp_path):
    store = WindowStore.from_recordings(walk(), window_length=128)
    assert repr(store) == (
        "<WindowStore: 1 subject, 1 recording, 1 min 40 s at 100 Hz, windows "
        "of 128 samples, in memory>"
    )
    path = tmp_path / "a.h5"
    store = WindowStore.create(path, walk(), window_length=128)
    assert repr(store).endswith(f"in {str(path)!r}>")


def test_embeddings():
    embeddings = Embeddings(
        np.zeros((2000, 256), np.float32),
        np.arange(2000.0),
        np.arange(2000) > 0,
        np.repeat(["s01", "s02"], 1000),
        np.repeat(["a", "b", "c", "d"], 500),
    )
    assert repr(embeddings) == (
        "<Embeddings: 2,000 windows of 256 numbers, 1,999 valid, 2 subjects, "
        "4 recordings>"
    )


@pytest.mark.parametrize(
    "seconds, expected",
    [
        (0.5, "0.5 s"),
        (59.9, "59.9 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (7199.999999999, "2 h 0 min"),
        (59.9999, "1 min 0 s"),
        (86_399, "23 h 59 min"),
        (86_400, "1 day 0 h"),
        (7 * 86_400 + 7300, "7 days 2 h"),
    ],
)
def test_duration(seconds, expected):
    assert reprs.duration(seconds) == expected


def test_counted():
    found = [reprs.counted(k, "window") for k in (0, 1, 3000)]
    assert found == ["0 windows", "1 window", "3,000 windows"]
