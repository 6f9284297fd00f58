"""Small recordings whose motions are easy to tell apart."""

import numpy as np

from keras_relcon.data import Recording

LENGTH = 64
MOTIONS = {"run": 12, "still": 0, "walk": 4}  # Hz


def make_recording(subject, bouts, seed=0, labelled=True, **facts):
    """A signal of bouts, `(motion, windows)` each, easy to tell apart."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(
        [motion for motion, _ in bouts], [count * LENGTH for _, count in bouts]
    )
    seconds = np.arange(len(labels)) / 100
    hz = np.array([MOTIONS[motion] for motion in labels])
    wave = 0.5 * np.sin(2 * np.pi * hz * seconds)[:, None]
    noise = generator.normal(0, 0.05, (len(labels), 3))
    return Recording(
        np.array([0.0, 0.0, 1.0]) + wave + noise,
        sample_rate_hz=100,
        subject=subject,
        labels=labels if labelled else None,
        recording_id=f"{subject}_{seed}",
        **facts,
    )
