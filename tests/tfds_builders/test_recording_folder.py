"""A folder of your own recordings: which files, and what was prepared."""

import pytest
import tensorflow_datasets as tfds

from tfds_builders.recording_folder.recording_folder_dataset_builder import (
    Builder,
    RecordingFolderConfig,
    list_files,
)

CONFIG = {"sample_rate_hz": 50, "class_names": ("walk", "sit")}


def put(folder, name):
    path = folder / "recordings" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x,y,z,label\n0,0,1,walk\n0,0,1,sit\n")


def prepare(folder, **kwargs):
    builder = Builder(
        config=RecordingFolderConfig(name="mine", **{**CONFIG, **kwargs}),
        data_dir=folder / "data",
        file_format="array_record",
    )
    settings = tfds.download.DownloadConfig(manual_dir=folder)
    builder.download_and_prepare(download_config=settings)
    return builder


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"class_names": ("sit", "walk")}, r"class_names=\['walk', 'sit'\]"),
        ({"unit": "m/s2"}, "unit='g'"),
        ({"sample_rate_hz": 100}, "sample_rate_hz=50.0"),
        ({"sensor_position": "ankle"}, "sensor_position='wrist'"),
    ],
)
def test_another_configuration_of_the_same_name_is_refused(
    tmp_path, changed, told
):
    put(tmp_path, "s1/a.csv")
    prepare(tmp_path)
    assert len(prepare(tmp_path).as_data_source("train")) == 1
    match = f"'mine' were prepared with {told}.*another `name`, or remove"
    with pytest.raises(ValueError, match=match):
        prepare(tmp_path, **changed)


def test_files_that_came_later_are_not_passed_over(tmp_path):
    put(tmp_path, "s1/a.csv")
    builder = prepare(tmp_path)
    put(tmp_path, "s2/a.csv")
    with pytest.raises(ValueError, match="files=1 of .*files=2 of 66 bytes"):
        prepare(tmp_path)
    # Without the files the prepared data are read as they are.
    builder.download_and_prepare()
    assert len(builder.as_data_source("train")) == 1


def test_endings_may_be_in_capitals(tmp_path):
    put(tmp_path, "s1/a.CSV")
    (example,) = prepare(tmp_path).as_data_source("train")
    assert example["recording_id"] == b"s1/a"


@pytest.mark.parametrize("name", ["s1/deep/b.csv", "b.csv"])
def test_files_in_other_folders_are_named(tmp_path, name):
    for each in ("s1/a.csv", "s1/.hidden/c.csv", "s1/notes.txt", name):
        put(tmp_path, each)
    with pytest.raises(ValueError, match=f"Received: recordings/{name}. Put"):
        list_files(tmp_path / "recordings")
