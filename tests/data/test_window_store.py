import pickle

import numpy as np
import pytest

from keras_relcon.data import (
    Interval,
    Recording,
    WindowStore,
    make_windows,
)
from keras_relcon.data.coded_labels import CodedLabels


def recording(subject, num_samples, offset=0.0):
    acceleration = np.zeros((num_samples, 3))
    acceleration[:, 0] = offset + np.arange(num_samples) / 1e4
    return Recording(acceleration, 100, subject)


def store_of(num_subjects, num_samples=100, window_length=10):
    return WindowStore.from_recordings(
        [
            recording(f"s{k:02d}", num_samples, k / 10)
            for k in range(num_subjects)
        ],
        window_length=window_length,
    )


def test_reads_any_window_of_a_piece():
    store = store_of(3)
    piece = store.pieces[1]
    windows = store.read([piece.start + 7, piece.start + 90])
    assert windows.shape == (2, 10, 3) and windows.dtype == np.float32
    np.testing.assert_allclose(
        windows[0, :, 0], 0.1 + np.arange(7, 17) / 1e4, atol=1e-6
    )


def test_reading_gives_a_copy():
    store = store_of(1)
    store.read([0])[:] = 5
    assert store.read([0]).max() < 1


@pytest.mark.parametrize("start", [-1, 91, 299])
def test_a_window_may_not_cross_two_pieces(start):
    with pytest.raises(ValueError, match=f"inside one piece.*{start}"):
        store_of(3).read([0, start])


def test_recordings_are_cut_at_missing_samples():
    acceleration = np.ones((100, 3)) / 2
    acceleration[30:32] = np.nan
    acceleration[40, 2] = np.inf
    with pytest.warns(UserWarning, match="3 of 100"):
        broken = Recording(acceleration, 100, "s", recording_id="r")
    with pytest.warns(UserWarning, match="1 of 3 continuous pieces"):
        store = WindowStore.from_recordings(broken, window_length=10)
    assert [p.num_samples for p in store.pieces] == [30, 59]
    assert [p.start_seconds for p in store.pieces] == [0.0, 0.41]
    assert {p.recording for p in store.pieces} == {"r"}
    assert store.num_windows == 8
    starts = [p.start + i for p in store.pieces for i in range(20)]
    assert np.isfinite(store.read(starts)).all()


def test_resamples_to_its_rate():
    still = Recording(np.tile([0.0, 0.0, 1.0], (200, 1)), 50, "s")
    store = WindowStore.from_recordings(still, sample_rate_hz=100)
    assert store.pieces[0].num_samples == 400
    np.testing.assert_allclose(store.read([0])[..., 2], 1, atol=1e-3)


@pytest.mark.parametrize("is_in_file", [False, True])
def test_times_are_right_at_a_rate_that_is_not_met(tmp_path, is_in_file):
    # Near enough to 100 Hz not to be resampled.
    acceleration = np.ones((10_000, 3)) / 2
    acceleration[8000] = np.nan
    with pytest.warns(UserWarning, match="not finite"):
        recording = Recording(acceleration, 100.02, "s", start_time=1e9)
    walk = Interval(90.0, 95.0, label="walk", targets={"speed": 1.5})
    items, kwargs = [(recording, [walk])], {"window_length": 100}
    if is_in_file:
        store = WindowStore.create(tmp_path / "a.h5", items, **kwargs)
    else:
        store = WindowStore.from_recordings(items, **kwargs)
    seconds = 8001 / 100.02
    assert store.pieces[1].start_seconds == seconds
    assert store.pieces[1].start_time == 1e9 + seconds
    (kept,) = store.recordings()
    assert kept.sample_rate_hz == 100.02
    # 9001.8 and 9501.9 samples
    walking = np.flatnonzero(kept.labels == "walk")
    assert (walking[0], walking[-1]) == (9002, 9501)
    windows = store.windows(stride=50)
    np.testing.assert_allclose(
        windows.start_seconds, np.arange(len(windows)) * 50 / 100.02
    )
    speeds = store.targets(windows, "speed")
    stops = windows.start_seconds + 100 / 100.02
    inside = (windows.start_seconds >= 90) & (stops <= 95)
    assert inside.sum() == 8 and (speeds[inside] == 1.5).all()
    assert np.isnan(speeds[~inside]).all()


