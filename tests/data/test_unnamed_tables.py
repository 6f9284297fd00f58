"""Tables of devices without names of columns, in the format of each."""

import numpy as np
import pytest

from keras_relcon.data import load_recordings, read_recording, read_recordings

START = 1_680_686_620


def write_e4(path, counts, rate_hz=32, head=""):
    lines = [f"{float(START):.6f}"] * 3, [f"{rate_hz:.6f}"] * 3
    rows = [", ".join(line) for line in lines]
    rows += [",".join(str(value) for value in row) for row in counts]
    path.write_text(head + "\n".join(rows) + "\n")
    return path


def e4_counts(num_rows=640):
    time = np.arange(num_rows) / 32
    axes = [20 * np.sin(time), 0 * time, 61 + 2 * np.cos(9 * time)]
    return np.rint(np.stack(axes, axis=1)).astype(int)


def ax_rows(num_rows=500, rate_hz=100, kind="unix", num_others=0):
    stamps = START + np.arange(num_rows) / rate_hz
    dates = (stamps * 1000).round().astype("datetime64[ms]")
    rows = []
    for k, (stamp, date) in enumerate(zip(stamps, dates)):
        time = f"{stamp:.4f}"
        if kind == "date":
            time = str(date).replace("T", " ")
        others = "".join(f",{k % 7 - 3:.6f}" for _ in range(num_others))
        rows.append(f"{time},{k / 1000:.6f},-0.600000,0.800000{others}\n")
    return rows


@pytest.mark.parametrize("head", ["", "x,y,z\n"], ids=["bare", "named"])
def test_the_two_head_rows_of_an_e4_are_no_samples(tmp_path, head):
    counts = e4_counts()
    path = write_e4(tmp_path / "ACC.csv", counts, head=head)
    recording = read_recording(path, "s")
    assert recording.sample_rate_hz == 32
    assert recording.start_time == START
    assert recording.recording_id == "ACC"
    np.testing.assert_allclose(recording.acceleration, counts / 64, atol=1e-6)
    assert read_recordings(path, "s")[0].num_samples == len(counts)


def test_a_folder_of_device_tables(tmp_path):
    for subject in ("s1", "s2"):
        (tmp_path / subject).mkdir()
    write_e4(tmp_path / "s1" / "ACC.csv", e4_counts())
    (tmp_path / "s2" / "a.csv").write_text("".join(ax_rows()))
    first, second = load_recordings(tmp_path)
    assert (first.recording_id, first.sample_rate_hz) == ("s1/ACC", 32)
    assert second.sample_rate_hz == pytest.approx(100, rel=1e-5)


def test_an_e4_brings_its_rate_and_unit(tmp_path):
    path = write_e4(tmp_path / "ACC.csv", e4_counts())
    with pytest.raises(ValueError, match="Empatica E4 brings.*Leave these"):
        read_recording(path, "s", sample_rate_hz=32)
    with pytest.raises(ValueError, match="`unit` must be one of"):
        read_recording(path, "s", unit="m/s2")


def test_counts_of_an_e4_without_its_head_are_told(tmp_path):
    rows = [",".join(map(str, row)) for row in e4_counts()]
    path = tmp_path / "ACC.csv"
    path.write_text("x,y,z\n" + "\n".join(rows) + "\n")
    with pytest.raises(ValueError, match="Empatica E4 writes 64 for 1 g"):
        read_recording(path, "s", sample_rate_hz=32)


@pytest.mark.parametrize("kind", ["unix", "date"])
@pytest.mark.parametrize("num_others", [0, 3, 5])
def test_axivity_exports_without_a_header(tmp_path, kind, num_others):
    path = tmp_path / "a.csv"
    path.write_text("".join(ax_rows(kind=kind, num_others=num_others)))
    recording = read_recording(path, "s", labels="walk")
    assert recording.sample_rate_hz == pytest.approx(100, rel=1e-5)
    assert recording.start_time == START
    assert recording.num_samples == 500
    np.testing.assert_allclose(
        recording.acceleration[:, 0], np.arange(500) / 1000, atol=1e-4
    )
    with pytest.raises(ValueError, match="Axivity device brings.*=100"):
        read_recording(path, "s", sample_rate_hz=100)


