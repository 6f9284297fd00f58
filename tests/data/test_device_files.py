import numpy as np
import pytest
from device_format import (
    gt3x_activity,
    gt3x_parameters,
    gt3x_record,
    write_cwa,
    write_geneactiv,
    write_gt3x,
    write_gt3x_log,
)
from test_tables import block_import

from keras_relcon.data import read_recording, read_recordings
from keras_relcon.data.readers.device_files import stretch_blocks

START = 1_700_000_000
WRITERS = {
    "gt3x": write_gt3x,
    "cwa": write_cwa,
    "bin": write_geneactiv,
}


def motion(num_samples=1000, rate_hz=50):
    time = np.arange(num_samples) / rate_hz
    return np.stack(
        [np.sin(time), 0.5 * np.cos(3 * time), 0.9 + 0 * time], axis=1
    )


@pytest.fixture
def actfast():
    return pytest.importorskip("actfast")


@pytest.mark.parametrize("kind", WRITERS)
def test_reads_what_the_documents_say(tmp_path, actfast, kind):
    path = WRITERS[kind](tmp_path / f"wrist.{kind}", motion())
    recording = read_recording(path, "s1", labels="walk")
    assert recording.num_samples == 1000
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-4)
    assert recording.start_time == START
    assert recording.recording_id == "wrist"
    assert set(recording.labels) == {"walk"}
    # Half a count is 2 mg.
    np.testing.assert_allclose(recording.acceleration, motion(), atol=4e-3)


def test_seconds_without_data_split_a_gt3x(tmp_path, actfast):
    log = gt3x_parameters(START, 50)
    for second in (0, 1, 2, 100, 101):
        log += gt3x_activity(START + second, motion(50))
    log += gt3x_record(2, START + 102, b"\x10\x0f")  # a battery voltage
    path = write_gt3x_log(tmp_path / "a.gt3x", log)
    first, second = read_recordings(path, "s")
    assert (first.num_samples, second.num_samples) == (150, 100)
    assert second.start_time == START + 100
    assert second.recording_id == "a_1"


@pytest.mark.parametrize("speed", [0.96, 1.04])
def test_a_device_that_runs_fast_or_slow_keeps_its_times(
    tmp_path, actfast, speed
):
    # Blocks of 80 samples nominally last 1.6 s; this clock's last longer.
    num_samples, rate_hz = 4000, 50 * speed
    starts = START + np.arange(num_samples // 80) * 80 / rate_hz
    path = write_cwa(
        tmp_path / "a.cwa",
        motion(num_samples, rate_hz),
        block_starts=np.round(starts * 2**15) / 2**15,
    )
    recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(rate_hz, rel=1e-3)
    expected = motion(recording.num_samples, recording.sample_rate_hz)
    np.testing.assert_allclose(recording.acceleration, expected, atol=0.03)


def test_blocks_are_stretched_to_meet():
    seconds = np.concatenate([1.03 * k + np.arange(10) / 10 for k in range(5)])
    even = stretch_blocks(seconds)
    np.testing.assert_allclose(even, np.arange(50) * 0.103)
    gap = seconds + 60 * (np.arange(50) >= 30)
    even = stretch_blocks(gap)
    np.testing.assert_allclose(even[20:30], gap[20:30])  # lost: left as it is
    np.testing.assert_allclose(even[40:], gap[40] + 0.103 * np.arange(10))


def test_a_device_brings_its_own_rate(tmp_path, actfast):
    path = write_gt3x(tmp_path / "a.gt3x", motion())
    for options in ({"sample_rate_hz": 50}, {"unit": "m/s2"}):
        with pytest.raises(ValueError, match="brings its own rate"):
            read_recording(path, "s", **options)
    with pytest.raises(ValueError, match="brings its own.*'xyz'"):
        read_recording(path, "s", columns="xyz")
    with pytest.raises(FileNotFoundError, match="existing file"):
        read_recording(tmp_path / "b.gt3x", "s")


def test_records_that_the_library_does_not_know_are_said(tmp_path, actfast):
    counts = np.rint(motion(50) * 256).astype("<i2").tobytes()
    log = gt3x_parameters(START, 50) + gt3x_record(26, START, counts)
    path = write_gt3x_log(tmp_path / "a.gt3x", log)
    with pytest.raises(ValueError, match="with 0 samples.*ACTIVITY2.*.csv"):
        read_recording(path, "s")


def test_without_actfast_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.cwa"
    path.write_bytes(b"MD")
    block_import(monkeypatch, "actfast")
    with pytest.raises(ImportError, match=r"keras-relcon\[devices\]"):
        read_recording(path, "s")