def test_coded_labels_are_kept_as_their_text_is():
    names = ["", "sit", "walk"]
    codes = np.repeat([1, 0, 2], [40, 20, 40])
    stores = [
        WindowStore.from_recordings(
            Recording(np.ones((100, 3)) / 2, 100, "s", labels=labels),
            window_length=10,
        )
        for labels in (CodedLabels(codes, names), np.take(names, codes))
    ]
    coded, text = (list(store.recordings())[0].labels for store in stores)
    assert list(coded) == list(text) == np.take(names, codes).tolist()


def test_info_counts():
    info = store_of(3, num_samples=105).info()
    assert info == {
        "num_subjects": 3,
        "num_recordings": 3,
        "num_windows": 30,
        "hours": pytest.approx(3 * 1.05 / 3600),
        "sample_rate_hz": 100.0,
        "window_length": 10,
        "dtype": "float32",
        "num_missing_samples": 0,
        "num_clipped_samples": 0,
        "num_damaged_recordings": 0,
        "path": None,
    }


@pytest.mark.parametrize(
    "num_subjects, fractions, sizes",
    [
        (10, (0.6, 0.2, 0.2), [6, 2, 2]),
        (3, (0.9, 0.05, 0.05), [1, 1, 1]),
        (24, (0.6, 0.2, 0.2), [14, 5, 5]),
        (5, (1.0,), [5]),
    ],
)
def test_split_shares_no_subject(num_subjects, fractions, sizes):
    store = store_of(num_subjects)
    parts = store.split_subjects(fractions, seed=3)
    assert [len(part.subjects) for part in parts] == sizes
    together = sum((part.subjects for part in parts), [])
    assert sorted(together) == store.subjects
    windows = [p.read([piece.start for piece in p.pieces]) for p in parts]
    for part, values in zip(parts, windows):
        seen = {f"s{round(10 * k):02d}" for k in values[:, 0, 0].tolist()}
        assert seen == set(part.subjects)


def test_split_depends_on_the_seed_and_not_on_the_order_of_recordings():
    recordings = [recording(f"s{k}", 50) for k in range(9)]

    def split(recordings, seed):
        store = WindowStore.from_recordings(recordings, window_length=10)
        parts = store.split_subjects((0.5, 0.5), seed=seed)
        return [part.subjects for part in parts]

    assert split(recordings, 1) == split(recordings[::-1], 1)
    assert any(split(recordings, 1) != split(recordings, s) for s in (2, 3))


def test_a_part_cannot_read_the_windows_of_another():
    train, test = store_of(4).split_subjects((0.5, 0.5))
    with pytest.raises(ValueError, match="inside one piece"):
        train.read([test.pieces[0].start])


def test_survives_pickling():
    store = store_of(3)
    again = pickle.loads(pickle.dumps(store))
    assert again.pieces == store.pieces
    np.testing.assert_array_equal(again.read([5]), store.read([5]))


def test_one_subject_is_selected_by_its_name():
    assert store_of(3).select_subjects("s01").subjects == ["s01"]


def test_wrong_arguments():
    store = store_of(3)
    with pytest.raises(ValueError, match="positive and sum to 1"):
        store.split_subjects((0.5, 0.6))
    with pytest.raises(ValueError, match="positive and sum to 1"):
        store.split_subjects(())
    with pytest.raises(ValueError, match="3 subjects for 4 splits"):
        store.split_subjects((0.25,) * 4)
    with pytest.raises(ValueError, match="subjects of the store.*s99"):
        store.select_subjects("s99")
    with pytest.raises(ValueError, match="subjects of the store"):
        store.select_subjects([])
    with pytest.raises(ValueError, match="hold a window.*1 pieces"):
        WindowStore.from_recordings(recording("s", 50))
    with pytest.raises(ValueError, match="`window_length` must be"):
        WindowStore.from_recordings(recording("s", 50), window_length=0)


def test_clock_placement_and_empty_labels_are_those_of_the_recordings(
    tmp_path,
):
    signal = np.ones((100, 3)) / 2
    recordings = [
        Recording(
            signal,
            100,
            "a",
            labels="walk",
            start_time=1_714_557_600,
            time_zone="Europe/Berlin",
            placement="wrist",
        ),
        Recording(signal, 100, "b", labels=""),
    ]
    expected = make_windows(recordings, 100, 10, stride=10)
    path = tmp_path / "windows.h5"
    for store in (
        WindowStore.from_recordings(recordings, window_length=10),
        WindowStore.create(path, recordings, window_length=10),
        WindowStore.open(path),
    ):
        found = store.windows(stride=10)
        for name in ("labels", "start_times", "time_zones", "subjects"):
            np.testing.assert_array_equal(
                getattr(found, name), getattr(expected, name)
            )
        assert [r.placement for r in store.recordings()] == ["wrist", None]
