"""The files that the pages of the documentation name, small and generated."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from command_support import write_corpus_set, write_motionsense

from keras_relcon.data import synthetic_recordings

sys.path.insert(0, str(Path(__file__).parent / "data"))

from device_format import write_cwa  # noqa: E402

MOTIONS = ("walking", "running", "sitting", "standing")
SECONDS = 11  # of each motion
MONDAY = 1_714_377_600  # 2024-04-29, 8:00 UTC
STANDARD_GRAVITY = 9.80665
HARNET = """
import torch


class Harnet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_extractor = torch.nn.Sequential(
            torch.nn.Conv1d(3, 8, 15, stride=5),
            torch.nn.AdaptiveAvgPool1d(1),
            torch.nn.Flatten(),
        )


def harnet10(pretrained=False):
    return Harnet()
"""


def write_page_files(folder, page):
    """Writes what the blocks of a page read into `folder`.

    Args:
        folder: path of an empty folder.
        page: str, the name of the page: `walk.csv` is in the unit that it
            says.
    """
    people = days(num_subjects=5)
    for name in ("study", "recordings"):
        for subject, day in people.items():
            write_table(folder / name / subject / "monday.csv", *day)
            write_labels(folder / "labels" / subject / "monday.csv")
            # Speeds are not of these people; they are numbers.
            speeds = (np.arange(len(day[0])) // 256 % 5) / 5
            path = folder / "walks" / subject / "monday.csv"
            write_table(path, day[0], speeds)
    for subject, day in days(num_subjects=2, seed=2).items():
        path = folder / "other_people" / f"other_{subject}" / "monday.csv"
        write_table(path, *day)
    acceleration, _ = days(num_subjects=1, seed=1)["s00"]
    one = 1.0 if page == "reading.md" else STANDARD_GRAVITY
    write_table(folder / "walk.csv", acceleration * one)
    for name in ("monday.cwa", "week.cwa"):
        write_cwa(folder / name, acceleration[::2])
    if page == "evaluation.md":
        write_motionsense(folder / "A_DeviceMotion_data.zip")
        (folder / "data").mkdir()
        write_corpus_set(folder / "data")
        (folder / "ssl-wearables").mkdir()
        (folder / "ssl-wearables" / "hubconf.py").write_text(HARNET)
        save_nothing_learned(folder / "harnet10.pt")


def days(num_subjects, seed=0):
    """Returns acceleration, 100 Hz, g, and labels of each subject."""
    recordings = synthetic_recordings(
        num_subjects, SECONDS, seed=seed, motions=MOTIONS
    )
    subjects = sorted({r.subject for r in recordings})
    return {
        subject: tuple(
            np.concatenate(
                [getattr(r, part) for r in recordings if r.subject == subject]
            )
            for part in ("acceleration", "labels")
        )
        for subject in subjects
    }


def write_table(path, acceleration, labels=None):
    """Writes a .csv file at 100 Hz, with clock times."""
    table = pd.DataFrame(acceleration.round(5), columns=["x", "y", "z"])
    milliseconds = 1000 * MONDAY + 10 * np.arange(len(table))
    table.insert(0, "time", pd.to_datetime(milliseconds, unit="ms", utc=True))
    if labels is not None:
        table["label"] = np.asarray(labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


def write_labels(path):
    """Writes the labels of a day as stretches, in seconds from its start."""
    starts = SECONDS * np.arange(len(MOTIONS))
    table = pd.DataFrame({"start": starts, "end": starts + SECONDS})
    table["label"] = MOTIONS
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


def save_nothing_learned(path):
    import torch

    torch.save({}, path)
