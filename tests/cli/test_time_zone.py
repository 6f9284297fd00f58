"""--time-zone: in which zone the clock of the files was set."""

import numpy as np
import pandas
import pytest

from keras_relcon import data
from keras_relcon.cli.main import main
from keras_relcon.evaluation import Embeddings

NOON = np.datetime64("2024-07-01T12:00", "ms")


def write(path, stamps):
    rows = [f"{stamp},0.0,0.6,0.8" for stamp in stamps]
    path.write_text("\n".join(["time,x,y,z", *rows]) + "\n")
    return path


@pytest.fixture
def line(tmp_path, tiny_preset):
    path = write(tmp_path / "walk.csv", NOON + 10 * np.arange(400))
    line = ["embed", str(path), "--preset", str(tiny_preset), "--quiet"]
    return [*line, "--output", str(tmp_path), "--format", "parquet"]


def test_embed_takes_a_time_zone(line, tmp_path):
    output = tmp_path / "walk.embeddings.parquet"
    assert main(line) == 0
    own = Embeddings.load(output)
    assert set(own.time_zones) == {""}
    assert main([*line, "--time-zone", "Europe/Berlin", "--overwrite"]) == 0
    found = Embeddings.load(output)
    assert set(found.time_zones) == {"Europe/Berlin"}
    np.testing.assert_array_equal(found.start_times, own.start_times - 7200)
    starts = pandas.read_parquet(output)["start"]
    assert starts[0] == "2024-07-01T12:00:00.000+02:00"


def test_what_is_no_time_zone_is_told(line, tmp_path, capsys):
    assert main([*line, "--time-zone", "Berlin/Europe"]) == 1
    said = capsys.readouterr().err
    assert "--time-zone must be the IANA name of a time zone" in said
    write(tmp_path / "walk.csv", np.arange(400) / 100)
    assert main([*line, "--time-zone", "UTC"]) == 1
    said = capsys.readouterr().err
    assert "--time-zone is for recordings with clock times" in said


def test_a_clock_change_asks_for_the_option(line, tmp_path, capsys):
    begin = np.datetime64("2024-10-27T02:59:58", "ms") + 10 * np.arange(400)
    stamps = [f"{time}+02:00" for time in begin[:200]]
    hour = np.timedelta64(1, "h")
    stamps += [f"{time}+01:00" for time in begin[200:] - hour]
    write(tmp_path / "walk.csv", stamps)
    assert main(line) == 0
    said = capsys.readouterr().err
    assert 'such as --time-zone "Europe/Berlin"' in said


def test_probe_takes_a_time_zone(tiny_preset, tmp_path, monkeypatch):
    given = {}

    def load_recordings(path, **options):
        given.update(options)
        raise ValueError("enough")

    monkeypatch.setattr(data, "load_recordings", load_recordings)
    line = ["probe", str(tmp_path), "--preset", str(tiny_preset)]
    assert main([*line, "--time-zone", "+02:00"]) == 1
    assert given["time_zone"] == "+02:00"
