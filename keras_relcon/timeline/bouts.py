"""Bouts: stretches of one class that last a while."""

import numpy as np

from keras_relcon.timeline.states import state_of_windows

_SLACK = 1e-6  # seconds: what rounding takes


def find_bouts(timeline, min_seconds, max_gap_seconds):
    """Finds the bouts of each class, as `Timeline.bouts` says.

    Returns:
        `(first, last, label)`: three `(num_bouts,)` int, the first and the
        last window of each bout and its class, in the order of time.
    """
    states = state_of_windows(timeline)
    starts, ends = timeline.start_seconds, timeline.end_seconds
    if not len(states):
        return (np.empty(0, int),) * 3
    # Time that was not measured, not worn, or has no window ends every bout.
    is_outside = states >= len(timeline.worn_names)
    is_apart = np.append(True, starts[1:] > ends[:-1])
    piece = np.cumsum(is_apart | is_outside)
    is_new = is_apart | np.append(True, states[1:] != states[:-1])
    run_first = np.flatnonzero(is_new)
    run_last = np.append(run_first[1:], len(states)) - 1
    found = []
    for label in range(len(timeline.classes)):
        of_label = states[run_first] == label
        first, last = run_first[of_label], run_last[of_label]
        if not len(first):
            continue
        gap = starts[first[1:]] - ends[last[:-1]]
        is_joined = (piece[first[1:]] == piece[last[:-1]]) & (
            gap <= max_gap_seconds + _SLACK
        )
        begins = np.append(True, ~is_joined)
        bout_first = first[begins]
        bout_last = last[np.append(begins[1:], True)]
        is_long = ends[bout_last] - starts[bout_first] >= min_seconds - _SLACK
        found += [
            (a, b, label)
            for a, b in zip(bout_first[is_long], bout_last[is_long])
        ]
    found = np.array(sorted(found), int).reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2]
