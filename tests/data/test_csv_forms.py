"""Forms of .csv files that devices, apps and spreadsheets write."""

import bz2
import gzip
import os
import re
import warnings

import numpy as np
import pytest
from whole_tables import read_table

from keras_relcon.data import read_recording
from keras_relcon.data.readers import csv_blocks, csv_layout
from keras_relcon.data.readers.actigraph_export import moments

START = 1_340_791_200  # 2012-06-27 10:00:00
NUM = 300
PREAMBLE = """\
------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware \
v2.5.0 date format {form} at 30 Hz  Filter Normal -----------
Serial Number: NEO1F09120034
Start Time 10:00:00
Start Date {date}
Epoch Period (hh:mm:ss) {epoch}
Download Time 16:25:52
Download Date {date}
Current Memory Address: 0
Current Battery Voltage: 4.22     Mode = 12
--------------------------------------------------
"""


def axes(num_rows=NUM):
    time = np.arange(num_rows) / 30
    return np.round(
        np.stack([0.3 * np.sin(9 * time), 0.6 + 0 * time, 0.8 + 0 * time], 1), 3
    )


def actigraph(form, date, names="", time=None, decimal=".", cut=",", **facts):
    """The lines that ActiLife writes; `time` makes the cell of a row."""
    lines = PREAMBLE.format(
        form=form, date=date, epoch=facts.get("epoch", "00:00:00")
    )
    lines += names
    for k, row in enumerate(axes()):
        cells = [f"{value:.3f}".replace(".", decimal) for value in row]
        lines += cut.join([time(k), *cells] if time else cells) + "\n"
    return lines


def clock(k, point="."):
    milliseconds = round(k * 1000 / 30)
    return f"10:00:{milliseconds // 1000:02d}{point}{milliseconds % 1000:03d}"


