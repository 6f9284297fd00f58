"""The models and recordings behind the old files, as every version makes them.

Nothing here may use what the earliest version does not have.
"""

import json

import keras
import numpy as np

import keras_relcon as kr

RATE_HZ = 50
WINDOW = 40


def make_encoder():
    keras.utils.set_random_seed(3)
    return kr.layers.ResNet1D34(
        4, num_blocks=(1,), widths=(4,), kernel_sizes=(3,), strides=(2,)
    )


def make_model():
    encoder = make_encoder()
    distance = kr.MotifDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=1, dropout=0.0
    )
    return kr.RelConModel(encoder, distance, temperature=0.5)


def make_optimizer():
    """Not Adam: it makes steps of the rounding of a bias before a norm."""
    return keras.optimizers.SGD(1e-2, momentum=0.9)


def make_windows():
    generator = np.random.default_rng(0)
    return generator.normal(0, 0.5, (6, WINDOW, 3)).astype("float32")


def make_recordings():
    """Three people: a second of each of two motions, in turn."""
    recordings = []
    for person in range(3):
        generator = np.random.default_rng(person)
        time = np.arange(8 * RATE_HZ) / RATE_HZ
        is_fast = time % 4 >= 2
        wave = np.sin(2 * np.pi * np.where(is_fast, 3, 1) * time)
        signal = 0.4 * wave[:, None] * [1, 0.5, 0] + [0, 0, 1]
        signal = signal + generator.normal(0, 0.02, signal.shape)
        recordings.append(
            kr.data.Recording(
                signal.astype("float32"),
                sample_rate_hz=RATE_HZ,
                subject=f"s{person:02d}",
                labels=np.where(is_fast, "run", "walk"),
            )
        )
    return recordings


def make_groups():
    store = kr.data.WindowStore.from_recordings(
        make_recordings(), RATE_HZ, WINDOW
    )
    return kr.data.CandidateGroups(store, 2, 2, steps_per_epoch=2, seed=4)


def write_pretraining(folder):
    """A config, and recordings as text, the same on each machine."""
    for person in range(3):
        subject = folder / "recordings" / f"s{person:02d}"
        subject.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(person)
        signal = generator.normal(0, 0.3, (8 * RATE_HZ, 3)) + [0, 0, 1]
        rows = ["x,y,z", *(",".join(f"{v:+.4f}" for v in r) for r in signal)]
        text = "\n".join(rows) + "\n"
        (subject / "monday.csv").write_bytes(text.encode())
    sizes = {"embedding_dim": 8, "kernel_size": 3, "num_dilated_blocks": 1}
    config = {
        "data": "recordings",
        "output": "preset",
        "held_out_subjects": ["s02"],
        "recordings": {"sample_rate_hz": RATE_HZ},
        "windows": {"sample_rate_hz": RATE_HZ, "window_length": WINDOW},
        "motif_distance": {"epochs": 2, "batch_size": 4, **sizes},
        "encoder": {
            "embedding_dim": 4,
            "num_blocks": [1],
            "widths": [4],
            "kernel_sizes": [3],
            "strides": [2],
        },
        "relcon": {
            "batch_size": 2,
            "num_candidates": 2,
            "steps": 2,
            "steps_per_epoch": 2,
        },
        "run": {"checkpoint_steps": 1},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2))
