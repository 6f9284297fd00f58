"""From a source's own format to windows, through the TFDS builders."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from protocol_oracles import (
    check_windows,
    half_shifted_windows,
    joined_windows,
)

tfds = pytest.importorskip(
    "tensorflow_datasets", reason="the builders need tensorflow-datasets"
)
pytest.importorskip(
    "importlib_resources", reason="TFDS needs importlib_resources"
)

from keras_relcon.data import tfds_recordings  # noqa: E402
from keras_relcon.evaluation.protocols import table3, table4  # noqa: E402
from keras_relcon.evaluation.protocols.hhar_table4 import (  # noqa: E402
    CLASSES,
    hhar_windows,
)
from keras_relcon.evaluation.protocols.opportunity_table3 import (  # noqa: E402
    opportunity_windows,
)
from keras_relcon.evaluation.protocols.pamap2 import (  # noqa: E402
    pamap2_ankle_windows,
    pamap2_wrist_windows,
)

BUILDERS = Path(__file__).resolve().parents[3] / "tfds_builders"
G = 9.80665
LENGTH = 4  # the dummy files have two dozen rows

pytestmark = pytest.mark.filterwarnings("ignore:.* are not finite")


@pytest.fixture
def recordings_of(tmp_path_factory, monkeypatch):
    import tfds_builders  # noqa: F401

    monkeypatch.setattr(table3, "WINDOW_LENGTH", LENGTH)
    monkeypatch.setattr(table4, "WINDOW_LENGTH", LENGTH)
    data_dir = tmp_path_factory.mktemp("tfds")

    def recordings_of(name):
        builder = tfds.builder(
            name, data_dir=data_dir, file_format="array_record"
        )
        folder = BUILDERS / name.split("/")[0] / "dummy_data"
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(manual_dir=folder)
        )
        return tfds_recordings(builder)

    return recordings_of


def members(builder):
    """Lines by name, sorted, of a builder's dummy archive."""
    (path,) = (BUILDERS / builder / "dummy_data").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        return {
            name: archive.read(name).decode().splitlines()
            for name in sorted(archive.namelist())
        }


def test_hhar_comes_out_of_its_csv(recordings_of):
    lines = members("hhar")["Activity recognition exp/Watch_accelerometer.csv"]
    rows_of, num_lg = {"a": [], "b": []}, 0
    # Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt
    cells = [line.split(",") for line in lines[1:]]
    for model in ("gear", "lgwatch"):
        for row in cells:
            if row[7] != model or row[9] == "null":
                continue
            num_lg += model == "lgwatch"
            if model == "gear" or num_lg % 2:
                rows_of[row[6]].append(
                    ([float(v) / G for v in row[3:6]], row[9])
                )
    expected = []
    for rows in rows_of.values():
        values, labels = map(np.array, zip(*rows))
        expected += joined_windows(values, labels, CLASSES, LENGTH)
    windows = hhar_windows(recordings_of("hhar/watch"))
    check_windows(windows, expected)
    assert set(windows.subjects) == {"a", "b"}


PAMAP2_NAMES = {
    0: "null",
    1: "lying",
    4: "walking",
    9: "watching_tv",
    12: "ascending_stairs",
}


def pamap2_files(first_column):
    """`(subject, (rows, 3) in g, labels)`, the protocol's files first."""
    found = []
    for name, lines in members("pamap2").items():
        if name.endswith(".dat"):
            table = np.array([line.split() for line in lines], float)
            rows = table[:, first_column : first_column + 3] / G
            labels = np.array([PAMAP2_NAMES[int(k)] for k in table[:, 1]])
            is_optional = "Optional" in name
            found.append((is_optional, name[-7:-4], rows, labels))
    return [entry[1:] for entry in sorted(found, key=lambda e: e[:2])]


def test_pamap2_ankle_comes_out_of_its_dat_files(recordings_of):
    order = ["lying", "walking", "ascending_stairs"]
    rows_of = {}
    for subject, rows, labels in pamap2_files(38):
        assert np.isfinite(rows).all()
        is_kept = np.isin(labels, order)
        parts = rows_of.setdefault(subject, ([], []))
        parts[0].append(rows[is_kept])
        parts[1].append(labels[is_kept])
    expected = []
    for rows, labels in rows_of.values():
        joined = np.concatenate(rows), np.concatenate(labels)
        expected += joined_windows(*joined, order, LENGTH)
    windows = pamap2_ankle_windows(recordings_of("pamap2/ankle"))
    check_windows(windows, expected)
    assert set(windows.subjects) == {"101", "102"}


def test_pamap2_wrist_comes_out_of_its_dat_files(recordings_of):
    order = list(PAMAP2_NAMES.values())
    kept = ["lying", "walking", "ascending_stairs"]
    expected, num_missing = [], 0
    for _, rows, labels in pamap2_files(4):
        is_known = np.isfinite(rows).all(axis=1)
        num_missing += (~is_known).sum()
        expected += half_shifted_windows(
            rows[is_known], labels[is_known], order, kept, LENGTH
        )
    assert num_missing == 3
    windows = pamap2_wrist_windows(recordings_of("pamap2/hand"))
    check_windows(windows, expected)


def test_opportunity_comes_out_of_its_dat_files(recordings_of):
    names = {0: "null", 1: "stand", 2: "walk", 4: "sit", 5: "lie"}
    order, expected = list(names.values()), []
    for name, lines in members("opportunity").items():
        if not name.endswith(".dat"):
            continue
        table = np.array([line.split() for line in lines], float)
        table = table[np.isfinite(table[:, 22:25]).all(axis=1)]
        rows = table[:, 22:25] / 1000
        tripled = []
        for row, after in zip(rows, [*rows[1:], None]):
            total = np.zeros(3) if after is None else row + after
            tripled += [row, total / 3, total * 2 / 3]
        labels = np.repeat([names[int(k)] for k in table[:, 243]], 3)
        expected += half_shifted_windows(
            np.array(tripled), labels, order, order[1:], LENGTH
        )
    recordings = list(recordings_of("opportunity/right_wrist"))
    windows = opportunity_windows(recordings, "released")
    check_windows(windows, expected)
    corrected = opportunity_windows(recordings)
    assert set(corrected.subjects) == {"1", "2"}
    assert corrected.sample_rate_hz == 100
    assert (
        0.8 < np.median(np.linalg.norm(corrected.acceleration, axis=-1)) < 1.2
    )