NAMES = "Accelerometer X,Accelerometer Y,Accelerometer Z\n"
EXPORTS = {
    "without times": actigraph("dd/MM/yyyy", "27/06/2012", NAMES),
    "without names": actigraph("M/d/yyyy", "6/27/2012"),
    "day first": actigraph(
        "dd/MM/yyyy",
        "27/06/2012",
        "Timestamp," + NAMES,
        lambda k: f"27/06/2012 {clock(k)}",
    ),
    "month first": actigraph(
        "M/d/yyyy",
        "6/27/2012",
        "Timestamp," + NAMES,
        lambda k: f"6/27/2012 {clock(k)}",
    ),
    "half days": actigraph(
        "M/d/yyyy",
        "6/27/2012",
        "Timestamp," + NAMES,
        lambda k: f"6/27/2012 {clock(k)} AM",
    ),
    "decimal commas without names": actigraph(
        "dd.MM.yyyy", "27.06.2012", decimal=",", cut=";"
    ),
    "decimal commas": actigraph(
        "dd.MM.yyyy",
        "27.06.2012",
        "Timestamp;" + NAMES.replace(",", ";"),
        lambda k: f"27.06.2012 {clock(k, ',')}",
        decimal=",",
        cut=";",
    ),
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_raw_exports_of_actigraph(tmp_path, kind):
    path = tmp_path / "a.csv"
    path.write_text(EXPORTS[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(30, rel=1e-4)
    assert recording.start_time == START
    assert recording.num_samples == NUM
    # Times in whole milliseconds: a third of one at 9 rad/s.
    np.testing.assert_allclose(recording.acceleration, axes(), atol=2e-3)


@pytest.mark.parametrize(
    "old, new",
    [
        ("date format ", "date format   "),
        ("\n", ",,\n"),
        ("\n", ";;\n"),
    ],
)
def test_lines_above_an_actigraph_export_in_other_forms(tmp_path, old, new):
    lines = actigraph("dd.MM.yyyy", "27.06.2012").splitlines(keepends=True)
    lines[:10] = [line.replace(old, new) for line in lines[:10]]
    (tmp_path / "a.csv").write_text("".join(lines))
    recording = read_recording(tmp_path / "a.csv", "s")
    assert (recording.start_time, recording.sample_rate_hz) == (START, 30)
    np.testing.assert_allclose(recording.acceleration, axes(), atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*that repeat", "ignore:.*not finite")
@pytest.mark.parametrize("cell, cut", [("{}", ";"), ('"{}"', ",")])
def test_the_decimal_comma_may_come_after_many_zeros(tmp_path, cell, cut):
    lines = PREAMBLE.format(form="d/M/yyyy", date="27/6/2012", epoch="00:00:00")
    lines += cut.join("000") + "\n"
    for row in [[0, 0, 0]] * 199 + axes().tolist():
        cells = [f"{value:g}".replace(".", ",") for value in row]
        cells = [cell.format(c) if "," in c else c for c in cells]
        lines += cut.join(cells) + "\n"
    (tmp_path / "a.csv").write_text(lines)
    recording = read_recording(tmp_path / "a.csv", "s")
    assert recording.num_samples == 200 + NUM
    assert np.isnan(recording.acceleration[:200]).all()
    np.testing.assert_allclose(recording.acceleration[200:], axes(), atol=1e-6)


def test_a_point_goes_before_a_comma_of_the_same_rows(tmp_path):
    rows = "".join(f"{k / 30:.4f};0,5;0.6;0.8\n" for k in range(NUM))
    (tmp_path / "a.csv").write_text("time;note;y;z\n" + rows)
    assert csv_layout.read_layout(tmp_path / "a.csv").decimal == "."


def test_a_bad_line_of_an_actigraph_export_keeps_its_place(tmp_path):
    lines = EXPORTS["without times"].splitlines(keepends=True)
    lines[11 + 50] = "0.1\n"
    path = tmp_path / "a.csv"
    path.write_text("".join(lines))
    with pytest.warns(UserWarning, match="line 62 has 1 cells of 3"):
        recording = read_recording(path, "s")
    assert np.isnan(recording.acceleration[50]).all()
    np.testing.assert_array_equal(
        recording.acceleration[51:], axes()[51:].astype("float32")
    )


@pytest.mark.parametrize(
    "names, told",
    [
        ("Axis1,Axis2,Axis3\n", "look like the axes.*Axis1"),
        (NAMES, "`timestamp_column` must be given"),
    ],
)
def test_epochs_of_actigraph_are_no_raw_samples(tmp_path, names, told):
    path = tmp_path / "a.csv"
    text = actigraph("M/d/yyyy", "6/27/2012", names, epoch="00:00:10")
    path.write_text(text)
    with pytest.raises(ValueError, match=told):
        read_recording(path, "s")


def test_half_days_of_actigraph():
    dates = [
        "1/2/2024 12:00:00 AM",
        "1/2/2024 1:00:00 pm",
        "1/2/2024 12:30:00 PM",
    ]
    hours = (moments(np.array(dates), "M/d/yyyy") - 1_704_153_600) / 3600
    assert hours.tolist() == [0, 13, 12.5]


def test_a_time_of_another_form_than_the_first_line_says(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(EXPORTS["day first"].replace("27/06/2012 10:00:01", "?"))
    with pytest.raises(ValueError, match="form dd/MM/yyyy.*Received: '\\?"):
        read_recording(path, "s")


def rows(delimiter=",", decimal="."):
    lines = []
    for k, row in enumerate(axes()):
        cells = [
            f"{value:.3f}".replace(".", decimal) for value in [k / 30, *row]
        ]
        lines.append(delimiter.join(cells) + "\n")
    return lines


def check(recording):
    assert recording.sample_rate_hz == pytest.approx(30, rel=1e-3)
    assert recording.num_samples == NUM
    np.testing.assert_allclose(recording.acceleration, axes(), atol=3e-3)


SHIMMER = "sep=\t\nTimestamp\tAccel_X\tAccel_Y\tAccel_Z\ns\tg\tg\tg\n"
FORMS = {
    "sep and units": (SHIMMER + "".join(rows("\t")), {}),
    "two lines of units": (
        SHIMMER + "UTC\tCAL\tCAL\tCAL\n" + "".join(rows("\t")),
        {},
    ),
    "a comma in a note": (
        "time,x,y,z,note\n"
        + "".join(f'{row.strip()},"1,5"\n' for row in rows()),
        {},
    ),
    "rows without a value": (
        "time,x,y,z\n" + ",,,\n" + "".join(rows()) + ",,,\n",
        {},
    ),
    "sep in quotes": ('"sep=;"\ntime;x;y;z\n' + "".join(rows(";")), {}),
    "commas and ;": (
        "time;x;y;z\n" + "".join(rows(";", ",")),
        {"delimiter": ";"},
    ),
    "; is seen": ("time;x;y;z\n" + "".join(rows(";", ",")), {}),
    "tabs are seen": ("time\tx\ty\tz\n" + "".join(rows("\t", ",")), {}),
    "| is given": (
        "time|x|y|z\n" + "".join(rows("|")),
        {"delimiter": "|"},
    ),
    "commas in quotes": (
        "time,x,y,z\n"
        + "".join(
            ",".join(f'"{cell}"' for cell in row.strip().split(";")) + "\n"
            for row in rows(";", ",")
        ),
        {},
    ),
    "delimiter at the end": (
        "time,x,y,z\n" + "".join(row[:-1] + ",\n" for row in rows()),
        {},
    ),
    "carriage returns": ("time,x,y,z\r" + "".join(rows()), {}),
    "blank lines": ("\n\ntime,x,y,z\n" + "\n".join(rows()), {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(tmp_path, form):
    text, options = FORMS[form]
    if form == "carriage returns":
        text = text.replace("\n", "\r")
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(read_recording(path, "s", **options))


@pytest.mark.parametrize("size", [1 << 22, 500])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_encodings(tmp_path, monkeypatch, encoding, size):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", size)
    path = tmp_path / "a.csv"
    path.write_text("time,x,y,z\n" + "".join(rows()), encoding=encoding)
    check(read_recording(path, "s"))


@pytest.mark.parametrize("ending", ["gz", "bz2", "zst"])
def test_compressed_files(tmp_path, ending):
    content = ("time,x,y,z\n" + "".join(rows())).encode()
    path = tmp_path / f"walk.csv.{ending}"
    if ending == "zst":
        import pyarrow

        with pyarrow.output_stream(str(path), compression="zstd") as stream:
            stream.write(content)
    else:
        compress = {"gz": gzip, "bz2": bz2}[ending].compress
        path.write_bytes(compress(content))
    recording = read_recording(path, "s")
    check(recording)
    assert recording.recording_id == "walk"


HARM = {
    "a stray quote": (lambda row: '"' + row, "a quote that is not closed"),
    "a stray quote behind": (
        lambda row: row[:-1] + '"\n',
        "a quote that is not closed",
    ),
    "too few cells": (lambda row: row[:9] + "\n", r"has \d cells of 4"),
    "too many cells": (lambda row: "7," + row, "has 5 cells, not 4"),
    "text": (lambda row: "error" + row, "holds .*error"),
}


@pytest.mark.parametrize("size", [1 << 22, 800])
@pytest.mark.parametrize("is_timed", [True, False])
@pytest.mark.parametrize("harm", HARM)
def test_bad_lines_are_named_and_shift_nothing(
    tmp_path, monkeypatch, harm, is_timed, size
):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", size)
    monkeypatch.setattr(csv_blocks, "FEW_LINES", 8)
    spoil, match = HARM[harm]
    lines = ["time,x,y,z\n", *rows()]
    is_bad = np.zeros(NUM, bool)
    is_bad[[20, 23, 150]] = True
    for row in np.flatnonzero(is_bad):
        lines[1 + row] = spoil(lines[1 + row])
    path = tmp_path / "a.csv"
    path.write_text("".join(lines))
    with pytest.warns(UserWarning, match="3 rows of a.csv") as caught:
        table = read_table(path, ["time", "x", "y", "z"], is_timed=is_timed)
    (text,) = [str(warning.message) for warning in caught]
    for line in (22, 25, 152):
        assert f"line {line} " in text
    assert re.search(match, text)
    expected = np.where(is_bad, np.nan, axes()[:, 0])
    if is_timed:
        expected = expected[~is_bad]
    np.testing.assert_array_equal(table["x"], expected)


@pytest.mark.parametrize("size", [1 << 22, 300])
def test_a_cell_in_quotes_may_hold_line_breaks(tmp_path, monkeypatch, size):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", size)
    monkeypatch.setattr(csv_blocks, "FEW_LINES", 8)
    lines = [f'{row.strip()},"a note\nof three\n""lines"""\n' for row in rows()]
    path = tmp_path / "a.csv"
    path.write_text("time,x,y,z,note\n" + "".join(lines))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = read_table(path, ["x"], ["note"])
    np.testing.assert_array_equal(table["x"], axes()[:, 0])
    assert set(table["note"]) == {'a note\nof three\n"lines"'}


def test_blocks_have_no_seams(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("time,x,y,z\n" + "".join(rows()))
    whole = read_table(path, ["time", "x"], ["y"])
    for size in (40, 333, 2000):
        monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", size)
        cut = read_table(path, ["time", "x"], ["y"])
        for name, values in whole.items():
            np.testing.assert_array_equal(cut[name], values)


MISSING_ROWS = ["nan,nan,nan", "NA,NA,NA", "null,null,null", "None,-,?"]


@pytest.mark.parametrize("row", MISSING_ROWS)
def test_missing_samples_at_the_start_are_no_units(tmp_path, row):
    path = tmp_path / "a.csv"
    body = "\n".join(",".join(map(str, values)) for values in axes())
    path.write_text(f"x,y,z\n{row}\n{row}\n{body}\n")
    with pytest.warns(UserWarning):
        recording = read_recording(path, "s", 30)
    assert recording.num_samples == NUM + 2
    is_missing = np.isnan(recording.acceleration).all(axis=1)
    assert np.flatnonzero(is_missing).tolist() == [0, 1]


def test_a_label_beside_missing_samples_is_no_unit(tmp_path):
    path = tmp_path / "a.csv"
    body = [",".join(map(str, [*values, "sit"])) for values in axes()]
    path.write_text("\n".join(["x,y,z,label", ",,,walk", *body]))
    with pytest.warns(UserWarning, match="not finite"):
        recording = read_recording(path, "s", 30)
    assert recording.num_samples == NUM + 1
    assert list(recording.labels[:2]) == ["walk", "sit"]


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_missing_sample_at_the_start_is_not_asked_for_its_counts(
    tmp_path, value
):
    path = tmp_path / "a.csv"
    lines = [",".join(map(str, values)) for values in axes()]
    lines[2] = f"{value},0.6,0.8"
    path.write_text("x,y,z\n" + "\n".join(lines))
    with pytest.warns(UserWarning, match="1 of 300 samples"):
        recording = read_recording(path, "s", 30)
    assert recording.num_samples == NUM


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_long_files_in_utf_16(tmp_path, monkeypatch, encoding):
    monkeypatch.setattr(csv_layout, "HEAD_BYTES", 1000)
    path = tmp_path / "a.csv"
    text = "time,x,y,z\r\n" + "".join(rows()).replace("\n", "\r\n")
    path.write_bytes(text.encode(encoding))
    check(read_recording(path, "s"))


@pytest.mark.parametrize("is_date", [True, False])
def test_a_byte_order_mark_above_a_bad_row(tmp_path, is_date):
    lines = [
        f"2024-05-01 12:00:{k / 30:06.3f},{row}"
        if is_date
        else f"{1_714_564_800 + k / 30:.3f},{row}"
        for k, row in enumerate(",".join(map(str, v)) for v in axes())
    ]
    path = tmp_path / "a.csv"
    content = "\n".join([*lines[:5], "junk", *lines[5:]])
    path.write_text(content, encoding="utf-8-sig")
    with pytest.warns(UserWarning, match="1 rows of a.csv.*line 6"):
        recording = read_recording(path, "s")
    assert recording.start_time == 1_714_564_800
    check(recording)


@pytest.mark.parametrize("junk", ["9" * 200_000, "0.1,0.2\r0.3,0.4"])
def test_a_line_that_is_no_row_is_one_bad_row(tmp_path, junk):
    lines = rows()
    path = tmp_path / "a.csv"
    content = ["time,x,y,z\n", *lines[:50], f"{junk}\n", *lines[50:]]
    path.write_text("".join(content), newline="")
    with pytest.warns(UserWarning, match="1 rows of a.csv.*line 52 is no row"):
        check(read_recording(path, "s"))


def test_rows_without_a_cell_for_each_name_are_said_to_be(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time,x,y,z,note\n" + "".join(rows()))
    expected = "line 2 has 4 cells of 5.*each row must have a cell for each"
    with pytest.raises(ValueError, match=expected):
        read_recording(path, "s")


def test_an_empty_date_is_a_missing_time(tmp_path):
    lines = [
        f"2024-05-01T12:00:{k / 30:06.3f},{row}"
        for k, row in enumerate(",".join(map(str, v)) for v in axes())
    ]
    lines[9] = lines[9][23:]
    path = tmp_path / "a.csv"
    path.write_text("time,x,y,z\n" + "\n".join(lines))
    with pytest.raises(ValueError, match="or leave these rows out with `sort_"):
        read_recording(path, "s")
    with pytest.warns(UserWarning, match="1 rows with a repeated or missing"):
        recording = read_recording(path, "s", sort_timestamps=True)
    assert recording.num_samples == pytest.approx(NUM, abs=1)
    assert np.isfinite(recording.acceleration).all()


def test_years_of_two_digits_are_of_this_century():
    (second,) = moments(np.array(["27/06/12 10:00:00"]), "dd/MM/yy")
    assert second == START


def test_an_upper_case_ending(tmp_path):
    content = ("TIME,X,Y,Z\n" + "".join(rows())).encode()
    path = tmp_path / "UP.CSV.GZ"
    path.write_bytes(gzip.compress(content))
    check(read_recording(path, "s"))


def test_blank_lines_behind_the_separator(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sep=;\n\ntime;x;y;z\n" + "".join(rows(";")))
    check(read_recording(path, "s"))


def test_a_delimiter_of_two_characters_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time;;x;;y;;z\n" + "".join(rows(";;")))
    with pytest.raises(ValueError, match="`delimiter` must be one character"):
        read_recording(path, "s", delimiter=";;")


def test_a_name_that_is_not_utf8_is_to_be_changed(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.csv")
    with open(path, "w") as file:
        file.write("x,y,z\n0,0,1\n")
    with pytest.raises(ValueError, match="name of a file.*Rename the file"):
        read_recording(path, subject="s", sample_rate_hz=50)
