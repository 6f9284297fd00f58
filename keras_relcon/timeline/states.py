"""What each moment of a recording counts as: one number a window.

The states of a timeline are what a worn window may count as, such as its
classes and "unknown", then "not worn" and "not measured".
"""

import numpy as np

UNKNOWN = "unknown"
NOT_WORN = "not worn"
NOT_MEASURED = "not measured"
OTHERS = (UNKNOWN, NOT_WORN, NOT_MEASURED)


def state_names(timeline):
    """Names of the states, in their order."""
    return (*timeline.worn_names, NOT_WORN, NOT_MEASURED)


def state_of_windows(timeline):
    """`(num_windows,)` int: the state of each window."""
    num_worn = len(timeline.worn_names)
    state = np.where(timeline.worn, timeline.worn_states, num_worn)
    return np.where(timeline.valid, state, num_worn + 1)


def stretches(timeline):
    """The whole recording as stretches of one state.

    Time that no window covers, such as the last seconds, was not measured.

    Returns:
        `(edges, states)`: `(num_stretches + 1,)` float64, seconds from 0 to
        the end of the recording, and `(num_stretches,)` int.
    """
    starts, ends = timeline.start_seconds, timeline.end_seconds
    edges = np.unique(np.concatenate([[0, timeline.duration], starts, ends]))
    window = np.searchsorted(starts, edges[:-1], side="right") - 1
    is_inside = window >= 0
    is_inside[is_inside] = edges[:-1][is_inside] < ends[window[is_inside]]
    not_measured = len(state_names(timeline)) - 1
    states = np.full(len(window), not_measured)
    states[is_inside] = state_of_windows(timeline)[window[is_inside]]
    is_new = np.append(True, states[1:] != states[:-1])
    return np.append(edges[:-1][is_new], edges[-1]), states[is_new]


def seconds_in_bins(edges, states, num_states, bin_edges):
    """Adds up how long each state lasts in each bin of time.

    Args:
        edges, states: as of `stretches`.
        num_states: int.
        bin_edges: `(num_bins + 1,)` float64, rising seconds that cover all.

    Returns:
        `(num_bins, num_states)` float64, seconds.
    """
    inner = bin_edges[(bin_edges > edges[0]) & (bin_edges < edges[-1])]
    cuts = np.unique(np.concatenate([edges, inner]))
    state = states[np.searchsorted(edges, cuts[:-1], side="right") - 1]
    in_bin = np.searchsorted(bin_edges, cuts[:-1], side="right") - 1
    num_bins = len(bin_edges) - 1
    in_bin = np.clip(in_bin, 0, num_bins - 1)
    found = np.bincount(
        in_bin * num_states + state,
        weights=np.diff(cuts),
        minlength=num_bins * num_states,
    )
    return found.reshape(num_bins, num_states)


def mean_in_bins(timeline, values, weight_mask, bin_edges):
    """Means of a value of windows over bins of time.

    A window counts by its length, in the bin where its middle is.

    Args:
        timeline: `WindowTimeline`.
        values: `(num_windows,)` float. NaN does not count.
        weight_mask: `(num_windows,)` bool. Which windows count.
        bin_edges: `(num_bins + 1,)` float64, seconds.

    Returns:
        `(num_bins,)` float64; NaN where no window counts.
    """
    starts, ends = timeline.start_seconds, timeline.end_seconds
    counts = weight_mask & np.isfinite(values)
    in_bin = np.searchsorted(bin_edges, (starts + ends) / 2, side="right") - 1
    num_bins = len(bin_edges) - 1
    in_bin = np.clip(in_bin, 0, num_bins - 1)[counts]
    length = (ends - starts)[counts]
    total = np.bincount(
        in_bin, np.asarray(values, np.float64)[counts] * length, num_bins
    )
    with np.errstate(invalid="ignore"):
        return total / np.bincount(in_bin, length, num_bins)
