"""Reads the IPOL archive of walks with sensors on both feet."""

import io
import json
import re

import numpy as np

from keras_relcon.data.readers.archives import UNREADABLE, open_zip
from keras_relcon.data.recording import Recording
from keras_relcon.data.store.intervals import Interval
from keras_relcon.types import PathLike

SAMPLE_RATE_HZ = 100.0
MEMBER = re.compile(r"(?:^|/)(\d+-\d+)\.json$")
FEET = {"left": "L", "right": "R"}
SPEED, STRIDE_TIME = "walking_speed_m_s", "stride_time_s"
# A missed or a doubled foot activity makes a stride of twice or half the time.
LONGEST_STRIDE = 1.5
_NEEDED = ("Subject", "WalkedDistance", "LeftFootActivity", "RightFootActivity")


def read_ipol_gait(
    zip_path: PathLike,
) -> list[tuple[Recording, list[Interval]]]:
    """Reads walks of the IPOL gait dataset, each foot as one recording.

    [Truong et al., 2019](https://doi.org/10.5201/ipol.2019.265): a sensor on
    each foot, 100 Hz; the subject stands, walks straight ahead, turns around,
    walks back and stands. The acceleration is in g and has no gravity: a foot
    at rest reads 0. So it is not what an encoder of total acceleration was
    trained on.

    The licence is CC BY-NC-SA: for evaluation only, never for weights that
    are given away.

    Args:
        zip_path: str or path. Pairs of members `<code>.csv` and
            `<code>.json`, such as `1-1` of subject 1.

    Returns:
        list of `(Recording, list of Interval)`, as `WindowStore.create` takes
        them, by subject. Ids are `<code>/left` and `<code>/right`. The first
        interval has the label `"walking"` and the target `walking_speed_m_s`:
        from the beginning of the first to the end of the last activity of
        either foot, the turn included, in which the subject walks
        `WalkedDistance` twice. Each other interval is a stride of this foot,
        from the beginning of one of its activities to that of the next, with
        `stride_time_s`. Strides at the turn count; those that take less than
        2/3 or more than 3/2 of the foot's median are missed or doubled
        activities, or stops, and have no target.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the archive is damaged or has no such pairs, or a member
            lacks a field or a column or holds no numbers.

    Differs from the dataset: its field `WalkingSpeed` is not used. It is
    about twice the distance by the time, up to 3.7 m/s.
    """
    with open_zip(zip_path) as archive:
        names = set(archive.namelist())
        codes = [(m[1], n) for n in names if (m := MEMBER.search(n))]
        codes = [(c, n) for c, n in codes if n[:-5] + ".csv" in names]
        if not codes:
            raise ValueError(
                "An IPOL gait archive must hold pairs of `<code>.csv` and "
                f"`<code>.json`. Received: {zip_path}, with none. Download "
                "the data of https://doi.org/10.5201/ipol.2019.265."
            )
        codes.sort(key=lambda pair: [int(k) for k in pair[0].split("-")])
        return [
            item
            for code, name in codes
            for item in _read_walk(archive, code, name)
        ]


def _read_walk(archive, code, name):
    walk = _read_fields(archive, name)
    signals = _read_feet(archive, name[:-5] + ".csv")
    events = {
        foot: np.array(sorted(walk[f"{foot.capitalize()}FootActivity"]))
        for foot in FEET
    }
    start = min(event[0, 0] for event in events.values())
    stop = max(event[-1, 1] for event in events.values())
    num_samples = len(signals["left"])
    if not 0 <= start < stop <= num_samples or not walk["WalkedDistance"] > 0:
        raise ValueError(
            f"{name} must have foot activities inside the {num_samples} "
            "samples of the signal and a positive `WalkedDistance`. Received: "
            f"activities from {start} to {stop}, WalkedDistance="
            f"{walk['WalkedDistance']}. Download the archive again."
        )
    seconds = (stop - start) / SAMPLE_RATE_HZ
    walking = Interval(
        start / SAMPLE_RATE_HZ,
        stop / SAMPLE_RATE_HZ,
        label="walking",
        targets={SPEED: 2 * walk["WalkedDistance"] / seconds},
    )
    for foot, acceleration in signals.items():
        recording = Recording(
            acceleration,
            sample_rate_hz=SAMPLE_RATE_HZ,
            subject=walk["Subject"],
            recording_id=f"{code}/{foot}",
        )
        yield recording, [walking, *_strides(events[foot][:, 0])]


def _strides(starts):
    lengths = np.diff(starts)
    if not len(lengths):
        return []
    median = np.median(lengths)
    return [
        Interval(
            start / SAMPLE_RATE_HZ,
            (start + length) / SAMPLE_RATE_HZ,
            targets={STRIDE_TIME: length / SAMPLE_RATE_HZ},
        )
        for start, length in zip(starts[:-1].tolist(), lengths.tolist())
        if median / LONGEST_STRIDE <= length <= median * LONGEST_STRIDE
    ]


def _read_fields(archive, name):
    try:
        walk = json.loads(archive.read(name))
    except (ValueError, *UNREADABLE) as error:
        raise ValueError(
            f"{name} must be a JSON file. Received: {error}. Download the "
            "archive again."
        ) from None
    missing = [field for field in _NEEDED if field not in walk]
    empty = [f for f in _NEEDED[2:] if f in walk and not len(walk[f])]
    if missing or empty:
        raise ValueError(
            f"{name} must have the fields {list(_NEEDED)}, and activities of "
            f"both feet. Received: a file without {missing + empty}. Download "
            "the archive again."
        )
    return walk


def _read_feet(archive, name):
    try:
        content = archive.read(name).decode()
        header = content.split("\n", 1)[0].strip().split(",")
        wanted = [f"{side}A{axis}" for side in FEET.values() for axis in "XYZ"]
        missing = sorted(set(wanted) - set(header))
        if missing:
            raise ValueError(f"a file without the columns {missing}")
        columns = [header.index(column) for column in wanted]
        values = np.loadtxt(
            io.StringIO(content),
            delimiter=",",
            skiprows=1,
            usecols=columns,
            ndmin=2,
        )
    except (ValueError, *UNREADABLE) as error:
        raise ValueError(
            f"{name} must hold rows of numbers with the accelerations of both "
            f"feet. Received: {error}. Download the archive again."
        ) from None
    return {"left": values[:, :3], "right": values[:, 3:]}
