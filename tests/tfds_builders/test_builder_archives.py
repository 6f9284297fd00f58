"""Where builders find their source: manual_dir, a folder, or a download."""

import functools
import http.server
import io
import threading
import zipfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from etils import epath

from tfds_builders.archives import list_members, open_member
from tfds_builders.motionsense import motionsense_dataset_builder as motionsense
from tfds_builders.pamap2 import pamap2_dataset_builder as pamap2
from tfds_builders.summary import summarize

BUILDERS = Path(__file__).resolve().parents[2] / "tfds_builders"
MOTIONSENSE = BUILDERS / "motionsense/dummy_data/A_DeviceMotion_data.zip"
PAMAP2 = BUILDERS / "pamap2/dummy_data/PAMAP2_Dataset.zip"


def prepare(builder_class, data_dir, **kwargs):
    builder = builder_class(data_dir=data_dir, file_format="array_record")
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(**kwargs)
    )
    return summarize(builder.as_data_source("train"))


@pytest.fixture
def host(tmp_path):
    """A folder, and the address under which its files are downloaded."""
    folder = tmp_path / "host"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def motionsense_host(host, monkeypatch):
    folder, address = host
    (folder / "motion.zip").write_bytes(MOTIONSENSE.read_bytes())
    monkeypatch.setattr(motionsense.Builder, "URL", f"{address}/motion.zip")


def test_without_a_manual_archive_the_host_is_asked(motionsense_host, tmp_path):
    summary = prepare(motionsense.Builder, tmp_path / "data")
    assert summary["num_subjects"] == 3 and summary["num_recordings"] == 18


def test_an_unrecorded_checksum_is_refused_only_when_forced(
    motionsense_host, tmp_path
):
    with pytest.raises(ValueError, match="Missing checksums"):
        prepare(
            motionsense.Builder,
            tmp_path / "data",
            force_checksums_validation=True,
        )


def test_the_archive_inside_the_hosts_archive_is_read(
    host, monkeypatch, tmp_path
):
    folder, address = host
    with zipfile.ZipFile(folder / "pamap2+physical.zip", "w") as outer:
        outer.writestr("readme.pdf", "x")
        outer.write(PAMAP2, PAMAP2.name)
    monkeypatch.setattr(pamap2.Builder, "URL", f"{address}/pamap2+physical.zip")
    summary = prepare(pamap2.Builder, tmp_path / "data")
    assert summary["num_subjects"] == 2 and summary["num_samples"] == 80


def test_the_hosts_archive_may_lie_in_manual_dir(tmp_path):
    manual = tmp_path / "manual"
    manual.mkdir()
    with zipfile.ZipFile(manual / pamap2.Builder.ARCHIVES[-1], "w") as outer:
        outer.write(PAMAP2, PAMAP2.name)
    summary = prepare(pamap2.Builder, tmp_path / "data", manual_dir=manual)
    assert summary["num_samples"] == 80
    # `manual_dir` is the user's: nothing is written there.
    assert [p.name for p in manual.iterdir()] == [pamap2.Builder.ARCHIVES[-1]]


def test_an_unpacked_archive_may_lie_in_manual_dir(tmp_path):
    manual = tmp_path / "manual"
    with zipfile.ZipFile(MOTIONSENSE) as archive:
        archive.extractall(manual)
    unpacked = prepare(motionsense.Builder, tmp_path / "a", manual_dir=manual)
    zipped = prepare(
        motionsense.Builder, tmp_path / "b", manual_dir=MOTIONSENSE.parent
    )
    assert unpacked == zipped


def test_an_archive_without_the_members_is_refused(tmp_path):
    manual = tmp_path / "manual"
    manual.mkdir()
    with zipfile.ZipFile(manual / MOTIONSENSE.name, "w") as archive:
        archive.writestr("B_Accelerometer_data/readme.txt", "x")
    with pytest.raises(ValueError, match="must hold `<act>_<trial>/sub_<k>"):
        prepare(motionsense.Builder, tmp_path / "data", manual_dir=manual)


def test_hidden_members_are_passed_over(tmp_path):
    path = epath.Path(tmp_path) / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/x.csv", "a/._x.csv", "__MACOSX/a/x.csv", ".b/x.csv"):
            archive.writestr(name, name)
    found = list_members(path, r"\.csv$", "csv")
    assert [match.string for match in found] == ["a/x.csv"]
    with open_member(path, "a/x.csv") as file:
        assert io.BytesIO(file.read()).getvalue() == b"a/x.csv"


def test_a_checksum_on_record_has_the_form_of_tfds():
    for path in BUILDERS.glob("*/checksums.tsv"):
        for line in path.read_text().splitlines():
            url, size, checksum, _ = line.split("\t")
            assert url.startswith("https://") and size.isdigit()
            assert len(checksum) == 64
