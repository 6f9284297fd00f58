"""Leaves out subjects and recordings with too few windows, with a warning."""

import warnings

import numpy as np

from keras_relcon.data.streams.candidate_cells import CandidateCells

MOST_NAMES = 20


def leave_out_small_groups(table, num_candidates, allow_overlap, place):
    """Keeps those pieces of a table that have enough windows.

    Args:
        table: `PieceTable`. Is changed.
        num_candidates: int. That an anchor needs.
        allow_overlap: bool. Whether an anchor may be its own candidate.
        place: str. Where the candidates must be, for the warning.

    Returns:
        `(left_out, num_anchors)`: dict of subject to number of windows, and
        how many anchors stay, whatever the shift.

    Raises:
        ValueError: if no subject has enough windows.
    """
    windows, anchors = [], []
    for shift in table.trial_shifts():
        cells = CandidateCells(table, shift)
        windows.append(cells.num_per_piece())
        anchors.append(cells.anchors_per_piece(num_candidates))
    windows, anchors = np.min(windows, axis=0), np.min(anchors, axis=0)
    needed = num_candidates + (not allow_overlap)
    # Of a time span, those with enough neighbours were counted.
    least = needed if table.span is None else 1
    is_large = np.bincount(table.group, anchors) >= least
    is_kept = is_large[table.group]
    subjects = np.array([piece.subject for piece in table.pieces])
    kept = set(subjects[is_kept].tolist())
    left_out = {
        name: int(windows[subjects == name].sum())
        for name in np.unique(subjects).tolist()
        if name not in kept
    }
    _report(
        left_out,
        len(kept),
        f"{needed} windows{place}",
        int(windows[~is_kept].sum()) - sum(left_out.values()),
        int(windows.sum()),
    )
    table.select(is_kept)
    return left_out, int(anchors[is_kept].sum())


def _report(left_out, num_kept, needed, num_others, num_windows):
    """Warns of what has too few windows; raises if that is everything.

    Args:
        left_out: dict of subject to number of windows.
        num_kept: int. Subjects that stay.
        needed: str. How many windows are needed, and where.
        num_others: int. Windows left out of subjects that stay.
        num_windows: int. Windows of the store.
    """
    if not num_kept:
        raise ValueError(
            f"At least one subject must have {needed} that do not overlap, "
            "after any shift: an anchor and its candidates. Received: at most "
            f"{max(left_out.values())} per subject. Use a smaller "
            "`num_candidates` or longer recordings."
        )
    parts = []
    if left_out:
        names = [f"{name} ({count})" for name, count in left_out.items()]
        more = len(names) - MOST_NAMES
        names[MOST_NAMES:] = [f"{more} more"] * (more > 0)
        parts.append(
            f"{len(left_out)} of {len(left_out) + num_kept} subjects have "
            f"fewer than {needed} and are left out; with their windows: "
            f"{', '.join(names)}."
        )
    if num_others:
        parts.append(
            f"{num_others} of {num_windows} windows, of other subjects, have "
            f"fewer than {needed} and are left out."
        )
    if parts:
        warnings.warn(" ".join(parts), stacklevel=4)
