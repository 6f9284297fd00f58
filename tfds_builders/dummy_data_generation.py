"""Writes each builder's `dummy_data/`, small, in its source's real format.

    python -m tfds_builders.dummy_data_generation

The same numbers come out every time.
"""

import gzip
import zipfile
from pathlib import Path

import numpy as np

STANDARD_GRAVITY = 9.80665
EPOCH = (2020, 1, 1, 0, 0, 0)  # fixed, so a zip is the same every time


def write_all(root=None):
    """Writes `<root>/<builder>/dummy_data/` of all builders.

    Args:
        root: str or path. Defaults to the folder of this file.
    """
    root = Path(root or Path(__file__).parent)
    for name, write in WRITERS.items():
        folder = root / name / "dummy_data"
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, np.random.default_rng(0))


def write_zip(path, members):
    """Writes bytes or text by name to a zip, uncompressed and undated."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)


def signal(rng, num_samples, unit=1.0):
    """`(num_samples, 3)`: about 1 g on z, rounded, in `unit` per g."""
    still = np.array([0.0, 0.0, 1.0])
    noisy = still + 0.1 * rng.normal(size=(num_samples, 3))
    return (noisy * unit).round(6)


def motionsense(folder, rng):
    sensors = "attitude", "gravity", "rotationRate", "userAcceleration"
    header = [f"{s}.{a}" for s in sensors[1:] for a in "xyz"]
    header = ["", *(f"attitude.{a}" for a in ("roll", "pitch", "yaw")), *header]

    def csv():
        rows = [",".join(header)]
        for index in range(30):
            gravity = signal(rng, 1)[0]
            rest = rng.normal(scale=0.1, size=9).round(6)
            values = [*rest[:3], *gravity, *rest[3:]]
            rows.append(",".join(map(str, [index, *values])))
        return "\n".join(rows) + "\n"

    trials = "dws_1", "ups_3", "wlk_7", "jog_9", "std_6", "sit_5"
    members = {
        f"A_DeviceMotion_data/{trial}/sub_{subject}.csv": csv()
        for trial in trials
        for subject in (1, 10, 2)
    }
    members["A_DeviceMotion_data/.DS_Store"] = "x"
    members["__MACOSX/A_DeviceMotion_data/wlk_7/._sub_1.csv"] = "x"
    write_zip(folder / "A_DeviceMotion_data.zip", members)


def wisdm_watch(folder, rng):
    names = (Path(__file__).parent / "wisdm_watch/labels.txt").read_text()
    letters = "ABCDEFGHIJKLMOPQRS"  # there is no N
    key = "".join(f"{n} = {k}\n" for n, k in zip(names.split(), letters))

    def rows(subject, letter, start_ns, num_rows):
        steps = rng.integers(49_000_000, 51_000_000, num_rows)
        times = start_ns + np.cumsum(steps)
        axes = signal(rng, num_rows, STANDARD_GRAVITY)
        return [
            f"{subject},{letter},{time},{x},{y},{z};"
            for time, (x, y, z) in zip(times.tolist(), axes.tolist())
        ]

    folder_name = "wisdm-dataset/raw/watch/accel"
    members = {"wisdm-dataset/activity_key.txt": key + "\n"}
    for subject in (1600, 1601):
        lines = rows(subject, "A", 90 * 10**12, 40)
        lines += rows(subject, "B", 91 * 10**12, 40)  # a jump ahead
        lines += rows(subject, "S", 80 * 10**12, 40)  # and one back
        name = f"{folder_name}/data_{subject}_accel_watch.txt"
        members[name] = "\n".join(lines) + "\n"
    write_zip(folder / "wisdm-dataset.zip", members)


def pamap2(folder, rng):
    def dat(activities, start=8.38):
        num_rows = len(activities)
        table = rng.normal(size=(num_rows, 54)).round(5)
        table[:, 0] = (start + np.arange(num_rows) / 100).round(2)
        table[:, 1] = activities
        for first in (4, 21, 38):
            axes = slice(first, first + 3)
            table[:, axes] = signal(rng, num_rows, STANDARD_GRAVITY)
        table[:, 2] = np.nan  # the heart rate comes ten times a second
        table[3, 4:7] = np.nan  # and a packet of the hand got lost
        return _table(table, whole=[1])

    folder_name = "PAMAP2_Dataset"
    files = {
        "Protocol/subject101.dat": [0] * 5 + [1] * 10 + [0] * 5 + [12] * 10,
        "Protocol/subject102.dat": [0] * 5 + [4] * 20,
        "Optional/subject101.dat": [0] * 5 + [9] * 20,
    }
    members = {f"{folder_name}/{k}": dat(v) for k, v in files.items()}
    members[f"{folder_name}/readme.pdf"] = "x"
    write_zip(folder / "PAMAP2_Dataset.zip", members)


def opportunity(folder, rng):
    def dat():
        num_rows = 24
        table = np.full((num_rows, 250), np.nan)
        table[:, 0] = np.round(np.arange(num_rows) * 1000 / 30)
        for first in (16, 22, 31):
            axes = slice(first, first + 3)
            table[:, axes] = signal(rng, num_rows, 1000).round()
        table[5, 22:25] = np.nan
        table[:, 243:] = 0
        table[:, 243] = np.repeat([0, 1, 2, 4, 5, 0], num_rows // 6)
        return _table(table, whole=range(250))

    members = {
        f"OpportunityUCIDataset/dataset/S{subject}-{run}.dat": dat()
        for subject in (1, 2)
        for run in ("ADL1", "Drill")
    }
    members["OpportunityUCIDataset/dataset/column_names.txt"] = "x"
    write_zip(folder / "OpportunityUCIDataset.zip", members)


def hhar(folder, rng):
    header = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"

    def csv(devices):
        lines = [header]
        for user, (model, rate) in devices:
            arrival = 1424696633908
            for index in range(20):
                # The second half of a device's rows comes an hour later.
                late = 3_600_000 if index >= 10 else 0
                time = arrival + late + round(index * 1000 / rate)
                x, y, z = signal(rng, 1, STANDARD_GRAVITY)[0].tolist()
                gt = ("stand", "null", "walk")[index * 3 // 20]
                lines.append(
                    f"{index},{time},{time * 10**6},{x},{y},{z},"
                    f"{user},{model},{model}_1,{gt}"
                )
        return "\n".join(lines) + "\n"

    users = ("a", "b")
    watches = (("gear", 100), ("lgwatch", 200))
    phones = (("nexus4", 200), ("samsungold", 50))
    members = {
        f"Activity recognition exp/{name}_accelerometer.csv": csv(
            [(user, device) for user in users for device in devices]
        )
        for name, devices in (("Watch", watches), ("Phones", phones))
    }
    write_zip(folder / "Activity recognition exp.zip", members)


def capture24(folder, rng):
    schemes = [
        "WillettsSpecific2018",
        "WillettsMET2018",
        "DohertySpecific2018",
        "Willetts2018",
        "Doherty2018",
        "Walmsley2020",
    ]
    annotations = {
        "7030 sleeping;MET 0.95": ["sleep"] * 6,
        "home activity;eating;13030 eating sitting, alone;MET 1.5": [
            "sitting",
            "sitstand+activity",
            "sedentary-non-screen",
            "sit-stand",
            "sedentary",
            "sedentary",
        ],
    }
    dictionary = [",".join(["annotation", *(f"label:{s}" for s in schemes)])]
    dictionary += [
        ",".join([f'"{name}"', *labels]) for name, labels in annotations.items()
    ]

    def csv(num_rows=50):
        lines = ["time,x,y,z,annotation"]
        names = [*annotations, ""]
        start = np.datetime64("2016-10-17T03:53:00", "us")
        for index, axes in enumerate(signal(rng, num_rows).tolist()):
            # The device stopped for a minute after 30 samples.
            late = 60_000_000 if index >= 30 else 0
            time = str(start + index * 10_000 + late).replace("T", " ")
            time = time if "." in time else time + ".000000"
            name = names[index * 3 // num_rows]
            name = f'"{name}"' if "," in name else name
            lines.append(",".join([time, *map(str, axes), name]))
        return gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0)

    members = {
        "capture24/annotation-label-dictionary.csv": "\n".join(dictionary),
        "capture24/metadata.csv": "pid,age,sex\nP001,38-52,F\nP002,30-37,F\n",
        "capture24/P001.csv.gz": csv(),
        "capture24/P002.csv.gz": csv(),
    }
    write_zip(folder / "capture24.zip", members)


def recording_folder(folder, rng):
    for subject, name in (("s01", "day1"), ("s01", "day2"), ("s02", "day1")):
        path = folder / "recordings" / subject / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [",".join(map(str, row)) for row in signal(rng, 20).tolist()]
        path.write_text("\n".join(["x,y,z", *rows]) + "\n")


def _table(table, whole):
    whole = set(whole)
    lines = [
        " ".join(
            f"{value:.0f}" if column in whole else repr(float(value))
            for column, value in enumerate(row)
        )
        for row in table
    ]
    return "\n".join(lines).replace("nan", "NaN") + "\n"


WRITERS = {
    "motionsense": motionsense,
    "wisdm_watch": wisdm_watch,
    "pamap2": pamap2,
    "opportunity": opportunity,
    "hhar": hhar,
    "capture24": capture24,
    "recording_folder": recording_folder,
}

if __name__ == "__main__":
    write_all()
