import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

tfds = pytest.importorskip(
    "tensorflow_datasets", reason="TFDS sources need tensorflow-datasets"
)
pytest.importorskip(
    "importlib_resources", reason="TFDS needs importlib_resources"
)

from keras_relcon.data import Recording, WindowStore  # noqa: E402
from keras_relcon.data.tfds_source import (  # noqa: E402
    groups_from_tfds,
    store_from_tfds,
    tfds_recordings,
)

ROOT = Path(__file__).resolve().parents[2]
CLASS_NAMES = ["walk", "sit", "null"]


class FakeInfo:
    """What the adapter asks of a `DatasetInfo`."""

    name = "fake"

    def __init__(self, has_labels=True, is_ordered=True):
        classes = tfds.features.ClassLabel(names=CLASS_NAMES)
        self.disable_shuffling = is_ordered
        self.features = {
            "acceleration": tfds.features.Tensor(
                shape=(None, 3), dtype=np.float32
            ),
            "sample_rate_hz": tfds.features.Scalar(np.float32),
            "subject_id": tfds.features.Text(),
        }
        if has_labels:
            self.features["label"] = tfds.features.Sequence(classes)


class FakeSource(list):
    """A data source is a list of examples with a `dataset_info`."""

    def __init__(self, examples, **kwargs):
        super().__init__(examples)
        self.dataset_info = FakeInfo(**kwargs)


def chunk(
    start,
    num_samples=10,
    subject="s1",
    recording="r1",
    rate=10.0,
    label=0,
    times=None,
):
    index = np.arange(num_samples) + round(start * rate)
    example = {
        "acceleration": np.stack([index / 1e3, 0 * index, 0 * index + 1], 1),
        "label": [label] * num_samples,
        "sample_rate_hz": np.float32(rate),
        "start_seconds": np.array(start),
        "subject_id": subject.encode(),
        "recording_id": recording.encode(),
        "sensor_position": b"wrist",
    }
    if times is not None:
        example["time_seconds"] = np.asarray(times, np.float32)
    return example


def test_chunks_of_a_recording_are_joined_again():
    source = FakeSource(
        [
            chunk(0.0),
            chunk(1.0, label=1),
            chunk(2.0, num_samples=5, label=2),
            chunk(0.0, recording="r2"),
            chunk(0.0, subject="s2", recording="r2"),
        ]
    )
    recordings = list(tfds_recordings(source))
    assert all(isinstance(r, Recording) for r in recordings)
    assert [r.num_samples for r in recordings] == [25, 10, 10]
    assert [r.subject for r in recordings] == ["s1", "s1", "s2"]
    first = recordings[0]
    assert first.recording_id == "r1@wrist" and first.sample_rate_hz == 10
    np.testing.assert_allclose(
        first.acceleration[:, 0], np.arange(25) / 1e3, atol=1e-7
    )
    assert first.labels.tolist() == ["walk"] * 10 + ["sit"] * 10 + ["null"] * 5


def test_missing_chunks_begin_another_recording():
    source = FakeSource([chunk(0.0), chunk(1.0), chunk(5.0)])
    found = [(r.recording_id, r.num_samples) for r in tfds_recordings(source)]
    assert found == [("r1@wrist", 20), ("r1@wrist+5s", 10)]


def test_shuffled_rows_are_put_in_order():
    chunks = [chunk(k * 1.0) for k in range(5)]
    chunks += [chunk(k * 1.0, subject="s0") for k in range(3)]
    order = np.random.default_rng(3).permutation(len(chunks))
    assert order.tolist() != sorted(order)
    shuffled = FakeSource([chunks[k] for k in order], is_ordered=False)
    recordings = list(tfds_recordings(shuffled))
    assert [r.num_samples for r in recordings] == [30, 50]
    expected = list(tfds_recordings(FakeSource(chunks)))[0]
    np.testing.assert_array_equal(
        recordings[1].acceleration, expected.acceleration
    )


def test_an_ordered_source_is_streamed():
    taken = []

    class Lazy(FakeSource):
        def __iter__(self):
            for example in super().__iter__():
                taken.append(example)
                yield example

    source = Lazy([chunk(0.0, recording=f"r{k}") for k in range(9)])
    recordings = tfds_recordings(source)
    next(recordings)
    assert len(taken) == 2  # the recording, and the first of the next


def test_irregular_samples_are_put_on_a_grid():
    times = np.array([0.0, 0.11, 0.19, 0.3, 0.3, 0.42, 0.38, 0.5, 0.61, 0.7])
    example = chunk(100.0, times=times)
    example["acceleration"][:, 0] = times
    (recording,) = tfds_recordings(FakeSource([example]))
    # A ramp in time stays one: late and repeated samples do no harm.
    grid = np.arange(8) / 10
    np.testing.assert_allclose(recording.acceleration[:, 0], grid, atol=0.01)
    assert recording.num_samples == 8
    assert set(recording.labels) == {"walk"}


def test_chunks_of_irregular_samples_are_joined():
    step = 0.101
    first = chunk(0.0, times=np.arange(10) * step)
    second = chunk(10 * step, times=np.arange(10) * step)
    (recording,) = tfds_recordings(FakeSource([first, second]))
    assert recording.num_samples == int(19 * step * 10) + 1


def test_subjects_are_chosen():
    source = FakeSource(
        [chunk(0.0, subject=name) for name in ("1", "2", "3", "2")]
    )
    found = [r.subject for r in tfds_recordings(source, subjects=[2, "3"])]
    assert set(found) == {"2", "3"}
    (one,) = tfds_recordings(source, subjects="3")
    assert one.subject == "3"
    with pytest.raises(ValueError, match=r"`subjects`.*\['9'\], none of"):
        list(tfds_recordings(source, subjects=["9"]))


