import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.data import Recording
from keras_relcon.evaluation import (
    wisdm_watch_pretraining_subjects,
)
from keras_relcon.evaluation.protocols.wisdm_watch import (
    HELD_OUT,
    VALIDATION,
    wisdm_watch_folds,
    wisdm_watch_windows,
)

REAL_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
SUBJECTS = [str(number) for number in range(1600, 1651)]


def test_subjects_are_a_permutation_of_those_in_the_archive():
    path = REAL_DATA / "wisdm-dataset.zip"
    if not path.exists():
        pytest.skip("the WISDM archive is not on this machine")
    with zipfile.ZipFile(path) as archive:
        pattern = r"raw/watch/accel/data_(\d+)_accel_watch\.txt$"
        matches = [re.search(pattern, name) for name in archive.namelist()]
    subjects = sorted(match[1] for match in matches if match)
    assert len(subjects) == 46
    order = np.random.default_rng(0).permutation(subjects).tolist()
    assert sorted(order[:10]) == list(HELD_OUT)
    assert sorted(order[10:16]) == list(VALIDATION)
    rest = wisdm_watch_pretraining_subjects(subjects)
    assert rest == sorted(order[16:])


def test_pretraining_sees_nobody_of_the_benchmark():
    rest = wisdm_watch_pretraining_subjects(SUBJECTS + SUBJECTS)
    assert len(rest) == 51 - 16 and rest == sorted(rest)
    assert not set(rest) & set(HELD_OUT + VALIDATION)
    assert not set(HELD_OUT) & set(VALIDATION)


def test_held_out_folds_test_two_validate_on_two_and_train_on_six():
    folds = wisdm_watch_folds()
    assert len(folds) == 5
    for index, fold in enumerate(folds):
        assert fold.test == HELD_OUT[2 * index : 2 * index + 2]
        assert fold.validation == folds[(index + 1) % 5].test
        assert len(fold.train) == 6
        assert {*fold.train, *fold.validation, *fold.test} == set(HELD_OUT)


def test_validation_folds_use_none_of_the_held_out():
    folds = wisdm_watch_folds("validation")
    assert [fold.test for fold in folds] == [
        VALIDATION[:2],
        VALIDATION[2:4],
        VALIDATION[4:],
    ]
    for index, fold in enumerate(folds):
        assert fold.validation == folds[(index + 1) % 3].test[:1]
        assert {*fold.train, *fold.validation, *fold.test} == set(VALIDATION)


def test_windows_are_2_56_s_at_100_hz_without_overlap():
    rows = np.tile([0.0, 0.0, 1.0], (20 * 10, 1))
    recording = Recording(rows, 20, "1601", "walking", "1601/walking_1")
    windows = wisdm_watch_windows([recording])
    assert windows.acceleration.shape == (3, 256, 3)
    np.testing.assert_allclose(windows.start_seconds, [0, 2.56, 5.12])
    assert windows.labels.tolist() == ["walking"] * 3
    assert windows.sample_rate_hz == 100
    assert len(wisdm_watch_windows([recording], 200, 100)) == 9


def test_absent_subjects_and_other_parts_are_refused():
    fewer = [s for s in SUBJECTS if s not in ("1618", "1636")]
    with pytest.raises(
        ValueError, match=r"present.*without \['1618', '1636'\]"
    ):
        wisdm_watch_pretraining_subjects(fewer)
    with pytest.raises(ValueError, match=r"present.*without \['1618'\]"):
        wisdm_watch_folds(subjects=fewer)
    with pytest.raises(ValueError, match=r"present.*without \['1636'\]"):
        wisdm_watch_folds("validation", fewer)
    assert wisdm_watch_folds(subjects=SUBJECTS) == wisdm_watch_folds()
    with pytest.raises(ValueError, match="`part` must be one of"):
        wisdm_watch_folds("test")
