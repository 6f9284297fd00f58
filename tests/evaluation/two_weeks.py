"""Embeds two weeks at 100 Hz, and prints what it took.

    python two_weeks.py FOLDER

The recording lies in FOLDER, 1.5 GB, and is made where it is not there.
"""

import json
import sys
import threading
import time
from pathlib import Path

import keras
import numpy as np

from keras_relcon.data import Recording
from keras_relcon.evaluation import embed

RATE_HZ, WINDOW = 100, 256
NUM_SAMPLES = 14 * 24 * 3600 * RATE_HZ
CHUNK = 1 << 20


def samples(first, count):
    """Some rows of the signal, each of which is known by its number."""
    rows = np.arange(first, first + count, dtype="float64")[:, None]
    wave = 0.4 * np.sin(rows * [0.11, 0.073, 0.017])
    return (wave + [0.0, 0.0, 1.0]).astype("float32")


def write(path):
    array = np.lib.format.open_memmap(
        path, "w+", dtype="float32", shape=(NUM_SAMPLES, 3)
    )
    for first in range(0, NUM_SAMPLES, CHUNK):
        count = min(CHUNK, NUM_SAMPLES - first)
        array[first : first + count] = samples(first, count)
    array.flush()


class MemoryWatch(threading.Thread):
    """The most memory of the process that no file stands for, in MB."""

    def __init__(self):
        super().__init__(daemon=True)
        self.largest = self.now()
        self.start()

    def run(self):
        while True:
            self.largest = max(self.largest, self.now())
            time.sleep(0.05)

    @staticmethod
    def now():
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1000


def main(folder):
    path = Path(folder) / "two_weeks.npy"
    if not path.exists():
        write(path)
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential(
        [
            keras.layers.Input((WINDOW, 3)),
            keras.layers.Conv1D(4, 9, strides=8, activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    first = samples(0, 100 * WINDOW)
    embed(encoder, Recording(first, RATE_HZ, "s"), RATE_HZ, WINDOW)
    before = MemoryWatch.now()
    watch, started = MemoryWatch(), time.monotonic()
    recording = Recording(np.load(path, mmap_mode="r"), RATE_HZ, "s")
    found = embed(encoder, recording, RATE_HZ, WINDOW, verbose=False)
    differences = []
    for index in np.linspace(0, NUM_SAMPLES // WINDOW - 1, 50).astype(int):
        window = samples(index * WINDOW, WINDOW)[None]
        expected = encoder.predict(window, verbose=0)[0]
        differences.append(np.abs(found.embeddings[index] - expected).max())
    facts = {
        "windows": int(found.valid.sum()),
        "largest_difference": float(max(differences)),
        "seconds": time.monotonic() - started,
        "mb_above_the_base": watch.largest - before,
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(sys.argv[1])
