import numpy as np
import pandas as pd
import pytest

from keras_relcon.data import Recording
from keras_relcon.timeline import NumberTimeline

HOUR = 3600.0


@pytest.fixture
def timeline():
    """Two and a half hours in windows of 10 minutes; the 2nd is not valid."""
    generator = np.random.default_rng(0)
    signal = [0.0, 0.0, 1.0] + generator.normal(0, 0.1, (9000, 3))
    recording = Recording(
        signal, 1.0, "s1", start_time=1.7e9 + 1000, time_zone="UTC"
    )  # from 22:30
    values = np.arange(15.0)
    valid = values != 1
    return NumberTimeline.of(
        recording, 600 * np.arange(15), 600, values, valid, 0.5, {"a": "b"}
    )


def test_means_are_of_hours_of_the_clock(timeline):
    hours = timeline.means(by="hour")
    assert [str(t)[11:16] for t in hours.index] == ["22:00", "23:00", "00:00"]
    assert hours["mean"].tolist() == [1.0, 5.5, 11.5]
    assert hours["minutes"].tolist() == [20.0, 60.0, 60.0]
    days = timeline.means()
    assert days["minutes"].tolist() == [80.0, 60.0]
    whole = timeline.means(by="recording")
    assert whole["mean"].iloc[0] == pytest.approx(
        (np.arange(15).sum() - 1) / 14
    )


def test_table_and_files(timeline, tmp_path):
    table = timeline.table
    assert np.isnan(table["value"][1]) and not table["valid"][1]
    assert (table["high"] - table["low"])[2] == 1.0
    timeline.save(tmp_path / "walk.csv")
    rows = pd.read_csv(tmp_path / "walk.csv")
    assert rows["start"][0] == "2023-11-14T22:30:00.000000+00:00"
    np.testing.assert_allclose(rows["value"], table["value"])
    timeline.save(tmp_path / "walk.parquet")
    rows = pd.read_parquet(tmp_path / "walk.parquet")
    pd.testing.assert_series_equal(rows["value"], table["value"])
    assert (rows["start"] == table["start"]).all()
    with pytest.raises(ValueError, match="must end with one of .csv, .parquet"):
        timeline.save(tmp_path / "walk.html")
    assert "mean 7.429" in repr(timeline)
    with pytest.raises(ValueError, match="`values` must have one row"):
        NumberTimeline(
            "a", "s", 10, None, None, 2.0, [0, 2], [1], None, [1, 1], [1, 1]
        )


def test_what_was_not_worn_does_not_count():
    worn = np.array([True, False, True])
    timeline = NumberTimeline(
        name="a",
        subject="s",
        duration=6.0,
        start_time=None,
        time_zone=None,
        window_seconds=2.0,
        start_seconds=[0, 2, 4],
        values=[1.0, 50.0, 3.0],
        half_width=None,
        valid=np.ones(3, bool),
        worn=worn,
    )
    np.testing.assert_array_equal(timeline.table["value"].notna(), worn)
    whole = timeline.means(by="recording")
    assert whole["mean"].tolist() == [2.0]
    assert whole["minutes"].tolist() == pytest.approx([4 / 60])
    assert timeline.table["low"].isna().all()
