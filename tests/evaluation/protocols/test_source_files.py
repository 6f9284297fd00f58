import numpy as np
import pytest

from keras_relcon.data import Recording
from keras_relcon.evaluation.protocols.source_files import (
    SourceLayout,
    join_parts,
)

LAYOUT = SourceLayout("set/wrist", r"S\d-ADL\d", "wrist", (30,), ("a", "b"))


def recording(recording_id, value=0.0, count=4, rate=30, labels="a"):
    rows = np.full((count, 3), value)
    return Recording(rows, rate, "s", labels, recording_id)


def test_parts_are_joined_by_number_then_by_seconds():
    ids = ["-10@wrist", "-2@wrist+7s", "-2@wrist", "-2@wrist+70s", "-0@wrist"]
    parts = [recording(f"S1-ADL1{end}", k / 10) for k, end in enumerate(ids)]
    (file,) = join_parts(parts, LAYOUT)
    found = file.acceleration[::4, 0] * 10
    np.testing.assert_allclose(found, [4, 2, 1, 3, 0], atol=1e-6)
    assert file.name == "S1-ADL1" and file.subject == "s"
    assert file.sample_rate_hz == 30 and len(file.labels) == 20


def test_files_are_apart_and_keep_missing_rows_and_labels():
    with pytest.warns(UserWarning, match="not finite"):
        first = recording("S1-ADL1@wrist", np.nan)
    files = join_parts([first, recording("S1-ADL2", labels="b")], LAYOUT)
    assert [file.name for file in files] == ["S1-ADL1", "S1-ADL2"]
    assert np.isnan(files[0].acceleration).all()
    assert files[1].labels.tolist() == ["b"] * 4


@pytest.mark.parametrize(
    "wrong",
    [
        recording("S1-ADL1@ankle"),
        recording("S1-Drill@wrist"),
        recording("S1-ADL1@wrist", rate=60),
        recording("S1-ADL1@wrist", labels=None),
        recording(None),
    ],
)
def test_recordings_of_something_else_are_refused(wrong):
    with pytest.raises(ValueError, match="labelled recordings of 'set/wrist'"):
        join_parts([wrong], LAYOUT)


def test_unknown_labels_and_repeated_parts_are_refused():
    with pytest.raises(ValueError, match=r"Labels must be of .*\['c'\]"):
        join_parts([recording("S1-ADL1", labels="c")], LAYOUT)
    with pytest.raises(ValueError, match="there once.*ADL1-0@wrist' twice"):
        join_parts([recording("S1-ADL1-0@wrist")] * 2, LAYOUT)
    with pytest.raises(ValueError, match="at least one recording"):
        join_parts([], LAYOUT)
