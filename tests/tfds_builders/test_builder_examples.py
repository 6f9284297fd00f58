"""What every builder gives: the features, units, order and subjects."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfds_builders import examples as examples_module
from tfds_builders.examples import KEY_RANGE, to_examples
from tfds_builders.source_recording import SourceRecording, split_at_gaps
from tfds_builders.summary import summarize

# name: subjects, positions, rates
EXPECTED = {
    "motionsense": ({"1", "2", "10"}, {"front_pocket"}, {50}),
    "wisdm_watch": ({"1600", "1601"}, {"wrist"}, {20}),
    "pamap2/hand": ({"101", "102"}, {"hand"}, {100}),
    "pamap2/ankle": ({"101", "102"}, {"ankle"}, {100}),
    "pamap2/chest": ({"101", "102"}, {"chest"}, {100}),
    "opportunity/right_wrist": ({"1", "2"}, {"right_wrist"}, {30}),
    "opportunity/left_wrist": ({"1", "2"}, {"left_wrist"}, {30}),
    "opportunity/back": ({"1", "2"}, {"back"}, {30}),
    "hhar/watch": ({"a", "b"}, {"wrist"}, {100, 200}),
    "hhar/phone": ({"a", "b"}, {"waist"}, {50, 200}),
    "capture24/willetts2018": ({"P001", "P002"}, {"wrist"}, {100}),
    "capture24/walmsley2020": ({"P001", "P002"}, {"wrist"}, {100}),
    "recording_folder/wrist_100hz": ({"s01", "s02"}, {"wrist"}, {100}),
}


def texts(source, name):
    return [example[name].decode() for example in source]


@pytest.mark.parametrize("full_name", EXPECTED)
def test_examples_are_recordings_in_g_of_one_subject(prepare, full_name):
    builder = prepare(full_name)
    source = builder.as_data_source("train")
    subjects, positions, rates = EXPECTED[full_name]
    assert set(texts(source, "subject_id")) == subjects
    assert set(texts(source, "sensor_position")) == positions
    assert {float(e["sample_rate_hz"]) for e in source} == rates
    for example in source:
        acceleration = example["acceleration"]
        assert acceleration.dtype == np.float32
        assert acceleration.shape == (len(example["label"]), 3)
        # The dummy data lie still: 1 g on z, whatever the source's unit.
        middle = np.nanmedian(acceleration, axis=0)
        np.testing.assert_allclose(middle, [0, 0, 1], atol=0.2)


@pytest.mark.parametrize("full_name", EXPECTED)
def test_all_subjects_are_in_one_split_side_by_side(prepare, full_name):
    builder = prepare(full_name)
    assert list(builder.info.splits) == ["train"]
    source = builder.as_data_source("train")
    runs = []
    for subject in texts(source, "subject_id"):
        if not runs or runs[-1] != subject:
            runs.append(subject)
    assert len(runs) == len(set(runs))
    ids = texts(source, "recording_id")
    assert len(set(ids)) == len(ids)  # short recordings: one chunk each


def test_labels_are_those_of_each_source(prepare):
    def labels(full_name):
        source = prepare(full_name).as_data_source("train")
        names = source.dataset_info.features["label"].feature.names
        return names, [
            [names[code] for code in example["label"]] for example in source
        ]

    names, found = labels("pamap2/hand")
    assert found[0] == ["null"] * 5 + ["lying"] * 10 + ["null"] * 5 + (
        ["ascending_stairs"] * 10
    )
    assert names[:2] == ["lying", "sitting"] and names[-1] == "null"
    _, found = labels("opportunity/right_wrist")
    one = ["null", "stand", "walk", "sit", "lie", "null"]
    assert found[0] == np.repeat(one, 4).tolist()
    _, found = labels("hhar/watch")
    assert found[0] == ["stand"] * 7 + ["null"] * 3
    assert found[1] == ["null"] * 4 + ["walk"] * 6
    for scheme, eating in (
        ("willetts2018", "sit-stand"),
        ("walmsley2020", "sedentary"),
    ):
        _, found = labels(f"capture24/{scheme}")
        assert found[0] == ["sleep"] * 17 + [eating] * 13
        assert found[1] == [eating] * 4 + ["null"] * 16
    _, found = labels("motionsense")
    assert [set(f).pop() for f in found[:6]] == [
        "downstairs",
        "jogging",
        "sitting",
        "standing",
        "upstairs",
        "walking",
    ]
    _, found = labels("wisdm_watch")
    assert [set(f) for f in found[:3]] == [
        {"walking"},
        {"jogging"},
        {"folding"},
    ]
    names, found = labels("recording_folder")
    assert names == ["null"] and set(found[0]) == {"null"}


def test_missing_samples_stay_missing(prepare):
    first = prepare("pamap2/hand").as_data_source("train")[0]
    assert np.isnan(first["acceleration"][3]).all()
    assert np.isfinite(np.delete(first["acceleration"], 3, axis=0)).all()
    first = prepare("opportunity/right_wrist").as_data_source("train")[0]
    assert np.isnan(first["acceleration"][5]).all()
    left = prepare("opportunity/left_wrist").as_data_source("train")[0]
    assert np.isfinite(left["acceleration"]).all()


def test_start_seconds_are_exact_after_a_gap(prepare):
    source = prepare("capture24").as_data_source("train")
    starts = [float(example["start_seconds"]) for example in source]
    np.testing.assert_allclose(starts, [0, 60.3, 0, 60.3], atol=1e-6)


def test_times_of_samples_are_kept_where_the_clock_is_irregular(prepare):
    for example in prepare("wisdm_watch").as_data_source("train"):
        times = example["time_seconds"]
        assert times[0] == 0 and (np.diff(times) > 0).all()
        assert 0.048 < np.diff(times).min() < np.diff(times).max() < 0.052


def test_summary_counts_subjects_minutes_and_labels(prepare):
    summary = summarize(prepare("pamap2/hand").as_data_source("train"))
    assert summary["num_subjects"] == 2
    assert summary["num_recordings"] == summary["num_chunks"] == 3
    assert summary["num_samples"] == 80
    assert summary["minutes"] == pytest.approx(80 / 100 / 60)
    minutes = summary["minutes_of_label"]
    assert sum(minutes.values()) == pytest.approx(summary["minutes"])
    assert minutes["lying"] == pytest.approx(10 / 100 / 60)


@pytest.mark.parametrize("full_name", EXPECTED)
def test_metadata_are_complete_and_tags_known(prepare, full_name):
    builder = prepare(full_name)
    info = builder.info
    assert len(info.description) > 200
    assert info.citation.startswith(("@", "%"))
    metadata = builder.get_metadata()
    known = set(tfds.core.dataset_metadata.valid_tags())
    assert metadata.tags and set(metadata.tags) <= known
    if not full_name.startswith("recording_folder"):
        assert info.homepage.startswith("https://")
        assert "CC BY 4.0" in info.redistribution_info.license or (
            "MIT" in info.redistribution_info.license
        )


def recording(num_samples, rate=10.0, **kwargs):
    index = np.arange(num_samples, dtype=np.float32)
    return SourceRecording(
        np.stack([index, index, index], axis=1),
        labels=np.arange(num_samples) % 3,
        sample_rate_hz=rate,
        subject_id="s",
        recording_id="r",
        sensor_position="wrist",
        **kwargs,
    )


def test_long_recordings_are_cut_in_chunks_with_no_sample_lost(monkeypatch):
    monkeypatch.setattr(examples_module, "MAX_CHUNK_SECONDS", 2)
    found = list(to_examples([recording(45, start_seconds=7.0)], 0, 1))
    chunks = [example for _, example in found]
    assert [len(c["label"]) for c in chunks] == [20, 20, 5]
    assert [c["start_seconds"] for c in chunks] == [7.0, 9.0, 11.0]
    signal = np.concatenate([c["acceleration"] for c in chunks])
    np.testing.assert_array_equal(signal, recording(45).acceleration)
    labels = np.concatenate([c["label"] for c in chunks])
    np.testing.assert_array_equal(labels, recording(45).labels)


def test_times_of_a_chunk_begin_at_its_first_sample(monkeypatch):
    monkeypatch.setattr(examples_module, "MAX_CHUNK_SECONDS", 2)
    times = np.arange(25) * 0.11
    chunks = [
        example
        for _, example in to_examples([recording(25, time_seconds=times)], 0, 1)
    ]
    assert [c["start_seconds"] for c in chunks] == [0, pytest.approx(2.2)]
    together = np.concatenate(
        [c["start_seconds"] + c["time_seconds"] for c in chunks]
    )
    np.testing.assert_allclose(together, times, atol=1e-6)


def test_ten_minutes_are_the_longest_chunk():
    (_, first), (_, second) = to_examples([recording(6001)], 0, 1)
    assert len(first["label"]) == 6000 and len(second["label"]) == 1


def test_keys_rise_within_and_between_members(monkeypatch):
    monkeypatch.setattr(examples_module, "MAX_CHUNK_SECONDS", 1)
    keys = [
        key
        for member in range(7)
        for key, _ in to_examples([recording(30), recording(15)], member, 7)
    ]
    assert keys == sorted(keys) and len(set(keys)) == len(keys) == 35
    # Spread over the range, as TFDS's buckets are.
    assert keys[0] == 0 and 0.8 < keys[-1] / KEY_RANGE < 1


def test_recordings_are_split_where_the_clock_jumps():
    clock = np.array([5.0, 5.1, 5.2, 9.0, 9.1, 8.0, 8.1, 8.1])
    pieces = split_at_gaps(recording(8, time_seconds=clock), clock)
    assert [len(p.labels) for p in pieces] == [3, 2, 3]
    assert [p.recording_id for p in pieces] == ["r-0", "r-1", "r-2"]
    assert [p.start_seconds for p in pieces] == [0, 4, 3]
    np.testing.assert_allclose(pieces[1].time_seconds, [0, 0.1])
    together = np.concatenate([p.acceleration for p in pieces])
    np.testing.assert_array_equal(together, recording(8).acceleration)
    (whole,) = split_at_gaps(recording(3), clock[:3])
    assert whole.recording_id == "r" and whole.time_seconds is None
