"""Embeddings say when each window was, and in which time zone."""

import keras
import numpy as np
import pandas
import pytest

from keras_relcon.data import Recording, make_windows
from keras_relcon.evaluation import Embeddings, embed

# 2024-10-27: Berlin's clocks were put back at 01:00 UTC, 5.12 s later.
BEGIN = 1_729_990_800.0 - 5.12
ENCODER = keras.layers.GlobalAveragePooling1D()


def recording(**kwargs):
    """Three windows of 2.56 s."""
    signal = np.tile([0.0, 0.6, 0.8], (800, 1))
    return Recording(signal, 100, "s", **kwargs)


RECORDINGS = [
    recording(start_time=BEGIN, time_zone="Europe/Berlin", recording_id="a"),
    recording(start_time=BEGIN, recording_id="b"),
    recording(start_time=12.0, recording_id="c"),
    recording(recording_id="d"),
]
TIMES = BEGIN + np.array([0, 2.56, 5.12])
START_TIMES = np.concatenate([TIMES, TIMES, np.full(6, np.nan)])
ZONES = ["Europe/Berlin"] * 3 + [""] * 9
STARTS = [
    "2024-10-27T02:59:54.880+02:00",
    "2024-10-27T02:59:57.440+02:00",
    "2024-10-27T02:00:00.000+01:00",
    "2024-10-27T00:59:54.880",
    "2024-10-27T00:59:57.440",
    "2024-10-27T01:00:00.000",
    *[""] * 6,
]


def check(result):
    np.testing.assert_allclose(result.start_times, START_TIMES, atol=1e-6)
    assert result.start_times.dtype == np.float64
    assert result.time_zones.tolist() == ZONES


def test_embed_says_when_each_window_was():
    check(embed(ENCODER, RECORDINGS))


def test_windows_are_cut_and_embedded_with_their_clock():
    windows = make_windows(RECORDINGS, stride=256)
    check(windows)
    check(embed(ENCODER, windows))
    some = windows.select(windows.recordings == "b")
    np.testing.assert_allclose(some.start_times, TIMES, atol=1e-6)
    assert some.time_zones.tolist() == [""] * 3


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_a_file_brings_the_clock_back(tmp_path, suffix):
    path = embed(ENCODER, RECORDINGS).save(tmp_path / f"a.{suffix}")
    check(Embeddings.load(path))


def test_a_table_has_clock_times_as_text(tmp_path):
    path = embed(ENCODER, RECORDINGS).save(tmp_path / "a.parquet")
    table = pandas.read_parquet(path)
    assert table["start"].tolist() == STARTS
    assert table["time_zone"].tolist() == ZONES
    np.testing.assert_allclose(
        table["start_unix_seconds"], START_TIMES, atol=1e-6
    )
    moments = pandas.to_datetime(table["start"][:3], utc=True)
    steps = np.diff(moments) / np.timedelta64(1, "ms")
    assert steps.tolist() == [2560, 2560]


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_a_file_without_clock_times_is_read(tmp_path, suffix):
    """As earlier versions wrote them."""
    result = embed(ENCODER, RECORDINGS)
    path = result.save(tmp_path / f"a.{suffix}")
    if suffix == "npz":
        with np.load(path) as archive:
            arrays = dict(archive)
        del arrays["start_times"], arrays["time_zones"]
        np.savez(path, **arrays)
    else:
        table = pandas.read_parquet(path)
        new = ["start", "start_unix_seconds", "time_zone"]
        table.drop(columns=new).to_parquet(path)
    found = Embeddings.load(path)
    assert np.isnan(found.start_times).all()
    assert found.time_zones.tolist() == [""] * 12
    np.testing.assert_array_equal(found.embeddings, result.embeddings)


def test_a_time_zone_is_said_of_a_path(tmp_path):
    path = tmp_path / "walk.csv"
    times = np.datetime64("2024-07-01T12:00") + 10 * np.arange(
        400
    ) * np.timedelta64(1, "ms")
    rows = [f"{time},0,0.6,0.8" for time in times]
    path.write_text("\n".join(["time,x,y,z", *rows]) + "\n")
    options = {"time_zone": "Europe/Berlin"}
    result = embed(ENCODER, path, read_options=options)
    assert result.time_zones.tolist() == ["Europe/Berlin"]
    assert result.start_times.tolist() == [1_719_828_000]  # 10:00 UTC
