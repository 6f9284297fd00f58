"""Builds from the real archives, where they are on this machine."""

import zipfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from etils import epath

import tfds_builders  # noqa: F401
from tfds_builders.archives import list_members, open_member
from tfds_builders.motionsense import parse as motionsense
from tfds_builders.summary import summarize
from tfds_builders.wisdm_watch import parse as wisdm

REAL_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def real(name):
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not on this machine")
    return epath.Path(path)


def prepare(name, data_dir):
    builder = tfds.builder(name, data_dir=data_dir, file_format="array_record")
    config = tfds.download.DownloadConfig(manual_dir=REAL_DATA)
    builder.download_and_prepare(download_config=config)
    return builder, summarize(builder.as_data_source("train"))


def test_motionsense_has_360_files_of_24_subjects():
    archive = real("A_DeviceMotion_data.zip")
    matches = list_members(archive, motionsense.MEMBER, motionsense.LAYOUT)
    assert len(matches) == 360
    assert {int(m[4]) for m in matches} == set(range(1, 25))
    with open_member(archive, matches[0].string) as file:
        recording = motionsense.parse_device_motion(file, matches[0])
    assert len(recording.labels) > 1000


def test_wisdm_has_46_subjects_and_2518_minutes():
    archive = real("wisdm-dataset.zip")
    matches = list_members(archive, wisdm.MEMBER, wisdm.LAYOUT)
    assert len(matches) == 46
    with zipfile.ZipFile(archive) as opened:
        contents = [opened.read(match.string) for match in matches[:2]]
    num_rows = [content.count(b"\n") for content in contents]
    key = list_members(archive, wisdm.ACTIVITY_KEY, wisdm.LAYOUT)[0].string
    with open_member(archive, key) as file:
        name_of_letter = wisdm.parse_activity_key(file.read())
    assert sorted(name_of_letter.values()) == sorted(wisdm.CLASS_NAMES)
    # No row of the source is lost.
    for content, match, expected in zip(contents, matches, num_rows):
        recordings = wisdm.parse_watch(content, match[1], name_of_letter)
        assert sum(len(r.labels) for r in recordings) == expected
    with zipfile.ZipFile(archive) as opened:
        num_rows = sum(opened.read(m.string).count(b"\n") for m in matches)
    assert num_rows / wisdm.SAMPLE_RATE_HZ / 60 == pytest.approx(2518, abs=1)


@pytest.mark.slow
def test_motionsense_builds(tmp_path, train_one_step):
    real("A_DeviceMotion_data.zip")
    builder, summary = prepare("motionsense", tmp_path)
    assert summary["num_subjects"] == 24
    assert summary["num_recordings"] == 360
    assert summary["minutes"] == pytest.approx(471, abs=1)
    minutes = summary["minutes_of_label"]
    assert minutes["walking"] == pytest.approx(114.8, abs=0.1)
    assert minutes["downstairs"] == pytest.approx(44.0, abs=0.1)
    train_one_step(builder, 50, 128)


@pytest.mark.slow
def test_wisdm_watch_builds(tmp_path, train_one_step):
    real("wisdm-dataset.zip")
    builder, summary = prepare("wisdm_watch", tmp_path)
    assert summary["num_subjects"] == 46
    assert summary["minutes"] == pytest.approx(2518, abs=1)
    minutes = summary["minutes_of_label"]
    assert len(minutes) == 18 and min(minutes.values()) > 130
    train_one_step(builder, 20, 51)
