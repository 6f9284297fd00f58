"""Small files that devices wrote, against what is known to be in them."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.data import read_recording, read_recordings

FILES = Path(__file__).resolve().parents[2].parent / "shared/data/devices"
CORRUPT = "ax3_testfile_corrupt_blocks_0_13_14_142_143_144.cwa"
CUT = "GENEActiv_testfile.bin"  # the first 64 KiB of a file


def file(name):
    if not (FILES / name).exists():
        pytest.skip(f"{name} is not in ../shared/data/devices")
    if not name.endswith(".csv"):
        pytest.importorskip("actfast")
    return FILES / name


def read_quietly(path, **options):
    """Reads a recording; all that is warned of is what is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if path.name == CUT:
            warnings.filterwarnings("ignore", ".*ends inside a block")
        warnings.filterwarnings("ignore", ".*samples of subject.*not finite")
        return read_recording(path, "s", **options)


def is_known(recording):
    return np.isfinite(recording.acceleration).all(axis=1)


def median_g(recording):
    norms = np.linalg.norm(recording.acceleration[is_known(recording)], axis=1)
    return np.median(norms)


def test_ax3_has_the_rate_of_its_own_clock():
    recording = read_quietly(file("ax3_testfile.cwa"))
    assert recording.sample_rate_hz == pytest.approx(98.9, abs=0.05)
    assert recording.num_samples == 17400 and is_known(recording).all()
    assert recording.duration_seconds == pytest.approx(176, abs=0.1)


def test_geneactiv_has_its_nominal_rate():
    recording = read_quietly(file(CUT))
    assert recording.sample_rate_hz == pytest.approx(85.7, abs=0.02)
    assert recording.num_samples == 5031 and is_known(recording).all()
    assert median_g(recording) == pytest.approx(1, abs=0.05)


def test_a_geneactiv_that_is_cut_is_said_to_be():
    with pytest.warns(UserWarning, match="complete .bin.*ends inside a block"):
        recording = read_recording(file(CUT), "s")
    assert recording.num_samples == 16 * 300 + 231


def test_a_page_that_lost_characters_is_missing(tmp_path):
    content = file(CUT).read_bytes()
    pages = content.split(b"Recorded Data")
    pages[5] = pages[5][:1500] + pages[5][1505:]
    path = tmp_path / "a.bin"
    path.write_bytes(b"Recorded Data".join(pages))
    with pytest.warns(UserWarning, match="1 of 17 blocks are damaged"):
        recording = read_recording(path, "s")
    whole = read_quietly(file(CUT))
    assert recording.sample_rate_hz == pytest.approx(whole.sample_rate_hz)
    expected = whole.acceleration.copy()
    expected[1200:1500] = np.nan
    np.testing.assert_allclose(recording.acceleration, expected, atol=0.01)


def test_a_late_first_page_is_a_gap_behind_it():
    recording = read_quietly(file("geneactiv_late_first_page.bin"))
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-9)
    last = (recording.num_samples - 1) / recording.sample_rate_hz
    assert last == pytest.approx(18.48, abs=1e-6)
    # The page is of 6 s, and the next begins at 6.5 s.
    missing = np.flatnonzero(~is_known(recording))
    assert missing.tolist() == list(range(300, 325))


def test_idle_sleep_of_an_actigraph_is_missing_and_moves_nothing():
    path = file("actigraph_testfile.gt3x")
    recording = read_quietly(path)
    assert recording.sample_rate_hz == 30
    assert recording.duration_seconds == pytest.approx(1768, abs=0.1)
    assert is_known(recording).sum() == 17640
    edges = np.flatnonzero(np.diff(is_known(recording)))
    starts, stops = edges[::2] + 1, edges[1::2] + 1
    assert len(starts) >= 20
    assert (stops - starts).max() == pytest.approx(261 * 30, abs=30)
    # Whole seconds are recorded, and stand where the device put them.
    assert (starts % 30 == 0).all() and (stops % 30 == 0).all()
    assert median_g(recording) == pytest.approx(1, abs=0.05)


def test_idle_sleep_splits_an_actigraph():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pieces = read_recordings(
            file("actigraph_testfile.gt3x"), "s", max_gap_seconds=0.5
        )
    assert len(pieces) >= 20
    assert {piece.sample_rate_hz for piece in pieces} == {30}
    assert sum(piece.num_samples for piece in pieces) == 17640
    starts = np.array([piece.start_time for piece in pieces])
    np.testing.assert_array_equal(starts, np.round(starts))


