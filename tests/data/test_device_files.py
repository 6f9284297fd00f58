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
from keras_relcon.data.readers.device_clock import stretch_blocks

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


@pytest.mark.parametrize(
    "kind, stated, time_zone, hours",
    [
        ("gt3x", "02:00:00", "+02:00", 2),
        ("gt3x", "-05:30:00", "-05:30", -5.5),
        ("bin", "GMT +01:00", "+01:00", 1),
        ("bin", "GMT +00:00", "+00:00", 0),
        ("bin", "somewhere", None, 0),
        ("bin", "GMT +45:00", None, 0),
    ],
)
def test_the_offset_that_a_file_states_is_that_of_its_clock(
    tmp_path, actfast, kind, stated, time_zone, hours
):
    path = tmp_path / f"wrist.{kind}"
    WRITERS[kind](path, motion(), time_zone=stated)
    recording = read_recording(path, "s1")
    assert recording.time_zone == time_zone
    assert recording.start_time == START - 3600 * hours
    if time_zone is not None:  # shown elsewhere, it is the same moment
        shown = read_recording(path, "s1", time_zone="Europe/Berlin")
        assert shown.start_time == recording.start_time
        assert shown.time_zone == "Europe/Berlin"


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


def with_clock(path, num_samples, rate_hz):
    # Blocks of 80 samples nominally last 1.6 s; this clock's last longer.
    starts = START + np.arange(num_samples // 80) * 80 / rate_hz
    return write_cwa(
        path,
        motion(num_samples, rate_hz),
        block_starts=np.round(starts * 2**15) / 2**15,
    )


@pytest.mark.parametrize("speed", [0.985, 1.015])
def test_a_device_that_runs_fast_or_slow_keeps_its_times(
    tmp_path, actfast, speed
):
    rate_hz = 50 * speed
    path = with_clock(tmp_path / "a.cwa", 4000, rate_hz)
    recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(rate_hz, rel=1e-3)
    expected = motion(recording.num_samples, recording.sample_rate_hz)
    np.testing.assert_allclose(recording.acceleration, expected, atol=0.03)


def test_blocks_that_are_too_late_for_a_clock_leave_gaps(tmp_path, actfast):
    path = with_clock(tmp_path / "a.cwa", 4000, 48)
    with pytest.warns(UserWarning, match="50 Hz by the device, and 48 Hz by"):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-6)
    assert recording.duration_seconds == pytest.approx(4000 / 48, abs=0.1)
    is_missing = ~np.isfinite(recording.acceleration).all(axis=1)
    assert is_missing.mean() == pytest.approx(0.04, abs=0.015)
    # A sample stands where the device measured it: the last block too.
    time = np.arange(recording.num_samples) / 50
    last = recording.acceleration[(time > 81.8) & ~is_missing, 2]
    np.testing.assert_allclose(last, 0.9, atol=0.01)


def test_blocks_that_are_too_early_for_a_clock_are_followed(tmp_path, actfast):
    path = with_clock(tmp_path / "a.cwa", 4000, 52)
    with pytest.warns(UserWarning, match="50 Hz by the device, and 52 Hz by"):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(52, rel=1e-3)
    expected = motion(recording.num_samples, recording.sample_rate_hz)
    np.testing.assert_allclose(recording.acceleration, expected, atol=0.03)


def test_blocks_are_stretched_to_meet():
    seconds = np.concatenate([1.03 * k + np.arange(10) / 10 for k in range(5)])
    even = stretch_blocks(seconds)
    np.testing.assert_allclose(even, np.arange(50) * 0.103)
    gap = seconds + 60 * (np.arange(50) >= 30)
    even = stretch_blocks(gap)
    # Nothing follows the third block: it is as fast as the others.
    np.testing.assert_allclose(even[20:30], gap[20] + 0.103 * np.arange(10))
    np.testing.assert_allclose(even[40:], gap[40] + 0.103 * np.arange(10))