def test_single_samples_are_left_out_with_a_warning():
    source = FakeSource([chunk(0.0, num_samples=1), chunk(0.0, recording="r2")])
    with pytest.warns(UserWarning, match="1 recordings of one sample"):
        assert len(list(tfds_recordings(source))) == 1


def test_labels_are_optional():
    example = chunk(0.0)
    del example["label"]
    (recording,) = tfds_recordings(FakeSource([example], has_labels=False))
    assert recording.labels is None


def test_a_dataset_without_acceleration_is_refused():
    source = FakeSource([])
    del source.dataset_info.features["acceleration"]
    with pytest.raises(ValueError, match="'fake' without .*acceleration"):
        tfds_recordings(source)


def test_another_kind_of_source_is_refused():
    with pytest.raises(TypeError, match="Received: source of type dict"):
        tfds_recordings({})


def test_a_dataset_that_is_not_prepared_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be prepared.*'motionsense"):
        tfds_recordings("motionsense", data_dir=tmp_path)


def prepare(name, data_dir, file_format="array_record"):
    import tfds_builders  # noqa: F401

    builder = tfds.builder(name, data_dir=data_dir, file_format=file_format)
    folder = ROOT / "tfds_builders" / name.split("/")[0] / "dummy_data"
    config = tfds.download.DownloadConfig(manual_dir=folder)
    builder.download_and_prepare(download_config=config)
    return builder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    for name in (
        "motionsense",
        "wisdm_watch",
        "pamap2/hand",
        "opportunity/right_wrist",
        "hhar/watch",
        "capture24/willetts2018",
        "recording_folder",
    ):
        prepare(name, folder)
    return folder


@pytest.mark.filterwarnings("ignore:.* are not finite")
@pytest.mark.filterwarnings("ignore:.*shorter than a window")
@pytest.mark.parametrize(
    "name, num_recordings, num_samples",
    [
        ("motionsense", 18, 18 * 30 * 2),
        ("wisdm_watch", 6, None),
        ("pamap2/hand", 3, 80 - 3 * 4),  # a lost sample after 3 others
        ("opportunity/right_wrist", 4, None),
        ("hhar/watch", 8, 4 * 10 + 4 * 5),
        ("capture24", 4, 100),
        ("recording_folder", 3, 60),
    ],
)
def test_every_builder_becomes_a_store_in_one_call(
    data_dir, name, num_recordings, num_samples
):
    assert len(list(tfds_recordings(name, data_dir=data_dir))) == num_recordings
    store = store_from_tfds(
        name, data_dir=data_dir, sample_rate_hz=100, window_length=4
    )
    assert isinstance(store, WindowStore)
    if num_samples is not None:
        assert sum(p.num_samples for p in store.pieces) == num_samples
    windows = store.read([piece.start for piece in store.pieces])
    median = np.median(np.linalg.norm(windows, axis=-1))
    assert 0.8 < median < 1.2


def test_a_builder_and_its_data_source_give_the_same(data_dir):
    builder = tfds.builder("motionsense", data_dir=data_dir)
    by_name = list(tfds_recordings("motionsense", data_dir=data_dir))
    for source in (builder, builder.as_data_source("train")):
        recordings = list(tfds_recordings(source))
        assert len(recordings) == len(by_name)
        for one, other in zip(recordings, by_name):
            assert one.recording_id == other.recording_id
            np.testing.assert_array_equal(one.acceleration, other.acceleration)
            assert one.labels.tolist() == other.labels.tolist()


@pytest.mark.filterwarnings("ignore:.* are not finite")
def test_a_tfrecord_build_gives_the_same(data_dir, tmp_path):
    pytest.importorskip("tensorflow", reason="TFDS reads tfrecord with it")
    builder = prepare("pamap2/hand", tmp_path, file_format="tfrecord")
    expected = list(tfds_recordings("pamap2/hand", data_dir=data_dir))
    recordings = list(tfds_recordings(builder))
    assert len(recordings) == len(expected) == 3
    for one, other in zip(recordings, expected):
        np.testing.assert_array_equal(one.acceleration, other.acceleration)
        assert one.labels.tolist() == other.labels.tolist()


def test_a_store_is_written_to_a_file(data_dir, tmp_path):
    path = tmp_path / "windows.h5"
    store_from_tfds(
        "motionsense", path, data_dir=data_dir, window_length=8, subjects=["1"]
    )
    store = WindowStore.open(path)
    assert store.subjects == ["1"]
    kept = store_from_tfds(
        "motionsense", data_dir=data_dir, window_length=8, subjects=["1"]
    )
    starts = [piece.start for piece in kept.pieces]
    assert len(starts) == 6
    written = store.read([piece.start for piece in store.pieces])
    np.testing.assert_allclose(written, kept.read(starts), atol=1e-3)


def test_candidate_groups_in_one_call(data_dir):
    groups = groups_from_tfds(
        "motionsense",
        data_dir=data_dir,
        window_length=8,
        batch_size=4,
        num_candidates=3,
    )
    batch = groups[0]
    assert batch["anchor"].shape == (4, 8, 3)
    assert batch["candidates"].shape == (4, 3, 8, 3)


WITHOUT_TENSORFLOW = """
import sys
from keras_relcon.data.tfds_source import groups_from_tfds
groups = groups_from_tfds("motionsense", data_dir=sys.argv[1], window_length=8,
                          batch_size=4, num_candidates=3)
groups[0]
assert "tensorflow" not in sys.modules
"""


def test_no_tensorflow_is_needed(data_dir):
    pytest.importorskip("jax", reason="Keras needs a backend")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(data_dir)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KERAS_BACKEND": "jax",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
