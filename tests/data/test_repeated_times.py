"""Stamps of whole seconds, and clocks that were put back."""

import warnings
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from keras_relcon.data import load_recordings, read_recording, read_recordings
from keras_relcon.data.readers.repeated_times import spread_repeated
from keras_relcon.data.regularizing import usual_rate_hz

START = 1_700_000_000
SHARED = "Each row must have a time of its own. Received: .* rows in each"


def write(path, times, values=None, labels=None):
    """A line in time, so that each sample tells when it was taken."""
    values = np.arange(len(times)) / 1000 if values is None else values
    lines = ["time,x,y,z" + (",label" if labels else "")]
    for k, (time, value) in enumerate(zip(times, values)):
        label = f",{labels[k]}" if labels else ""
        lines.append(f"{time},{value:.6f},0,1{label}")
    path.write_text("\n".join(lines) + "\n")
    return path


def stamp(seconds):
    moment = datetime.fromtimestamp(float(seconds), timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("kind", [int, stamp], ids=["epoch", "date"])
def test_thirty_rows_of_a_second_are_spread_in_it(tmp_path, kind):
    # A recording of 30 Hz that begins and ends inside a second.
    true = START + 0.5 + np.arange(300) / 30
    path = write(tmp_path / "a.csv", [kind(t) for t in np.floor(true)])
    with pytest.warns(UserWarning, match=SHARED):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(30, rel=1e-6)
    assert recording.num_samples == 300
    assert recording.start_time == pytest.approx(true[0], abs=1e-3)
    np.testing.assert_allclose(
        recording.acceleration[:, 0], np.arange(300) / 1000, atol=1e-5
    )


def test_seconds_of_29_to_31_rows_keep_their_place():
    rng = np.random.default_rng(0)
    sizes = rng.integers(29, 32, 60)
    seconds = np.repeat(START + np.arange(60.0), sizes)
    with pytest.warns(UserWarning, match=SHARED):
        spread = spread_repeated(seconds)
    assert (np.diff(spread) > 0).all()
    assert (np.floor(spread + 1e-6) == seconds).all()
    for second in (7, 30):  # evenly
        rows = spread[seconds == START + second]
        step = 1 / sizes[second]
        np.testing.assert_allclose(np.diff(rows), step, rtol=1e-4)


def test_a_gap_between_shared_stamps_stays_one(tmp_path):
    true = START + np.arange(600) / 30
    true[300:] += 100.5
    path = write(tmp_path / "a.csv", np.floor(true).astype(int))
    with pytest.warns(UserWarning, match=SHARED):
        first, second = read_recordings(path, "s")
    assert first.sample_rate_hz == pytest.approx(30, rel=1e-6)
    assert (first.num_samples, second.num_samples) == (300, 300)
    # After the gap the first stamp has 15 rows: they end with the second.
    assert second.start_time == pytest.approx(true[300], abs=0.01)


def test_batches_that_share_a_stamp_are_spread_to_the_next(tmp_path):
    rng = np.random.default_rng(0)
    ticks = np.cumsum(rng.uniform(0.36, 0.44, 50))
    path = write(tmp_path / "a.csv", [f"{t:.3f}" for t in np.repeat(ticks, 20)])
    with pytest.warns(
        UserWarning, match="1000 rows with 50 timestamps, 20.0 rows"
    ):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(50, rel=0.02)
    assert np.isfinite(recording.acceleration).all()


@pytest.mark.parametrize("rate_hz", [115, 128, 150, 200, 256])
def test_coarse_ticks_of_a_clock_keep_the_rate(tmp_path, rate_hz):
    true = np.arange(2000) / rate_hz
    stamps = [f"{t:.2f}" for t in np.floor(true * 100 + 1e-6) / 100]
    values = np.sin(6 * true)
    path = write(tmp_path / "a.csv", stamps, values)
    with pytest.warns(UserWarning, match=SHARED):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(rate_hz, rel=0.005)
    assert recording.num_samples == pytest.approx(2000, abs=12)
    grid = np.arange(recording.num_samples) / recording.sample_rate_hz
    error = recording.acceleration[:, 0] - np.sin(6 * grid)
    assert np.abs(error).max() < 0.07  # 10 ms of a slope of 6


def test_rows_written_twice_are_refused(tmp_path):
    times = np.repeat(np.arange(100) / 50, 2)
    path = write(tmp_path / "a.csv", times, np.repeat(np.arange(100) / 100, 2))
    with pytest.raises(ValueError, match="row 1 .*repeats row 0 .*twice"):
        read_recording(path, "s")
    # The advice of the message:
    with pytest.warns(UserWarning, match="100 rows with a repeated"):
        recording = read_recording(path, "s", sort_timestamps=True)
    assert recording.num_samples == 100
    assert recording.sample_rate_hz == pytest.approx(50)


def repeated_hour(rate_hz=30, seconds=20, is_whole=True):
    """Numbers of a local clock whose last hour comes again."""
    true = np.arange(2 * seconds * rate_hz) / rate_hz
    clock = START + true - seconds * (true >= seconds)
    return np.floor(clock).astype(int) if is_whole else clock


@pytest.mark.parametrize("is_whole", [True, False])
def test_time_that_runs_back_is_an_error_that_names_the_rows(
    tmp_path, is_whole
):
    path = write(tmp_path / "a.csv", repeated_hour(is_whole=is_whole))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", SHARED)
        for sort in (False, True):
            with pytest.raises(ValueError, match="row 600 ") as caught:
                read_recording(path, "s", sort_timestamps=sort)
    text = str(caught.value)
    assert 'on_clock_change="split"' in text
    assert "sort_timestamps" not in text


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_new_piece_begins_where_time_runs_back(tmp_path, is_whole):
    labels = ["a"] * 600 + ["b"] * 600
    path = write(
        tmp_path / "a.csv", repeated_hour(is_whole=is_whole), labels=labels
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", SHARED)
        pieces = read_recordings(path, "s", on_clock_change="split")
        with pytest.raises(ValueError, match=r"rows \[600\].*read_recordings"):
            read_recording(path, "s", on_clock_change="split")
    assert [piece.num_samples for piece in pieces] == [600, 600]
    assert [piece.recording_id for piece in pieces] == ["a_0", "a_1"]
    for index, piece in enumerate(pieces):
        assert piece.sample_rate_hz == pytest.approx(30, rel=1e-5)
        assert piece.start_time == pytest.approx(START, abs=1e-3)
        assert set(piece.labels) == {"ab"[index]}
        expected = (np.arange(600) + 600 * index) / 1000
        np.testing.assert_allclose(
            piece.acceleration[:, 0], expected, atol=1e-4
        )


def test_a_clock_that_falls_back_to_1970_splits(tmp_path):
    times = START + np.arange(400) / 50
    times[150:] -= START
    path = write(tmp_path / "a.csv", times)
    with pytest.raises(ValueError, match="row 150 .*split"):
        read_recording(path, "s")
    first, second = read_recordings(path, "s", on_clock_change="split")
    assert (first.num_samples, second.num_samples) == (150, 250)
    assert second.start_time == pytest.approx(3)


def test_rows_that_were_shuffled_are_told_to_be_sorted(tmp_path):
    order = np.random.default_rng(0).permutation(400)
    path = write(tmp_path / "a.csv", order / 50, order / 1000)
    for option in ("error", "split"):
        with pytest.raises(ValueError, match="sort_timestamps=True"):
            read_recording(path, "s", on_clock_change=option)
    with pytest.warns(UserWarning, match="sorted by time"):
        recording = read_recording(path, "s", sort_timestamps=True)
    np.testing.assert_allclose(
        recording.acceleration[:, 0], np.arange(400) / 1000, atol=1e-5
    )


def test_pieces_in_another_order_can_be_sorted(tmp_path):
    rows = np.roll(np.arange(400), 150)
    path = write(tmp_path / "a.csv", rows / 50, rows / 1000)
    with pytest.warns(UserWarning, match="sorted by time"):
        recording = read_recording(path, "s", sort_timestamps=True)
    np.testing.assert_allclose(
        recording.acceleration[:, 0], np.arange(400) / 1000, atol=1e-5
    )


def test_rows_that_step_back_are_named_up_to_five(tmp_path):
    times = START + np.arange(800) / 50 - 3 * (np.arange(800) // 100)
    path = write(tmp_path / "a.csv", times)
    with pytest.raises(ValueError, match="in all: 100, 200, 300, 400, 500, .."):
        read_recording(path, "s")


def test_whole_seconds_of_a_local_clock_put_back_go_on(tmp_path):
    start = datetime(2023, 10, 29, 2, 59, 50)
    moments = [start + timedelta(seconds=k // 30) for k in range(600)]
    moments[300:] = [m - timedelta(hours=1) for m in moments[300:]]
    path = write(tmp_path / "a.csv", [m.isoformat(" ") for m in moments])
    with pytest.warns(UserWarning, match="back by an hour at row 300"):
        recording = read_recording(path, "s")
    assert recording.num_samples == 600
    assert recording.sample_rate_hz == pytest.approx(30, rel=1e-6)


def test_a_folder_is_split_too(tmp_path):
    (tmp_path / "s1").mkdir()
    write(tmp_path / "s1" / "a.csv", repeated_hour(is_whole=False))
    with pytest.raises(ValueError, match="on_clock_change"):
        load_recordings(tmp_path)
    pieces = load_recordings(tmp_path, on_clock_change="split")
    assert [piece.recording_id for piece in pieces] == ["s1/a_0", "s1/a_1"]


def test_an_unknown_choice_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", np.arange(100) / 50)
    with pytest.raises(ValueError, match="`on_clock_change` must be one of"):
        read_recording(path, "s", on_clock_change="sort")


def test_one_row_without_a_time_does_not_cost_the_others(tmp_path):
    times = [str(int(t)) for t in START + np.arange(1500) // 50]
    times[777] = ""
    path = write(tmp_path / "a.csv", times)
    with pytest.warns(UserWarning, match="1 rows with a repeated or missing"):
        recording = read_recording(path, "s", sort_timestamps=True)
    assert recording.sample_rate_hz == pytest.approx(50, rel=0.01)
    assert recording.num_samples == pytest.approx(1499, abs=2)


BURSTS = "those of the samples. Received: .* rows in .* bursts of about"


@pytest.mark.parametrize(
    "size, step", [(10, 0.001), (2, 0.004), (50, 0.0005), (10, 0.0002)]
)
def test_rows_that_arrive_in_bursts_are_spread(tmp_path, size, step):
    rows = np.arange(2000)
    times = START + rows // size * size / 50 + rows % size * step
    times[1000:] += 100
    path = write(tmp_path / "a.csv", [f"{time:.4f}" for time in times])
    with pytest.warns(UserWarning, match=BURSTS):
        first, second = read_recordings(path, "s")
    assert first.sample_rate_hz == pytest.approx(50, rel=1e-3)
    assert (first.num_samples, second.num_samples) == (1000, 1000)
    np.testing.assert_allclose(
        first.acceleration[:, 0], rows[:1000] / 1000, atol=2e-3
    )


def test_bursts_that_come_unevenly_are_spread(tmp_path):
    rng = np.random.default_rng(0)
    rows = np.arange(2000)
    starts = 0.2 * np.arange(200) + rng.uniform(0, 0.06, 200)
    times = np.repeat(starts, 10) + rows % 10 * 1e-3
    times += rng.uniform(0, 9e-4, 2000)
    path = write(tmp_path / "a.csv", times)
    with pytest.warns(UserWarning, match=BURSTS):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(50, rel=0.01)


def lost_at_random(share, rate_hz):
    is_kept = np.random.default_rng(0).random(3000) < share
    return np.flatnonzero(is_kept) / rate_hz


@pytest.mark.parametrize(
    "times",
    [
        lost_at_random(0.5, 50),
        lost_at_random(0.25, 1000),
        lost_at_random(0.3, 400),
        # Of three packets of ten samples two are lost.
        np.flatnonzero(np.arange(3000) // 10 % 3 == 0) / 50,
        np.arange(1000) / 50 + np.random.default_rng(0).uniform(0, 0.015, 1000),
        np.cumsum(np.random.default_rng(0).exponential(0.02, 1000)),
    ],
)
def test_samples_that_are_lost_and_jitter_are_no_bursts(
    tmp_path, times, recwarn
):
    recording = read_recording(write(tmp_path / "a.csv", times), "s")
    assert recording.sample_rate_hz == pytest.approx(usual_rate_hz(times))
    assert not recwarn.list