def test_intact_blocks_of_a_damaged_ax3_are_read():
    whole = read_quietly(file("ax3_testfile.cwa"))
    with pytest.warns(UserWarning) as caught:
        recording = read_recording(file(CORRUPT), "s")
    said = [str(warning.message) for warning in caught]
    (damage,) = [text for text in said if "blocks" in text]
    assert "6 of 145 blocks are damaged" in damage
    assert "complete" not in damage and "ownload" not in damage
    assert recording.sample_rate_hz == pytest.approx(
        whole.sample_rate_hz, rel=1e-3
    )
    # Block 0 and the last three are off both ends; 13 and 14 are inside.
    assert recording.start_time - whole.start_time == pytest.approx(
        1.2146, abs=0.001
    )
    missing = np.flatnonzero(~is_known(recording))
    assert len(missing) == pytest.approx(240, abs=2)
    assert missing[0] == pytest.approx(12 * 120, abs=2)
    assert (np.diff(missing) == 1).all()
    # What is left lies where it does in the whole file.
    shift = round(1.2146 * whole.sample_rate_hz)
    for rows in (slice(0, 1400), slice(1700, 15000)):
        found = recording.acceleration[rows]
        shifted = slice(rows.start + shift, rows.stop + shift)
        expected = whole.acceleration[shifted]
        error = np.abs(found - expected).mean()
        assert error < 0.1 * np.abs(found - found.mean(axis=0)).mean()


@pytest.mark.parametrize(
    "name, num_samples, start",
    [
        ("ax3_testfile.csv", 17399, 1551178506.0),
        ("ax3_testfile_unix_timestamps.csv", 209, 1551178506.0),
        ("ax6_testfile_formatted_timestamps.csv", 209, 1577135046.69),
    ],
)
def test_exports_of_axivity_without_a_header(name, num_samples, start):
    recording = read_quietly(file(name))
    # 100 Hz by the configuration, about 1 % less by the device's clock.
    assert recording.sample_rate_hz == pytest.approx(100, rel=0.015)
    assert recording.num_samples == pytest.approx(num_samples, abs=2)
    assert recording.start_time == pytest.approx(start, abs=1e-3)
    rows = np.genfromtxt(file(name), delimiter=",", usecols=(1, 2, 3))
    np.testing.assert_allclose(recording.acceleration[0], rows[0], atol=1e-6)


def test_real_headers_state_the_offset_of_the_clock():
    recording = read_quietly(file(CUT))
    assert recording.time_zone == "+01:00"  # summer time in London
    recording = read_quietly(file("actigraph_testfile.gt3x"))
    assert recording.time_zone == "+02:00"
    # By its `info.txt` it was started at 637340333400000000 ticks of 100 ns
    # since the year 1, by its own clock.
    start = (637_340_333_400_000_000 - 621_355_968_000_000_000) / 1e7
    assert recording.start_time == pytest.approx(start - 7200, abs=60)


def test_an_export_has_the_rate_of_its_device_file():
    exported = read_quietly(file("ax3_testfile.csv"))
    recording = read_quietly(file("ax3_testfile.cwa"))
    assert exported.sample_rate_hz == pytest.approx(
        recording.sample_rate_hz, rel=2e-4
    )
    assert median_g(exported) == pytest.approx(median_g(recording), abs=0.01)


def test_empatica_e4_is_in_64ths_of_g_at_32_hz():
    recording = read_quietly(file("e4_ACC.csv"))
    assert recording.sample_rate_hz == 32
    assert recording.start_time == 1680686620
    assert recording.num_samples == 117156
    np.testing.assert_allclose(
        recording.acceleration[0], np.array([-34, -23, 45]) / 64
    )
    assert median_g(recording) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    "name, placement",
    [
        ("ax3_testfile.cwa", "wrist"),
        ("actigraph_testfile.gt3x", "hip"),
        (CUT, None),
        ("e4_ACC.csv", None),
    ],
)
def test_a_device_file_says_where_it_was_worn(name, placement):
    assert read_quietly(file(name)).placement == placement
