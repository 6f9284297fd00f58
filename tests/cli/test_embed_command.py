import shutil

import numpy as np
import pytest

from keras_relcon.cli.main import main
from keras_relcon.data import read_recording
from keras_relcon.evaluation import Embeddings, embed
from keras_relcon.presets import from_preset


@pytest.fixture
def files(recordings_folder, tmp_path):
    """Two recordings of 8 s at 50 Hz, under different names."""
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    shutil.copy(recordings_folder / "s00" / "walking.csv", paths[0])
    shutil.copy(recordings_folder / "s01" / "running.csv", paths[1])
    return paths


def _run(files, preset, output, *more):
    line = ["embed", *map(str, files), "--preset", str(preset)]
    line += ["--sample-rate-hz", "50", "--output", str(output)]
    return main([*line, *map(str, more)])


@pytest.mark.every_backend
@pytest.mark.parametrize("format", ["npz", "parquet"])
def test_each_file_has_its_embeddings(
    files, tiny_preset, tmp_path, capsys, format
):
    output = tmp_path / "out"
    assert _run(files, tiny_preset, output, "--format", format) == 0
    names = sorted(path.name for path in output.iterdir())
    assert names == [f"a.embeddings.{format}", f"b.embeddings.{format}"]
    assert "a.embeddings" in capsys.readouterr().out
    found = Embeddings.load(output / names[1])
    recording = read_recording(files[1], subject="b", sample_rate_hz=50)
    expected = embed(from_preset(tiny_preset), recording)
    np.testing.assert_allclose(found.embeddings, expected.embeddings, atol=1e-5)
    assert set(found.subjects) == {"b"}
    assert len(found) == 12  # 800 samples at 100 Hz in windows of 64


def test_recordings_in_the_output_folder_are_embedded_too(
    files, tiny_preset, tmp_path, capsys
):
    (tmp_path / "day").mkdir()
    shutil.move(files[1], tmp_path / "day" / "b.csv")
    for _ in range(2):
        assert _run([tmp_path], tiny_preset, tmp_path / "day") == 0
    names = {path.name for path in (tmp_path / "day").iterdir()}
    assert names == {"b.csv", "a.embeddings.npz", "day"}
    assert "0 embedded, 2 finished before" in capsys.readouterr().out


def test_a_clock_that_steps_back_can_split(tmp_path, tiny_preset, capsys):
    path = tmp_path / "walk.csv"
    times = np.concatenate([100 + np.arange(400) / 100, np.arange(400) / 100])
    rows = [f"{t:.2f},0.0,0.6,0.8" for t in times]
    path.write_text("\n".join(["seconds,x,y,z", *rows]) + "\n")
    line = ["embed", str(path), "--preset", str(tiny_preset), "--quiet"]
    line += ["--timestamp-column", "seconds", "--output", str(tmp_path)]
    assert main(line) == 1
    said = capsys.readouterr().err
    assert "read the file with --on-clock-change split" in said
    assert main([*line, "--on-clock-change", "split"]) == 0
    found = Embeddings.load(tmp_path / "walk.embeddings.npz")
    assert set(found.recordings) == {"walk_0", "walk_1"}
    assert found.valid.all() and len(found) == 12


def test_columns_of_gravity_can_be_named_and_left_out(
    tmp_path, tiny_preset, capsys
):
    path = tmp_path / "walk.csv"
    rows = ["0.0,0.01,0.0,0.0,0.6,0.8"] * 400
    path.write_text("\n".join(["x,y,z,u,v,w", *rows]) + "\n")
    line = ["embed", str(path), "--preset", str(tiny_preset), "--quiet"]
    line += ["--sample-rate-hz", "100", "--output", str(tmp_path)]
    assert main(line) == 1
    said = capsys.readouterr().err
    assert "name those of gravity as --gravity-columns" in said
    named = ["--columns", "x", "y", "z", "--gravity-columns", "u", "v", "w"]
    assert main([*line, *named]) == 0
    left_out = ["--no-gravity-columns", "--without-gravity", "--overwrite"]
    assert main([*line, *left_out]) == 0


def test_calibration_is_asked_for(files, tiny_preset, tmp_path, capsys):
    assert _run(files[:1], tiny_preset, tmp_path) == 0
    assert "Calibration" not in capsys.readouterr().err
    more = ["--calibrate", "--overwrite"]
    assert _run(files[:1], tiny_preset, tmp_path, *more) == 0
    assert "read it without --calibrate" in capsys.readouterr().err


def test_options_reach_the_reader(files, tiny_preset, tmp_path):
    table = np.loadtxt(files[0], delimiter=",", skiprows=1, usecols=(0, 1, 2))
    table = np.column_stack([np.arange(len(table)) * 20, 9.80665 * table])
    path = tmp_path / "c.csv"
    np.savetxt(path, table, delimiter=",", header="ms,u,v,w", comments="")
    line = ["embed", str(path), "--preset", str(tiny_preset)]
    line += ["--output", str(tmp_path), "--unit", "m/s2", "--subject", "s9"]
    line += ["--columns", "u", "v", "w", "--timestamp-column", "ms"]
    line += ["--timestamp-unit", "ms", "--stride", "32"]
    assert main(line) == 0
    found = Embeddings.load(tmp_path / "c.embeddings.npz")
    assert _run(files[:1], tiny_preset, tmp_path) == 0
    same = Embeddings.load(tmp_path / "a.embeddings.npz")
    assert set(found.subjects) == {"s9"}
    # the last grid point of timestamps is the last sample; the first windows
    # see neither end
    np.testing.assert_allclose(
        found.embeddings[:16:2], same.embeddings[:8], atol=1e-3
    )


