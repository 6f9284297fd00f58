from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keras_relcon.timeline import Timeline

START = datetime.fromisoformat("2025-10-26T02:59:50+02:00").timestamp()
ZONES = {
    "zone": {"start_time": START, "time_zone": "Europe/Berlin"},
    "offset": {"start_time": START, "time_zone": "-05:30"},
    "unknown offset": {"start_time": START},
    "no clock": {},
}


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_parquet_keeps_all(written, tmp_path, zone):
    timeline = written(
        "ws?n-w",
        duration=63.3,
        facts={"model": "relcon_small", "größe": "2.56 s"},
        **zone,
    )
    timeline.save(tmp_path / "monday.parquet")
    loaded = Timeline.load(tmp_path / "monday.parquet")
    pd.testing.assert_frame_equal(loaded.table, timeline.table)
    pd.testing.assert_frame_equal(loaded.minutes(), timeline.minutes())
    pd.testing.assert_frame_equal(loaded.bouts(0), timeline.bouts(0))
    for name, value in vars(timeline).items():
        found = getattr(loaded, name)
        if isinstance(value, np.ndarray):
            assert found.dtype.kind == value.dtype.kind, name
            np.testing.assert_array_equal(found, value)
        else:
            assert found == value, name


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_parquet_is_a_table_for_others(written, tmp_path, zone):
    timeline = written("ws?n-w", **zone)
    timeline.save(tmp_path / "monday.parquet")
    read = pd.read_parquet(tmp_path / "monday.parquet")
    table = timeline.table
    assert list(read.columns[:6]) == list(table.columns)
    assert read.start.tolist() == table.start.tolist()
    assert read.start.dtype.kind == table.start.dtype.kind
    np.testing.assert_array_equal(
        read["probability_walking"], timeline.probabilities[:, 0]
    )


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        (
            "zone",
            "2025-10-26T02:59:50.000000+02:00",
            "2025-10-26T02:00:00.000000+01:00",
        ),
        (
            "offset",
            "2025-10-25T19:29:50.000000-05:30",
            "2025-10-25T19:30:00.000000-05:30",
        ),
        (
            "unknown offset",
            "2025-10-26T00:59:50.000000",
            "2025-10-26T01:00:00.000000",
        ),
        ("no clock", "0.000000", "10.000000"),
    ],
)
def test_csv_has_times_of_one_form(written, tmp_path, zone, first, second):
    written("w?n-", **ZONES[zone]).save(tmp_path / "monday.csv")
    lines = (tmp_path / "monday.csv").read_text().splitlines()
    assert lines[0] == "start,end,label,probability,valid,worn"
    assert lines[1] == f"{first},{second},walking,0.9000,True,True"
    assert lines[2].endswith(",unknown,0.5000,True,True")
    assert lines[3].endswith(",,,True,False")
    assert lines[4].endswith(",,,False,False")
    assert len(lines) == 5


def test_csv_is_read_back_with_its_times(written, tmp_path):
    timeline = written("ws?n-w", window_seconds=2.56, **ZONES["offset"])
    timeline.save(tmp_path / "monday.csv")
    read = pd.read_csv(tmp_path / "monday.csv", parse_dates=["start", "end"])
    assert read.start.tolist() == timeline.table.start.tolist()
    assert read.end.tolist() == timeline.table.end.tolist()


def test_what_was_there_stays_when_saving_fails(written, tmp_path):
    path = tmp_path / "monday.csv"
    path.write_text("older")
    timeline = written("ww")
    object.__setattr__(timeline, "probabilities", None)
    with pytest.raises(TypeError):
        timeline.save(path)
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir()] == ["monday.csv"]


@pytest.mark.parametrize("name", ["monday.xlsx", "monday", "csv"])
def test_another_ending_is_an_error(written, tmp_path, name):
    with pytest.raises(ValueError, match="must end with one of"):
        written("ww").save(tmp_path / name)


def test_what_is_no_timeline_is_an_error(written, tmp_path):
    path = tmp_path / "monday.parquet"
    pq.write_table(pa.table({"label": ["walking"]}), path)
    with pytest.raises(ValueError, match="must be a `Timeline` that"):
        Timeline.load(path)
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(ValueError, match="must be a `Timeline` that"):
        Timeline.load(path)
    with pytest.raises(FileNotFoundError):
        Timeline.load(tmp_path / "no.parquet")


@pytest.mark.parametrize("column", ["worn", "start_seconds", "probability_s"])
def test_a_damaged_timeline_is_an_error(written, tmp_path, column):
    path = tmp_path / "monday.parquet"
    written("ww").save(path)
    table = pq.read_table(path)
    kept = [name for name in table.column_names if column not in name]
    pq.write_table(table.select(kept), path)
    with pytest.raises(ValueError, match="must be a `Timeline` that"):
        Timeline.load(path)