def test_a_damaged_row_of_an_axivity_export_is_left_out(tmp_path):
    rows = ax_rows()
    rows[50] = rows[50][:20] + "\n"
    (tmp_path / "a.csv").write_text("".join(rows))
    with pytest.warns(UserWarning, match="1 rows of a.csv are not numeric"):
        recording = read_recording(tmp_path / "a.csv", "s")
    assert recording.num_samples == 500
    np.testing.assert_allclose(
        recording.acceleration[:, 0], np.arange(500) / 1000, atol=1e-4
    )


def test_an_axivity_export_with_decimal_commas(tmp_path):
    rows = "".join(ax_rows(kind="date")).replace(",", ";").replace(".", ",")
    (tmp_path / "a.csv").write_text(rows)
    recording = read_recording(tmp_path / "a.csv", "s")
    assert recording.sample_rate_hz == pytest.approx(100, rel=1e-5)
    np.testing.assert_allclose(
        recording.acceleration[:, 0], np.arange(500) / 1000, atol=1e-4
    )


@pytest.mark.parametrize("value", ["1", "{k}"])
def test_a_column_of_whole_numbers_is_no_axis(tmp_path, value):
    text = ""
    for k, row in enumerate(ax_rows()):
        time, rest = row.split(",", 1)
        text += f"{time},{value.format(k=k)},{rest}"
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match="Add a first line with the names"):
        read_recording(tmp_path / "a.csv", "s")


def test_an_axis_at_0_g_is_one_while_the_device_lies_still(tmp_path):
    rows = [f"{START + k / 50:.2f},0,0.015625,1,300\n" for k in range(500)]
    (tmp_path / "a.csv").write_text("".join(rows))
    recording = read_recording(tmp_path / "a.csv", "s")
    np.testing.assert_allclose(recording.acceleration[0], [0, 0.015625, 1])


def geneactiv_export(rate_hz=50, cut=",", decimal=".", num_columns=7):
    """As the maker's manual says: 100 lines, then the rows."""
    head = ["Device Type,GENEActiv           ", "Device Model,1.1"]
    head += ["", "Measurement Frequency,50 Hz"]
    head += ["Start Time,2023-04-05 09:23:40:000", "Resolution,0.0039"]
    head += [""] * (100 - len(head))
    stamps = START + np.arange(600) / rate_hz
    dates = (stamps * 1000).round().astype("datetime64[ms]")
    rows = []
    for k, date in enumerate(dates):
        time = str(date).replace("T", " ").replace(".", ":")
        cells = [k / 1000, -0.6, 0.8, 0, 0, 25.1, *[0] * 5][: num_columns - 1]
        cells = [f"{cell:.4f}".replace(".", decimal) for cell in cells]
        rows.append(cut.join([time, *cells]))
    return "\r\n".join([line.replace(",", cut) for line in head] + rows)


@pytest.mark.parametrize(
    "rate_hz, cut, decimal", [(50, ",", "."), (85.7, ",", "."), (50, ";", ",")]
)
def test_raw_exports_of_geneactiv(tmp_path, rate_hz, cut, decimal):
    path = tmp_path / "a.csv"
    path.write_text(geneactiv_export(rate_hz, cut, decimal))
    recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(rate_hz, rel=1e-3)
    assert recording.start_time == pytest.approx(START, abs=1e-3)
    assert recording.num_samples == 600
    expected = [[0, -0.6, 0.8]] + np.arange(600)[:, None] * [0.001, 0, 0]
    np.testing.assert_allclose(recording.acceleration, expected, atol=1e-3)
    with pytest.raises(ValueError, match="GENEActiv export brings"):
        read_recording(path, "s", sample_rate_hz=50)


def test_epochs_of_geneactiv_are_no_raw_samples(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(geneactiv_export(1 / 60, num_columns=12))
    with pytest.raises(
        ValueError, match="GENEActiv export.*12 columns.*epochs"
    ):
        read_recording(path, "s")


@pytest.mark.parametrize(
    "text",
    [
        "0.1,0.2,0.9\n" * 50,  # no times, no start
        "1,0.1,0.2,0.9\n" * 50,  # an index
        "5,5,5\n32,32,32\n1,2,3\n",  # no Unix time
    ],
)
def test_other_tables_without_names_are_still_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match="Add a first line with the names"):
        read_recording(tmp_path / "a.csv", "s")


def test_columns_that_are_named_are_read_by_their_names(tmp_path):
    rows = "".join(ax_rows())
    (tmp_path / "a.csv").write_text("time,x,y,z\n" + rows)
    recording = read_recording(tmp_path / "a.csv", "s", columns=("z", "y", "x"))
    assert recording.acceleration[0, 0] == np.float32(0.8)