def write_with_gap(kind, path, rate_hz, seconds, gap_s):
    """So many seconds, a gap, and as many again."""
    count = int(seconds * rate_hz)
    signal = motion(2 * count, rate_hz)
    if kind == "gt3x":
        log = gt3x_parameters(START, rate_hz)
        for second in range(2 * seconds):
            rows = signal[second * rate_hz : (second + 1) * rate_hz]
            later = gap_s * (second >= seconds)
            log += gt3x_activity(START + second + later, rows)
        return write_gt3x_log(path, log, rate_hz), signal
    samples = {"cwa": 80, "bin": 300}[kind]
    starts = START + np.arange(0, 2 * count, samples) / rate_hz
    starts[count // samples :] += gap_s
    if kind == "cwa":
        starts = np.round(starts * 2**15) / 2**15
        options = {"rate_code": 10, "block_starts": starts}
        return write_cwa(path, signal, **options), signal
    return write_geneactiv(path, signal, rate_hz, page_starts=starts), signal


@pytest.mark.parametrize(
    "kind, seconds, gap_s",
    [
        *[(kind, 120, 1) for kind in WRITERS],
        *[(kind, 600, 100) for kind in WRITERS],
        ("cwa", 3600, 600),
    ],
)
def test_a_gap_is_no_slow_clock(tmp_path, actfast, kind, seconds, gap_s):
    # A sixth of the time before it was taken for a rate of 85.71 Hz, a second
    # of two minutes for one of 99.2 Hz.
    path, signal = write_with_gap(
        kind, tmp_path / f"a.{kind}", 100, seconds, gap_s
    )
    with pytest.warns(UserWarning, match=f"{100 * gap_s} of .* not finite"):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(100, rel=1e-6)
    assert recording.num_samples == 100 * (2 * seconds + gap_s)
    gap = slice(100 * seconds, 100 * (seconds + gap_s))
    assert np.isnan(recording.acceleration[gap]).all()
    found = np.delete(recording.acceleration, gap, axis=0)
    np.testing.assert_allclose(found, signal, atol=0.01)


def test_a_second_with_a_sample_more_or_less_is_spread(tmp_path, actfast):
    log = gt3x_parameters(START, 50)
    counts = [50, 51, 50, 49, 50, 50]
    signal = motion(sum(counts))
    for second, count in enumerate(counts):
        first = sum(counts[:second])
        log += gt3x_activity(START + second, signal[first : first + count])
    recording = read_recording(write_gt3x_log(tmp_path / "a.gt3x", log), "s")
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-6)
    assert recording.num_samples == 300
    assert np.isfinite(recording.acceleration).all()
    np.testing.assert_allclose(recording.acceleration, signal, atol=0.05)


def test_the_rate_is_that_of_most_blocks():
    def blocks(starts):
        return np.concatenate([start + np.arange(100) / 50 for start in starts])

    # 1 % slow, but for a pause of a fifth of a block before each tenth one.
    starts = 2.02 * np.arange(50) + 0.4 * (np.arange(50) // 10)
    even = stretch_blocks(blocks(starts), 100)
    np.testing.assert_allclose(even[::100], starts)
    steps = np.diff(even)
    np.testing.assert_allclose(
        np.delete(steps, np.arange(999, 4999, 1000)), 0.0202, rtol=1e-6
    )
    # Of two blocks nobody knows: the nominal rate.
    even = stretch_blocks(blocks([0, 2.3]), 100)
    np.testing.assert_allclose(even, blocks([0, 2.3]))


def damage(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 0xDB
    path.write_bytes(content)


@pytest.mark.parametrize(
    "kind, said", [("cwa", "1 of 13"), ("bin", "1 of 4"), ("gt3x", "1 of 20")]
)
def test_a_damaged_block_is_missing_and_counted(tmp_path, actfast, kind, said):
    path = WRITERS[kind](tmp_path / f"a.{kind}", motion())
    damage(path, path.stat().st_size // 2)
    with pytest.warns(UserWarning) as caught:
        recording = read_recording(path, "s")
    texts = [str(warning.message) for warning in caught]
    (text,) = [text for text in texts if "blocks" in text]
    assert f"{said} blocks are damaged and left out" in text
    assert "must be intact. Received: path=" in text and "Copy" in text
    assert recording.num_samples == pytest.approx(1000, abs=1)
    is_known = np.isfinite(recording.acceleration).all(axis=1)
    size = {"cwa": 80, "bin": 300, "gt3x": 50}[kind]
    assert 1000 - is_known.sum() == pytest.approx(size, abs=2)
    np.testing.assert_allclose(
        recording.acceleration[is_known],
        motion()[: len(is_known)][is_known],
        atol=5e-3,
    )


def test_a_file_that_is_cut_short_is_said_to_be(tmp_path, actfast):
    path = write_cwa(tmp_path / "a.cwa", motion())
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.warns(UserWarning, match="complete .cwa.*ends inside a block"):
        recording = read_recording(path, "s")
    assert recording.num_samples == 880
    path = write_gt3x(tmp_path / "a.gt3x", motion())
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(ValueError, match="complete .gt3x.*cut short"):
        read_recording(path, "s")
    path = tmp_path / "b.gt3x"
    path.write_bytes(b"another format" * 100)
    with pytest.raises(ValueError) as caught:
        read_recording(path, "s")
    assert "of ActiGraph" in str(caught.value)
    assert "file is cut short" not in str(caught.value)


def second_page(path, change):
    """Changes the lines of the second page of a GENEActiv file."""
    lines = path.read_bytes().splitlines(keepends=True)
    lines[69:79] = change(lines[69:79])
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    "change",
    [
        lambda page: [*page[:9], page[9][:700] + page[9][705:]],
        lambda page: [*page[:9], page[9][:696] + page[9][720:]],
        lambda page: [*page[:9], page[9][:600] + page[9]],
        lambda page: [*page[:3], page[3][:14] + b"\r\n", *page[4:]],
        lambda page: [*page[:8], page[8][4:], page[9]],
        lambda page: [*page[:8], page[8][:-6] + b"\r\n", page[9]],
        lambda page: [*page[:2], *page[3:]],
    ],
    ids="digits samples more time name rate line".split(),
)
def test_a_page_that_lost_characters_is_missing(tmp_path, actfast, change):
    path = write_geneactiv(tmp_path / "a.bin", motion())
    second_page(path, change)
    with pytest.warns(UserWarning) as caught:
        recording = read_recording(path, "s")
    texts = [str(warning.message) for warning in caught]
    (text,) = [text for text in texts if "blocks" in text]
    assert "1 of 4 blocks are damaged and left out" in text
    assert "The first: page 1 (from 0) has " in text
    expected = motion()
    expected[300:600] = np.nan
    np.testing.assert_allclose(recording.acceleration, expected, atol=4e-3)
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-4)


@pytest.mark.parametrize("num_bytes", [3700, 3000, 2000, 150, 20, 1])
def test_a_geneactiv_that_is_cut_short_is_said_to_be(
    tmp_path, actfast, num_bytes
):
    path = write_geneactiv(tmp_path / "a.bin", motion(1200))
    content = path.read_bytes()
    last = content.rindex(b"Recorded Data")
    samples = content.rindex(b"\n", 0, -2) + 1
    size = min(last + num_bytes, len(content) - 3)
    path.write_bytes(content[:size])
    with pytest.warns(UserWarning, match="complete .bin.*ends inside a block"):
        recording = read_recording(path, "s")
    assert recording.num_samples == 900 + max(size - samples, 0) // 12
    np.testing.assert_allclose(
        recording.acceleration, motion(recording.num_samples), atol=4e-3
    )


def test_a_geneactiv_of_one_page_without_samples_is_refused(tmp_path, actfast):
    path = write_geneactiv(tmp_path / "a.bin", motion(300))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"Unassigned")])
    with pytest.raises(ValueError, match="complete .bin.*cut short"):
        read_recording(path, "s")


