"""Files with bytes changed at random: an error that is ours, and no more."""

import gzip
import json
import os
import signal
import traceback
import warnings

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from device_format import write_cwa, write_geneactiv, write_gt3x

from keras_relcon.data import Recording, WindowStore, read_recording
from keras_relcon.timeline import NumberTimeline

pytestmark = [
    pytest.mark.hardening,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks"),
    pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]
COUNT = int(os.environ.get("FUZZED_FILES", 500))
AT_A_TIME = 100  # by a process
HANGS_SECONDS = 20
# What the readers say that they raise.
OURS = (ValueError, OSError)


def signal_of(num_rows=600):
    generator = np.random.default_rng(0)
    return [0, 0, 1] + generator.normal(0, 0.1, (num_rows, 3))


def columns():
    values = signal_of()
    named = {name: values[:, at] for at, name in enumerate("xyz")}
    return {"time": np.arange(len(values)) / 50, **named}


def csv(path):
    rows = np.stack(list(columns().values()), axis=1)
    lines = [",".join(f"{v:.4f}" for v in row) for row in rows]
    path.write_text("\n".join([",".join(columns()), *lines]))


def csv_gz(path):
    plain = path.with_name("plain.csv")
    csv(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


def npz(path):
    np.savez_compressed(path, **columns())


def hdf5(path):
    with h5py.File(path, "w") as file:
        for name, values in columns().items():
            file.create_dataset(name, data=values, compression="gzip")


def store(path):
    recording = Recording(signal_of(2000), 50, "s01", recording_id="a")
    WindowStore.create(path, recording, 50, 64)
    path.with_name(path.name + ".unpacked").unlink()


def open_store(path):
    WindowStore.open(path)


def read(path):
    read_recording(path, "s")


WRITERS = {
    "walk.csv": (csv, read),
    "walk.csv.gz": (csv_gz, read),
    "walk.npz": (npz, read),
    "walk.h5": (hdf5, read),
    "walk.parquet": (lambda p: pq.write_table(pa.table(columns()), p), read),
    "walk.feather": (
        lambda p: pa.feather.write_feather(pa.table(columns()), p),
        read,
    ),
    "walk.cwa": (lambda p: write_cwa(p, signal_of(960)), read),
    "walk.gt3x": (lambda p: write_gt3x(p, signal_of()), read),
    "walk.bin": (lambda p: write_geneactiv(p, signal_of()), read),
    "store.store": (store, open_store),
    "times.parquet": (
        lambda p: NumberTimeline.of(
            Recording(signal_of(), 50, "s"),
            2.0 * np.arange(6),
            2.0,
            np.arange(6.0),
            np.ones(6, bool),
        ).save(p),
        NumberTimeline.load,
    ),
}


def changed(content, generator):
    """The bytes of a file, some of them others, missing or twice."""
    content = bytearray(content)
    for _ in range(generator.integers(1, 6)):
        at = int(generator.integers(0, len(content)))
        # Headers and footers say what the rest is: they are changed more.
        if generator.random() < 0.5:
            at = at % 256 if generator.random() < 0.5 else -1 - at % 256
        kind, size = generator.integers(0, 5), int(generator.integers(1, 9))
        if kind == 0:
            content[at] ^= 1 << generator.integers(0, 8)
        elif kind == 1:
            content[at] = int(generator.choice([0, 1, 127, 128, 255]))
        elif kind == 2:
            content[at : at + size] = generator.bytes(size)
        elif kind == 3 and len(content) > 64:
            is_cut = generator.random() < 0.3
            del content[at : None if is_cut else at + size]
        else:
            content[at:at] = content[at : at + size] * 3
        if not content:
            return b""
    return bytes(content)


def try_some(path, content, function, seeds, report):
    """Reads files of some seeds; says which one it is at."""
    counts = {"read": 0, "refused": 0}
    warnings.simplefilter("ignore")
    for seed in seeds:
        path.write_bytes(changed(content, np.random.default_rng(seed)))
        report.write(json.dumps({"seed": seed}) + "\n")
        report.flush()
        signal.alarm(HANGS_SECONDS)
        try:
            function(path)
            counts["read"] += 1
        except OURS:
            counts["refused"] += 1
        except BaseException:
            report.write(json.dumps({"error": traceback.format_exc()}) + "\n")
        signal.alarm(0)
    report.write(json.dumps(counts) + "\n")


@pytest.mark.parametrize("name", WRITERS)
def test_changed_files_end_in_errors_that_are_ours(name, tmp_path, capsys):
    write, function = WRITERS[name]
    path, report = tmp_path / name, tmp_path / "report"
    write(path)
    content = path.read_bytes()
    function(path)
    counts, problems = {"read": 0, "refused": 0}, []
    for first in range(0, COUNT, AT_A_TIME):
        seeds = range(first, min(first + AT_A_TIME, COUNT))
        child = os.fork()
        if child == 0:
            with open(report, "w") as file:
                try_some(path, content, function, seeds, file)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        lines = [json.loads(x) for x in report.read_text().splitlines()]
        problems += [x["error"] for x in lines if "error" in x]
        if status:
            last = [x["seed"] for x in lines if "seed" in x][-1]
            problems.append(f"signal {os.WTERMSIG(status)} at seed {last}")
        else:
            counts = {key: counts[key] + lines[-1][key] for key in counts}
    with capsys.disabled():
        print(f"{name}: {counts}, {len(problems)} problems")
    assert not problems, "\n".join(problems[:5])
    assert counts["refused"] > COUNT // 10
