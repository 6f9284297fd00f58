"""How many near copies are found, and how many that are none.

    python benchmarks/near_copies.py DATA

DATA is a folder with archives that `load_recordings` reads, and `.npz` files
of the corpus. Of each, the people are dealt to five folds. It prints how many
windows of a fold are taken for copies of windows of other people, as the set
is, and of 200 windows that are replaced by disturbed copies of such windows.
"""

import argparse
from pathlib import Path

import numpy as np

from keras_relcon.data import load_recordings, make_windows
from keras_relcon.evaluation import grouped_k_fold
from keras_relcon.evaluation.leaks import near_copies

RATE_HZ, LENGTH, SHIFT = 50, 128, 3
MOST_WINDOWS = 20_000
NUM_PLANTED = 200


def noise(windows, generator, size):
    return windows + generator.normal(0, size, windows.shape)


DISTURBANCES = {
    "none": lambda x, g: x,
    "noise of 1e-6 g": lambda x, g: noise(x, g, 1e-6),
    "noise of 3 mg": lambda x, g: noise(x, g, 3e-3),
    "rounded to 0.01 g": lambda x, g: np.round(x, 2),
    "axes swapped": lambda x, g: x[..., [1, 2, 0]],
    "turned": lambda x, g: x @ np.linalg.qr(g.normal(size=(3, 3)))[0],
}


def windows_of(path):
    """Windows of a set, and the same windows three samples later."""
    recordings = load_recordings(path)
    both = make_windows(recordings, RATE_HZ, LENGTH + SHIFT, LENGTH + SHIFT)
    both = both.select(both.valid)
    step = -(-len(both) // MOST_WINDOWS)
    both = both.select(np.arange(len(both)) % step == 0)
    signal = np.asarray(both.acceleration)
    return signal[:, :LENGTH], signal[:, SHIFT:], both.subjects


def measure(path):
    """Prints the lines of a set."""
    windows, later, subjects = windows_of(path)
    generator = np.random.default_rng(0)
    folds = grouped_k_fold(subjects, min(5, len(np.unique(subjects))))
    found, total, planted = 0, 0, {name: [0, 0] for name in (*DISTURBANCES,)}
    planted["three samples later"] = [0, 0]
    for fold in folds:
        rows = fold.rows(subjects)
        found += len(near_copies(windows, rows))
        total += len(rows["test"])
        for name, counts in planted.items():
            moves = np.linalg.norm(windows, axis=2).std(axis=1) > 0.05
            source = rows["train"][moves[rows["train"]]]
            count = min(NUM_PLANTED, len(source), len(rows["test"]))
            source = generator.choice(source, count, replace=False)
            target = rows["test"][:count]
            copied = windows.copy()
            disturb = DISTURBANCES.get(name)
            copied[target] = (
                later[source]
                if disturb is None
                else disturb(windows[source], generator)
            )
            counts[0] += int(np.isin(near_copies(copied, rows), target).sum())
            counts[1] += count
    shares = " | ".join(f"{100 * a / b:.1f}" for a, b in planted.values())
    print(f"| {path.stem} | {found} of {total:,} | {shares} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    args = parser.parse_args()
    names = [*DISTURBANCES, "three samples later"]
    print(f"| set | false alarms | found, %: {' | '.join(names)} |")
    print("|---|---:|" + "---:|" * len(names))
    paths = [*args.data.rglob("*.zip"), *args.data.rglob("*.npz")]
    for path in sorted(paths):
        try:
            measure(path)
        except ValueError as error:
            print(f"| {path.stem} | not read: {str(error)[:60]} |")


if __name__ == "__main__":
    main()
