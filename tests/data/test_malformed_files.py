"""Malformed files, each made here: a clear error, and no store is left."""

import functools
import gzip
import io
import zipfile

import h5py
import numpy as np
import pyarrow
import pytest
from device_format import (
    gt3x_parameters,
    gt3x_record,
    write_cwa,
    write_geneactiv,
    write_gt3x,
    write_gt3x_log,
)
from pyarrow import parquet
from test_archives import (
    motionsense_csv,
    steps,
    wisdm_rows,
    write_zip,
)

from keras_relcon.data import (
    Recording,
    WindowStore,
    load_recordings,
    read_recording,
    read_recordings,
)

NUM = 400
WALK = "A_DeviceMotion_data/wlk_7/sub_2.csv"
ACTIVITIES = {"activity_key.txt": "walking = A\n"}
WATCH = "raw/watch/accel/data_7_accel_watch.txt"
CASES = {}


def malformed(name, match, **options):
    """Registers a function that writes the file of this name."""

    def register(write):
        assert write.__name__ not in CASES
        CASES[write.__name__] = (write, name, match, options)
        return write

    return register


def still(num_samples=NUM):
    return np.tile([0.0, 0.6, 0.8], (num_samples, 1))


def table(header="x,y,z", row="0.0,0.6,0.8", num_rows=NUM):
    return header + "\n" + f"{row}\n" * num_rows


def timed(times):
    rows = "".join(f"{time},0.0,0.6,0.8\n" for time in times)
    return "time,x,y,z\n" + rows


