"""How many things can be computed at the same time."""

import os


def num_cores() -> int:
    """The CPU cores that this process may use; the machine may have more."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
