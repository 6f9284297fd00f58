"""Data that the tests of commands and examples share."""

import csv
import io
import zipfile

import numpy as np
from support import small_encoder

from keras_relcon.data import synthetic_recordings
from keras_relcon.presets import save_to_preset


def write_recordings(folder, num_subjects=4):
    """`<subject>/<motion>.csv` files of three motions, at 50 Hz, in g."""
    for recording in synthetic_recordings(
        num_subjects=num_subjects,
        seconds_per_motion=8,
        sample_rate_hz=50,
        motions=["walking", "running", "sitting"],
    ):
        subject, motion = recording.recording_id.split("/")
        (folder / subject).mkdir(exist_ok=True)
        with open(folder / subject / f"{motion}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["x", "y", "z", "label"])
            for row in recording.acceleration:
                writer.writerow([*np.round(row, 5).tolist(), motion])
    return folder


def write_preset(directory):
    """A preset of an encoder that takes 64 samples and gives 16 numbers."""
    encoder = small_encoder()
    encoder.build((None, 64, 3))
    return save_to_preset(encoder, directory, window_length=64)


def write_motionsense(path):
    """An archive as MotionSense's: two trials of 5 s of its 24 subjects."""
    generator = np.random.default_rng(0)
    sensors = ("gravity", "userAcceleration")
    header = [f"{sensor}.{axis}" for sensor in sensors for axis in "xyz"]
    with zipfile.ZipFile(path, "w") as archive:
        for trial, scale in (("sit_5", 0.02), ("jog_9", 1.0)):
            for subject in range(1, 25):
                rows = generator.normal(0, scale, (250, 6))
                rows[:, :3] = [0, 0, 1]
                text = io.StringIO()
                csv.writer(text).writerows([header, *rows.round(4).tolist()])
                archive.writestr(f"{trial}/sub_{subject}.csv", text.getvalue())
    return path


def write_corpus_set(
    folder, name="geotec_sw", num_people=6, seconds=12, seed=0
):
    """Writes a set of the corpus: three motions that are easy to tell."""
    generator = np.random.default_rng(seed)
    time = np.arange(seconds * 25) / 25
    parts, subjects, labels = [], [], []
    for person in range(num_people):
        for label, hz in (("rest", 0), ("walk", 2), ("run", 5)):
            wave = 0.5 * np.sin(2 * np.pi * hz * time)[:, None]
            noise = generator.normal(0, 0.1, (len(time), 3))
            parts.append(np.array([0.0, 0.0, 1.0]) + wave + noise)
            subjects.append(f"p{person}")
            labels.append(label)
    np.savez(
        folder / f"{name}.npz",
        acc=(np.concatenate(parts) * 4096).astype("int16"),
        starts=np.arange(len(parts)) * len(time),
        subject=np.array(subjects),
        label=np.array(labels),
        rate_hz=25.0,
    )
    return folder