def cut(path, share=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(content)


@malformed("a.csv", "must have a header and rows.*empty")
def csv_of_no_bytes(path):
    path.write_bytes(b"")


@malformed("a.csv", "rows of numbers.*with none")
def csv_of_a_header_only(path):
    path.write_text("x,y,z\n")


@malformed("a.csv", "Add a first line with the names")
def csv_without_a_header(path):
    path.write_text(table("0.1,0.6,0.8"))


@malformed("a.csv", "Pass the `delimiter`")
def csv_of_another_delimiter(path):
    path.write_text(table("x|y|z", "0.0|0.6|0.8"))


@malformed("a.csv", "text in UTF-8.*Save it again")
def csv_in_latin_1(path):
    path.write_text(table("x,y,z,Größe", "0,0.6,0.8,1"), encoding="latin-1")


@malformed("a.csv.gz", "complete file.*cannot be read.*Copy")
def csv_whose_compressed_bytes_are_cut_short(path):
    path.write_bytes(gzip.compress(table().encode()))
    cut(path)


@malformed("a.csv", r"look like the axes.*\['x', 'y'\]")
def csv_without_a_z_axis(path):
    path.write_text(table("x,y", "0.0,1.0"))


@malformed("a.csv", "'x' must be in the file once.*Rename one")
def csv_with_a_column_twice(path):
    path.write_text(table("x,y,z,x", "0.0,0.6,0.8,1"))


@malformed(
    "a.csv", "Most rows must hold numbers.*400 of 400.*'0,6'", delimiter=";"
)
def csv_with_decimal_commas_and_points(path):
    path.write_text(table("x;y;z", "0.1;0,6;0,8"))


@malformed("a.csv", "Most rows must hold numbers.*400 of 400.*'0', '6'")
def csv_with_decimal_commas_between_commas(path):
    path.write_text(table("x,y,z", "0,1,0,6,0,8"))


@malformed("a.csv", "Most rows must hold numbers.*the first is .'0.0'")
def csv_with_short_rows(path):
    path.write_text(table(row="0.0,0.6"))


@malformed("a.csv", "must be the unit of the data.*unit='g'.*9.81.*m/s2")
def csv_in_another_unit(path):
    path.write_text(table(row="0.0,0.0,9.81"))


@malformed("a.csv", "finite on all axes.*none of 400")
def csv_of_an_axis_without_values(path):
    path.write_text(table(row="0.0,,0.8"))


@malformed("a.csv", "at least 2 samples")
def csv_of_one_row(path):
    path.write_text(table(num_rows=1))


@malformed("a.csv", "row 7 .*repeats row 6", sample_rate_hz=None)
def timestamps_that_repeat(path):
    times = np.arange(NUM) / 50
    times[7] = times[6]
    path.write_text(timed(times))


@malformed("a.csv", "row 200 .*does not follow", sample_rate_hz=None)
def timestamps_that_go_back(path):
    times = np.arange(NUM) / 50
    times[200:] -= 3
    path.write_text(timed(times))


@malformed("a.csv", "almost all gaps.*stray", sample_rate_hz=None)
def timestamps_with_a_stray_one(path):
    times = np.arange(NUM) / 50
    times[-1] = 1.7e9
    path.write_text(timed(times))


@malformed("a.csv", "ISO 8601 dates.*'14.11.2023 22:13'", sample_rate_hz=None)
def timestamps_of_another_format(path):
    path.write_text(timed(["14.11.2023 22:13"] * NUM))


@malformed(
    "a.csv",
    "0.05 per second with timestamp_unit='s'.*Pass the unit",
    sample_rate_hz=None,
    timestamp_column="time",
)
def timestamps_of_another_unit(path):
    path.write_text(timed(20 * np.arange(NUM)))


@malformed("a.npz", "complete .npz file")
def npz_cut_short(path):
    np.savez(path, x=still()[:, 0], y=still()[:, 1], z=still()[:, 2])
    cut(path)


@malformed("a.npz", "complete .npz file.*Bad CRC")
def npz_with_a_flipped_byte(path):
    np.savez(path, accel=still())
    flip(path, 2000)


@malformed("a.npz", "complete .npz file.*'accel' is cut short")
def npz_of_fewer_rows_than_its_header_says(path):
    content = io.BytesIO()
    np.save(content, still())
    content = content.getvalue().replace(b"(400, 3)", b"(500, 3)")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("accel.npy", content)


@malformed("a.npz", "Text in a .npz file must be in UTF-8.*Store it as str")
def npz_of_labels_in_latin_1(path):
    np.savez(path, accel=still(), label=np.array([b"w\xe9"] * NUM))


@malformed("a.npz", "array 'x' holds Python objects")
def npz_of_python_objects(path):
    np.savez(path, x=np.array([{}] * NUM), y=still()[:, 1], z=still()[:, 2])


@malformed("a.npz", "1-D and equally long.*400.*399")
def npz_of_unequal_columns(path):
    np.savez(path, x=np.ones(NUM), y=np.ones(NUM), z=np.ones(NUM - 1))


@malformed("a.npz", "one array without a name.*numpy.savez")
def npz_that_is_an_npy(path):
    with open(path, "wb") as file:
        np.save(file, still())


@malformed("a.parquet", "complete .parquet file")
def parquet_cut_short(path):
    write_parquet(path, still()[:, 1])
    cut(path)


@malformed("a.parquet", "'y' must hold numbers.*first .*'0.6 g'")
def parquet_of_text(path):
    write_parquet(path, ["0.6 g"] * NUM)


@malformed("a.parquet", "cannot be read: .*")
def parquet_of_lists(path):
    write_parquet(path, [[0.6]] * NUM)


@malformed("a.npz", "1-D and equally long")
def npz_with_one_label(path):
    np.savez(path, acc=still(), label="walking")


@malformed("a.csv", "row 399 .*inf s. does not follow", sample_rate_hz=None)
def csv_with_an_infinite_time(path):
    path.write_text(timed([*(np.arange(NUM - 1) / 50), "inf"]))


@malformed("a.csv", "divide raw counts", sample_rate_hz=50)
def csv_of_thousandths_of_g(path):
    path.write_text(table(row="0,600,800"))


def write_parquet(path, y):
    columns = {"x": still()[:, 0], "y": y, "z": still()[:, 2]}
    parquet.write_table(pyarrow.table(columns), path)


@malformed("a.h5", "complete .h5 file")
def hdf5_cut_short(path):
    write_hdf5(path, still())
    cut(path)


@malformed("a.h5", "complete .h5 file")
def hdf5_that_is_text(path):
    path.write_text(table())


@malformed("a.h5", "complete .h5 file.*[Cc]hecksum|complete .h5 file.*filter")
def hdf5_with_a_flipped_byte(path):
    write_hdf5(path, still(), fletcher32=True, chunks=(NUM, 3))
    with h5py.File(path) as file:
        offset = file["acceleration"].id.get_chunk_info(0).byte_offset
    flip(path, offset + 100)


@malformed("a.h5", r"look like the axes.*\['acceleration'\]")
def hdf5_of_four_channels(path):
    write_hdf5(path, np.ones((NUM, 4)))


def write_hdf5(path, acceleration, **options):
    with h5py.File(path, "w") as file:
        file.create_dataset("acceleration", data=acceleration, **options)


@malformed("a.gt3x", "complete .gt3x file.*cut short", sample_rate_hz=None)
def gt3x_cut_short(path):
    write_gt3x(path, still())
    cut(path)


@malformed("a.gt3x", ".gt3x file of ActiGraph.*log.bin", sample_rate_hz=None)
def gt3x_without_its_log(path):
    write_zip(path, {"info.txt": "Sample Rate: 50\n"})


@malformed("a.gt3x", "must hold acceleration.*ACTIVITY2", sample_rate_hz=None)
def gt3x_of_unknown_records(path):
    log = gt3x_parameters(0, 50) + gt3x_record(26, 0, b"\0" * 300)
    write_gt3x_log(path, log)


@malformed("a.cwa", ".cwa file of Axivity.*checksum", sample_rate_hz=None)
def cwa_with_a_flipped_byte_in_each_block(path):
    write_cwa(path, still())
    for position in range(1024, path.stat().st_size, 512):
        flip(path, position + 100)


@malformed("a.cwa", "complete .cwa file.*cut short", sample_rate_hz=None)
def cwa_cut_in_its_header(path):
    write_cwa(path, still())
    cut(path, 0.1)


@malformed("a.bin", ".bin file of GENEActiv.*line", sample_rate_hz=None)
def geneactiv_of_broken_pages(path):
    write_geneactiv(path, still(300))
    flip(path, -10)


@malformed(
    "a.bin", ".bin file of GENEActiv.*[Uu]nknown.*Check", sample_rate_hz=None
)
def bin_of_another_device(path):
    path.write_bytes(bytes(range(256)) * 20)


@malformed("a.zip", "wlk_7/sub_2.csv must have.*without.*gravity.x")
def motionsense_of_another_sensor(path):
    write_zip(path, {WALK: table(",x,y,z", "0,0,0.6,0.8")})


@malformed("a.zip", "complete zip archive")
def motionsense_cut_short(path):
    write_zip(path, {WALK: motionsense_csv(NUM)})
    cut(path)


@malformed("a.zip", "must be in g.*9.8")
def motionsense_in_another_unit(path):
    write_zip(path, {WALK: motionsense_csv(NUM, (0.0, 0.0, 9.81))})


@malformed("a.zip", "wlk_7/sub_2.csv must have the columns")
def motionsense_with_a_member_of_no_bytes(path):
    write_zip(path, {WALK: ""})


@malformed("a.zip", "sub_2.csv must hold rows of numbers.*'error'")
def motionsense_with_text(path):
    text = motionsense_csv(NUM).replace("0.05", "error")
    write_zip(path, {WALK: text})


@malformed("a.zip", "sub_2.csv must hold at least 2 rows.*Received: 0")
def motionsense_of_a_header_only(path):
    write_zip(path, {WALK: motionsense_csv(0)})


@malformed("a.zip", "complete zip archive.*CRC.*sub_2.csv")
def motionsense_with_a_flipped_byte(path):
    write_zip(path, {WALK: motionsense_csv(NUM)})
    content = path.read_bytes()
    flip(path, content.index(b"\n399,") + 1)


@malformed("a.zip", "data_7_accel_watch.txt must hold rows.*400 rows of ano")
def wisdm_of_other_rows(path):
    write_zip(path, {**ACTIVITIES, WATCH: "x,y\n" * NUM})


@malformed("a.zip", "data_7_accel_watch.txt must hold rows.*0 rows of ano")
def wisdm_with_a_member_of_no_bytes(path):
    write_zip(path, {**ACTIVITIES, WATCH: ""})


@malformed("a.zip", "WISDM archive must hold `activity_key.txt`")
def wisdm_without_its_key(path):
    write_zip(path, {WATCH: wisdm_rows(7, "A", steps(NUM))})


@malformed("a.zip", "must be the unit of the data.*unit='m/s2'.*1.00")
def wisdm_in_another_unit(path):
    rows = "".join(f"7,A,{time},0,0.6,0.8;\n" for time in steps(NUM))
    write_zip(path, {**ACTIVITIES, WATCH: rows})


@malformed("a.zip", "holds 'in/A_DeviceMotion_data.zip'. Unpack it once")
def motionsense_in_another_zip(path):
    write_zip(path, {"in/A_DeviceMotion_data.zip": "x"})


@malformed("a.zip", "complete zip archive.*Error -3")
def motionsense_with_damaged_bytes(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(WALK, motionsense_csv(NUM))
    content = bytearray(path.read_bytes())
    first = 30 + len(WALK)  # behind the header of the member
    content[first : first + 40] = b"\xff" * 40
    path.write_bytes(content)


@malformed("a.zip", "with none of their layouts")
def zip_of_something_else(path):
    write_zip(path, {"notes.txt": "x"})


def read(path, sample_rate_hz=50, **options):
    if path.suffix == ".zip":
        return load_recordings(path)
    if sample_rate_hz is not None:
        options["sample_rate_hz"] = sample_rate_hz
    return [read_recording(path, "s", **options)]


def test_there_are_thirty_of_them():
    assert len(CASES) >= 30


@pytest.mark.filterwarnings("ignore:MotionSense has 360")
@pytest.mark.parametrize("case", CASES)
def test_clear_error_and_no_partial_store(tmp_path, case):
    write, name, match, options = CASES[case]
    if name.endswith((".gt3x", ".cwa", ".bin")):
        pytest.importorskip("actfast")
    (tmp_path / "stores").mkdir()
    path = tmp_path / name
    write(path)
    store = tmp_path / "stores" / "windows.h5"

    def recordings():
        # The store has begun when the malformed file is met.
        yield Recording(still(), 50, "good", recording_id="good")
        yield from read(path, **options)

    with pytest.raises(ValueError, match=match) as caught:
        WindowStore.create(
            store, recordings(), sample_rate_hz=50, window_length=64
        )
    assert not list(store.parent.iterdir())
    if not name.endswith(".zip"):
        notes = getattr(caught.value, "__notes__", [])
        assert str(path) in " ".join([str(caught.value), *notes])


@pytest.mark.parametrize("case", ["npz_cut_short", "timestamps_that_repeat"])
def test_a_store_that_was_there_is_kept(tmp_path, case):
    write, name, match, options = CASES[case]
    path, store = tmp_path / name, tmp_path / "windows.h5"
    write(path)
    create = functools.partial(
        WindowStore.create, store, sample_rate_hz=50, window_length=64
    )
    create([Recording(still(), 50, "good", recording_id="good")])
    before = store.read_bytes()
    with pytest.raises(ValueError, match=match):
        create((r for r in read(path, **options)), overwrite=True)
    assert store.read_bytes() == before


def test_the_same_files_unharmed_are_read(tmp_path):
    """What the cases start from is right: only the harm is the error."""
    (tmp_path / "a.csv").write_text(table())
    (tmp_path / "t.csv").write_text(timed(np.arange(NUM) / 50))
    np.savez(tmp_path / "a.npz", accel=still())
    write_hdf5(tmp_path / "a.h5", still())
    for name, rate in (("a.csv", 50), ("a.npz", 50), ("a.h5", 50)):
        (recording,) = read(tmp_path / name, rate)
        np.testing.assert_allclose(recording.acceleration, still(), atol=1e-6)
    (recording,) = read_recordings(tmp_path / "t.csv", "s")
    np.testing.assert_allclose(recording.acceleration, still(), atol=1e-6)
