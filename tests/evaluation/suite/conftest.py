import numpy as np
import pytest


@pytest.fixture
def write_set():
    """Writes a set of the corpus: three motions that are easy to tell."""

    def write(folder, name="geotec_sw", num_people=6, seconds=12, seed=0):
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

    return write
