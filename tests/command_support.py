"""Data that the tests of commands and examples share."""

import csv

import numpy as np
from support import small_encoder

from keras_relcon.data import synthetic_recordings
from keras_relcon.presets import save_to_preset


def write_recordings(folder):
    """`<subject>/<motion>.csv` files of three motions, at 50 Hz, in g."""
    for recording in synthetic_recordings(
        num_subjects=4,
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