def test_a_tab_is_written_as_one_types_it(files, tiny_preset, tmp_path):
    text = files[0].read_text()
    tabs, commas = tmp_path / "tabs.csv", tmp_path / "commas.csv"
    tabs.write_text(text.replace(",", "\t"))
    commas.write_text(text)
    option = ("--delimiter", r"\t")
    assert _run([tabs], tiny_preset, tmp_path, *option) == 0
    assert _run([commas], tiny_preset, tmp_path, *option) == 1


def test_a_signal_without_gravity_needs_a_word(tiny_preset, tmp_path, capsys):
    quiet = np.random.default_rng(0).normal(0, 0.002, (1000, 3))
    path = tmp_path / "a.csv"
    np.savetxt(path, quiet, delimiter=",", header="x,y,z", comments="")
    assert _run([path], tiny_preset, tmp_path) == 1
    assert "must measure gravity" in capsys.readouterr().err
    assert _run([path], tiny_preset, tmp_path, "--without-gravity") == 0
    assert Embeddings.load(tmp_path / "a.embeddings.npz").valid.all()


def test_every_cell_and_row_can_be_read(files, tiny_preset, tmp_path, capsys):
    """What the errors advise can be done with the command's options."""
    header, *rows = files[0].read_text().splitlines()
    rows = [f"{k / 50},{row.rsplit(',', 1)[0]}" for k, row in enumerate(rows)]
    rows[7], rows[8] = rows[8], rows[7]
    text = "\n".join(["time,x (m/s2),y (m/s2),z (m/s2)", *rows])
    path = tmp_path / "c.csv"
    path.write_text(text.replace(",", "|"))
    line = ["embed", str(path), "--preset", str(tiny_preset)]
    line += ["--output", str(tmp_path)]
    for advice, options in (
        ("Pass the --delimiter between", ["--delimiter", "|"]),
        ("rename them or pass --no-unit-check.", ["--no-unit-check"]),
        ("read the file with --sort-timestamps.", ["--sort-timestamps"]),
    ):
        assert main(line) == 1
        assert advice in capsys.readouterr().err
        line += options
    assert main(line) == 0
    assert _run(files[:1], tiny_preset, tmp_path) == 0
    found, expected = (
        Embeddings.load(tmp_path / f"{name}.embeddings.npz") for name in "ca"
    )
    np.testing.assert_allclose(
        found.embeddings[:8], expected.embeddings[:8], atol=1e-3
    )


def test_a_rate_that_the_times_contradict_is_told(
    files, tiny_preset, tmp_path, capsys
):
    header, *rows = files[0].read_text().splitlines()
    rows = [f"{k / 100},{row}" for k, row in enumerate(rows)]
    files[0].write_text("\n".join([f"time,{header}", *rows]))
    assert _run(files[:1], tiny_preset, tmp_path / "a") == 0
    told = capsys.readouterr().err
    assert "warning: a.csv: --sample-rate-hz is 50, while" in told
    assert "or pass --no-timestamps if it is right" in told
    options = (files[:1], tiny_preset, tmp_path / "b", "--no-timestamps")
    assert _run(*options) == 0
    assert not capsys.readouterr().err


def test_a_bad_file_stops_no_other(files, tiny_preset, tmp_path, capsys):
    files[0].write_text("x,y,z\n1,2\n")
    absent = tmp_path / "absent.csv"
    assert _run([*files, absent], tiny_preset, tmp_path / "out") == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("keras-relcon: error: ") for line in lines)
    assert "a.csv" in lines[0] and "absent.csv" in lines[1]
    names = [path.name for path in (tmp_path / "out").iterdir()]
    assert names == ["b.embeddings.npz"]


def test_warnings_are_one_line(files, tiny_preset, tmp_path, capsys):
    rows = files[0].read_text().splitlines()
    rows[10] = "nan,nan,nan,walking"
    files[0].write_text("\n".join(rows))
    assert _run(files[:1], tiny_preset, tmp_path) == 0
    lines = capsys.readouterr().err.splitlines()
    warnings = [line for line in lines if "not finite" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("keras-relcon: warning: 1 of 400 samples")


def test_nothing_is_overwritten_unasked(files, tiny_preset, tmp_path, capsys):
    assert _run(files[:1], tiny_preset, tmp_path) == 0
    assert _run(files[:1], tiny_preset, tmp_path) == 1
    assert "exists already" in capsys.readouterr().err
    assert _run(files[:1], tiny_preset, tmp_path, "--overwrite") == 0


def test_two_files_of_one_name_are_refused(
    recordings_folder, tiny_preset, tmp_path, capsys
):
    twins = [recordings_folder / s / "walking.csv" for s in ("s00", "s01")]
    assert _run(twins, tiny_preset, tmp_path / "out") == 1
    assert "must have different names" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_wrong_unit_is_a_mistake(files, tiny_preset, tmp_path, capsys):
    line = [files[:1], tiny_preset, tmp_path, "--unit", "m/s2"]
    assert _run(*line) == 1
    text = capsys.readouterr().err
    assert "unit='m/s2'" in text and "Pass --unit g, or" in text


def test_what_is_missing_is_told_as_options(
    files, tiny_preset, tmp_path, capsys
):
    line = ["embed", str(files[0]), "--preset", str(tiny_preset)]
    line += ["--output", str(tmp_path)]
    assert main(line) == 1
    text = capsys.readouterr().err
    assert "Either --sample-rate-hz or --timestamp-column must be" in text
    files[0].write_text("u,v,w\n" + "0.1,0.2,0.9\n" * 400)
    assert main([*line, "--sample-rate-hz", "50"]) == 1
    assert "Pass the three names as --columns." in capsys.readouterr().err
