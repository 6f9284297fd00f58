"""How often one person under two names is found, and two people taken for one.

    python benchmarks/people_alike.py DATA

DATA is a folder with archives that `load_recordings` reads, and `.npz` files
of the corpus. Of each it prints the pairs of people who are taken for one, as
the set is; then of how many people, each in turn under two names, these are
found: every other ten windows under the second name (as of one session), or
the second half of the time (as of another session, with other activities).
"""

import argparse
from pathlib import Path

import numpy as np

from keras_relcon.data import load_recordings, make_windows
from keras_relcon.evaluation.people import people_alike

RATE_HZ, LENGTH = 50, 128
MOST_WINDOWS = 5_000
OTHER = " under another name"


def every_other_ten(count):
    return np.arange(count) // 10 % 2 == 1


def second_half(count):
    return np.arange(count) >= count // 2


def windows_of(path):
    windows = make_windows(load_recordings(path), RATE_HZ, LENGTH, LENGTH)
    windows = windows.select(windows.valid)
    step = -(-len(windows) // MOST_WINDOWS)
    return windows.select(np.arange(len(windows)) % step == 0)


def measure(path):
    """Prints the line of a set."""
    windows = windows_of(path)
    signal, subjects = windows.acceleration, windows.subjects.astype(str)
    names, counts = np.unique(subjects, return_counts=True)
    names = names[counts >= 40]  # 20 under each name
    false = people_alike(signal, subjects)
    num_pairs = len(names) * (len(names) - 1) // 2
    cells = [f"{len(false)} of {num_pairs}"]
    for is_other in (every_other_ten, second_half):
        num_found = 0
        for name in names:
            rows = np.flatnonzero(subjects == name)
            rows = rows[
                np.lexsort(
                    (windows.start_seconds[rows], windows.recordings[rows])
                )
            ]
            split = subjects.astype(object)
            split[rows[is_other(len(rows))]] = name + OTHER
            pair = {name, name + OTHER}
            found = people_alike(signal, split.astype(str))
            num_found += any({one, other} == pair for one, other, _ in found)
        cells.append(f"{num_found} of {len(names)}")
    print(f"| {path.stem} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data
    print("| set | two people | every other ten windows | second half |")
    print("|---|---|---|---|")
    for path in sorted([*folder.glob("*.npz"), *folder.glob("*.zip")]):
        measure(path)


if __name__ == "__main__":
    main()
