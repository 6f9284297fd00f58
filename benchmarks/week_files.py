"""Reads and embeds a week at 100 Hz from each kind of file.

    python benchmarks/week_files.py --record

Each kind of file is read by the library that the package uses, alone; by
`read_recording`; and by `embed`, with an encoder so small that reading is what
is measured. Each runs in a process of its own. Memory is the most that it held
beyond what it held before, as the kernel counts it (`VmHWM`), pages of
temporary files included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import measuring
import numpy as np

RATE_HZ = 100
SECONDS_PER_DAY = 86_400
START = 1_700_000_000
QUESTION = "What does it take to read a week?"
BLOCK_ROWS = 1 << 17  # read at a time by the libraries alone
WAYS = ("alone", "read", "embed")
HEADER = ["file", "GB", *(f"{way}, s" for way in WAYS), "read / alone"]
HEADER += [f"{way}, MB" for way in WAYS]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--folder", help="for the files; they are kept")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        path = file_of(args.folder, args.kinds[0])
        measured = measure(partial(WAY[args.way], path))
        sys.stdout.write(json.dumps(measured) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            measure_kind(kind, args.folder or folder, args.days)
            for kind in args.kinds
        ]
    text = report(args, rows)
    sys.stdout.write(text)
    if args.record:
        measuring.record("week_files", QUESTION, text)


def measure_kind(kind, folder, days):
    path = file_of(folder, kind)
    if not path.exists():
        KINDS[kind][0](path, days)
    found = {}
    for way in WAYS:
        command = [sys.executable, __file__, "--kinds", kind, "--way", way]
        command += ["--folder", str(folder)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        found[way] = json.loads(done.stdout.splitlines()[-1])
        sys.stderr.write(f"{kind} {way} {found[way]}\n")
    seconds = [found[way]["seconds"] for way in WAYS]
    megabytes = [found[way]["megabytes"] for way in WAYS]
    size = path.stat().st_size / 1e9
    return [kind, size, *seconds, seconds[1] / seconds[0], *megabytes]


def measure(function):
    """Seconds and memory of a call; what it imports and builds is not in."""
    function = function()
    begin = time.perf_counter()
    megabytes = measuring.added_megabytes(function)
    return {"seconds": time.perf_counter() - begin, "megabytes": megabytes}


def file_of(folder, kind):
    return Path(folder, f"week.{kind}")


def days_of_rows(days):
    """Yields `(seconds, acceleration)` of each day: walks and rest, in g."""
    num_rows = int(days * SECONDS_PER_DAY * RATE_HZ)
    walk = measuring.walking_windows(1, 30 * 60 * RATE_HZ)[0]
    rest = np.random.default_rng(0).normal(0, 0.004, walk.shape) + [0, 0.6, 0.8]
    hour = np.round(np.concatenate([walk, rest]), 3)
    for first in range(0, num_rows, len(hour)):
        rows = np.arange(first, min(first + len(hour), num_rows))
        yield START + rows / RATE_HZ, hour[: len(rows)]


def tables(days, dtype=np.float64):
    import pyarrow

    for seconds, acceleration in days_of_rows(days):
        axes = dict(zip("xyz", acceleration.T.astype(dtype)))
        yield pyarrow.table({"time": seconds, **axes})


def write_csv(path, days):
    import pyarrow.csv

    first, *_ = tables(1 / 24)
    with pyarrow.csv.CSVWriter(path, first.schema) as file:
        for table in tables(days):
            file.write_table(table)


def write_dates(path, days):
    """Times as dates, which are text until they are parsed."""
    import pyarrow.csv

    def dated(table):
        milliseconds = np.rint(1000 * table.column("time").to_numpy())
        dates = np.datetime_as_string(milliseconds.astype("M8[ms]"))
        return table.set_column(0, "time", pyarrow.array(dates))

    first, *_ = tables(1 / 24)
    plain = pyarrow.csv.WriteOptions(quoting_style="none")
    schema = dated(first).schema
    with pyarrow.csv.CSVWriter(path, schema, write_options=plain) as file:
        for table in tables(days):
            file.write_table(dated(table))


def write_parquet(path, days):
    import pyarrow.parquet

    first, *_ = tables(1 / 24, np.float32)
    with pyarrow.parquet.ParquetWriter(path, first.schema) as file:
        for table in tables(days, np.float32):
            file.write_table(table)


def write_feather(path, days):
    import pyarrow.ipc

    first, *_ = tables(1 / 24, np.float32)
    options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
    with pyarrow.ipc.new_file(path, first.schema, options=options) as file:
        for table in tables(days, np.float32):
            file.write_table(table, max_chunksize=1 << 16)


def write_npz(path, days):
    parts = zip(*days_of_rows(days))
    seconds, acceleration = (np.concatenate(part) for part in parts)
    np.savez(path, time=seconds, acceleration=acceleration.astype(np.float32))


def write_hdf5(path, days):
    import h5py

    num_rows = int(days * SECONDS_PER_DAY * RATE_HZ)
    with h5py.File(path, "w") as file:
        options = {"compression": "gzip", "compression_opts": 1}
        time_s = file.create_dataset("time", num_rows, "f8", **options)
        axes = file.create_dataset(
            "acceleration", (num_rows, 3), "f4", **options
        )
        first = 0
        for seconds, acceleration in days_of_rows(days):
            rows = slice(first, first + len(seconds))
            time_s[rows], axes[rows] = seconds, acceleration
            first = rows.stop


def write_cwa(path, days):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/data"))
    import device_format

    parts = [part for _, part in days_of_rows(days)]
    device_format.write_cwa(path, np.concatenate(parts), rate_code=10)


def csv_alone(path):
    import pyarrow.csv

    def read():
        with pyarrow.csv.open_csv(path) as blocks:
            for block in blocks:
                block.column("x").to_numpy()

    return read


def parquet_alone(path):
    import pyarrow.parquet

    def read():
        for block in pyarrow.parquet.ParquetFile(path).iter_batches(BLOCK_ROWS):
            block.column("x").to_numpy()

    return read


def feather_alone(path):
    import pyarrow.ipc

    def read():
        with pyarrow.OSFile(str(path)) as source:
            file = pyarrow.ipc.open_file(source)
            for k in range(file.num_record_batches):
                file.get_batch(k).column("x").to_numpy()

    return read


def npz_alone(path):
    def read():
        with np.load(path) as file:
            return [file[name] for name in file.files]

    return read


def hdf5_alone(path):
    import h5py

    def read():
        with h5py.File(path) as file:
            for first in range(0, len(file["time"]), BLOCK_ROWS):
                rows = slice(first, first + BLOCK_ROWS)
                file["time"][rows], file["acceleration"][rows]

    return read


def cwa_alone(path):
    import actfast

    return partial(actfast.read, str(path))


def alone(path):
    return KINDS[path.name.partition(".")[2]][1](path)


def read_by_package(path):
    # What the readers import at their first file.
    import pyarrow.csv  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from keras_relcon.data import read_recording

    return partial(read_recording, path, "s")


def embed_by_package(path):
    import keras

    import keras_relcon

    read_by_package(path)
    window = keras.Input((256, 3))
    encoder = keras.Model(window, keras.layers.GlobalAveragePooling1D()(window))
    encoder.predict(np.zeros((256, 256, 3), "float32"), verbose=0)
    return partial(keras_relcon.evaluation.embed, encoder, path, verbose=False)


WAY = {"alone": alone, "read": read_by_package, "embed": embed_by_package}
KINDS = {
    "csv": (write_csv, csv_alone),
    "dates.csv": (write_dates, csv_alone),
    "parquet": (write_parquet, parquet_alone),
    "feather": (write_feather, feather_alone),
    "npz": (write_npz, npz_alone),
    "h5": (write_hdf5, hdf5_alone),
    "cwa": (write_cwa, cwa_alone),
}


def report(args, rows):
    return f"""`python benchmarks/week_files.py --days {args.days:g} --record`

{measuring.table(HEADER, rows)}

{measuring.machine()}
"""


if __name__ == "__main__":
    main()
