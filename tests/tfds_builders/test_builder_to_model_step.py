"""Every builder, from a small archive of its source to a step of the model.

`test_builder_real_archives.py` does the same with the whole archives.
"""

import shutil
import zipfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

import tfds_builders  # noqa: F401

REAL_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DUMMY = [
    "motionsense",
    "wisdm_watch",
    "pamap2/hand",
    "pamap2/ankle",
    "pamap2/chest",
    "opportunity/right_wrist",
    "opportunity/left_wrist",
    "opportunity/back",
    "hhar/watch",
    "hhar/phone",
    "capture24/willetts2018",
    "capture24/walmsley2020",
    "recording_folder/wrist_100hz",
]


@pytest.mark.filterwarnings("ignore:.* are not finite")
@pytest.mark.parametrize("full_name", DUMMY)
def test_a_generated_source_gets_to_a_step(prepare, train_one_step, full_name):
    # The files hold a fraction of a second: on a fast grid that is enough.
    train_one_step(prepare(full_name), 400, 8)


def test_every_builder_is_tried():
    tried = {name.split("/")[0] for name in DUMMY}
    assert tried == set(tfds_builders.NAMES)


def some_members(name, folder, wanted):
    """Copies some members of a real archive to one of the same name."""
    source = REAL_DATA / name
    if not source.exists():
        pytest.skip(f"{name} is not on this machine")
    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(folder / name, "w") as new,
    ):
        for member in filter(wanted, old.namelist()):
            with old.open(member) as read, new.open(member, "w") as write:
                shutil.copyfileobj(read, write)


def prepare_real(name, tmp_path):
    builder = tfds.builder(
        name, data_dir=tmp_path / "data", file_format="array_record"
    )
    config = tfds.download.DownloadConfig(manual_dir=tmp_path)
    builder.download_and_prepare(download_config=config)
    return builder


def test_two_subjects_of_motionsense_get_to_a_step(tmp_path, train_one_step):
    some_members(
        "A_DeviceMotion_data.zip",
        tmp_path,
        lambda name: name.endswith(("sub_1.csv", "sub_2.csv")),
    )
    builder = prepare_real("motionsense", tmp_path)
    assert builder.info.splits["train"].num_examples == 30
    train_one_step(builder, 50, 128)


def test_two_subjects_of_wisdm_get_to_a_step(tmp_path, train_one_step):
    files = "activity_key.txt", "1600_accel_watch.txt", "1601_accel_watch.txt"
    some_members(
        "wisdm-dataset.zip", tmp_path, lambda name: name.endswith(files)
    )
    builder = prepare_real("wisdm_watch", tmp_path)
    assert builder.info.splits["train"].num_examples >= 36
    train_one_step(builder, 20, 51)
