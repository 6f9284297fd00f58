import csv

import numpy as np
import pytest
from support import small_encoder

from keras_relcon.data import synthetic_recordings
from keras_relcon.presets import save_to_preset


@pytest.fixture(scope="session")
def recordings_folder(tmp_path_factory):
    """`<subject>/<motion>.csv` files of three motions, at 50 Hz, in g."""
    folder = tmp_path_factory.mktemp("recordings")
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


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    encoder = small_encoder()
    encoder.build((None, 64, 3))
    folder = tmp_path_factory.mktemp("presets")
    return save_to_preset(encoder, folder / "relcon_tiny", window_length=64)
