import numpy as np
import pytest
from protocol_oracles import (
    check_windows,
    half_shifted_windows,
    parts_of,
    signal,
    stretches,
)

from keras_relcon.evaluation.protocols.pamap2 import (
    WRIST_CLASSES as CLASSES,
)
from keras_relcon.evaluation.protocols.pamap2 import (
    activities,
    pamap2_wrist_folds,
    pamap2_wrist_windows,
)

FILES = (
    "Protocol/subject101",
    "Protocol/subject102",
    "Optional/subject101",
    "Optional/subject109",
)


def test_activities_are_in_the_order_of_the_dataset_codes():
    codes = dict(zip(activities(), [*range(8), *range(9, 14), *range(16, 21)]))
    assert [codes[name] for name in CLASSES] == [1, 2, 3, 4, 12, 13, 16, 17]
    assert len(activities()) == 19 and activities()[-1] == "rope_jumping"


def test_windows_are_those_of_a_plain_loop_protocol_files_first(rng):
    recordings, expected, names = [], [], []
    for name in FILES:
        rows = 3 * signal(rng, 6500, num_missing=100)
        pool = [*CLASSES, "null", "cycling", "car_driving"]
        labels = stretches(rng, pool, 6500, longest=1200)
        subject = name[-3:]
        recordings = recordings + parts_of(
            name, subject, "hand", 100, rows, labels, cuts=(999, 3000)
        )
        is_known = ~np.isnan(rows).any(axis=1)
        found = half_shifted_windows(
            rows[is_known], labels[is_known], list(activities()), CLASSES
        )
        expected += found
        names += [name] * len(found)
    windows = pamap2_wrist_windows(recordings[::-1])
    check_windows(windows, expected)
    assert windows.recordings.tolist() == names
    assert windows.subjects.tolist() == [name[-3:] for name in names]
    assert windows.sample_rate_hz == 100


def test_released_folds_are_rows_of_the_windows():
    recordings = []
    for folder, numbers in (
        ("Protocol", range(101, 109)),
        ("Optional", (101,)),
    ):
        for number in numbers:
            rows = np.full((3000, 3), 0.01 * (number - 100))
            recordings += parts_of(
                f"{folder}/subject{number}",
                str(number),
                "hand",
                100,
                rows,
                ["walking"] * 3000,
            )
    windows = pamap2_wrist_windows(recordings)
    assert len(windows) == 45
    folds = pamap2_wrist_folds("released", windows=windows)
    share = [np.isin(f.test_rows, f.train_rows).mean() for f in folds]
    # a second file of subject 101 at the end: nearly all, as published
    assert share[0] == 0.5 and share[1:6] == [1.0] * 5
    for fold in folds:
        test = windows.subjects[fold.test_rows]
        assert set(test) == set(fold.test) and len(fold.test_rows) in (5, 10)


def test_another_sensor_is_refused():
    rows = np.zeros((1000, 3))
    ankle = parts_of(FILES[0], "101", "ankle", 100, rows, ["lying"] * 1000)
    with pytest.raises(ValueError, match="recordings of 'pamap2/hand'"):
        pamap2_wrist_windows(ankle)