def test_a_last_page_that_is_short_or_has_no_newline_is_whole(
    tmp_path, actfast, recwarn
):
    path = write_geneactiv(tmp_path / "a.bin", motion(620))
    assert read_recording(path, "s").num_samples == 620
    path = write_geneactiv(tmp_path / "b.bin", motion(600))
    path.write_bytes(path.read_bytes().rstrip())
    assert read_recording(path, "s").num_samples == 600
    assert not recwarn


@pytest.mark.parametrize("num_samples", [300, 1000])
def test_rates_with_a_decimal_comma_are_read(
    tmp_path, actfast, recwarn, num_samples
):
    path = write_geneactiv(tmp_path / "a.bin", motion(num_samples))
    content = path.read_bytes()
    for name, value in ((b"y", b"50.0"), (b"Temperature", b"25.0")):
        comma = value.replace(b".", b",")
        content = content.replace(name + b":" + value, name + b":" + comma)
    path.write_bytes(content)
    recording = read_recording(path, "s")
    assert recording.num_samples == num_samples
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-4)
    np.testing.assert_allclose(
        recording.acceleration, motion(num_samples), atol=4e-3
    )
    assert not recwarn


@pytest.mark.parametrize(
    "old, new",
    [
        (b"x gain:25600", b"x gain:"),
        (b"z gain:25600", b"z gain:0"),
        (b"y gain:25600", b"y gain:25600,5"),
        (b"y offset:200", b"y offset:"),
        (b"y offset:200", b"offset:200"),
    ],
)
def test_a_geneactiv_without_its_calibration_is_refused(
    tmp_path, actfast, old, new
):
    path = write_geneactiv(tmp_path / "a.bin", motion())
    path.write_bytes(path.read_bytes().replace(old, new))
    name = old.partition(b":")[0].decode()
    with pytest.raises(ValueError, match=f"gain and the offset.*with {name}:"):
        read_recording(path, "s")


def test_a_header_that_is_not_in_utf8_is_read(tmp_path, actfast):
    path = write_geneactiv(tmp_path / "a.bin", motion(), location="wrist \xe9")
    path.write_bytes(path.read_text("utf-8").encode("latin-1"))
    recording = read_recording(path, "s")
    assert recording.num_samples == 1000
    assert recording.placement == "wrist"


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
