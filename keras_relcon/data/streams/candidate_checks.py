"""What `CandidateGroups` asks of its arguments, and what it leaves out."""

import warnings

import numpy as np

from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.piece_table import POLICIES

MOST_NAMES = 20


def check_store(store):
    if not isinstance(store, WindowStore):
        raise TypeError(
            "`store` must be a `WindowStore`. "
            f"Received: store of type {type(store).__name__}. Make one with "
            "`WindowStore.from_recordings`, `WindowStore.create` or, of a TFDS "
            "dataset, `groups_from_tfds`."
        )


def check_sizes(batch_size, num_candidates, seed, steps_per_epoch):
    if not is_whole(batch_size) or batch_size < 2:
        raise ValueError(
            "`batch_size` must be at least 2, a whole number: the other "
            "anchors of a batch are candidates too. "
            f"Received: batch_size={batch_size}. Use 64."
        )
    if not is_whole(num_candidates) or num_candidates < 1:
        raise ValueError(
            "`num_candidates` must be at least 1, a whole number. "
            f"Received: num_candidates={num_candidates}. Use 20."
        )
    check_seed_and_steps(seed, steps_per_epoch)


def check_seed_and_steps(seed, steps_per_epoch):
    if not is_whole(seed) or not 0 <= seed < 2**64:
        raise ValueError(
            "`seed` must be in [0, 2**64), a whole number. "
            f"Received: seed={seed}. Use 0."
        )
    if steps_per_epoch is None:
        return
    if not is_whole(steps_per_epoch) or steps_per_epoch < 1:
        raise ValueError(
            "`steps_per_epoch` must be at least 1, a whole number, or None. "
            f"Received: steps_per_epoch={steps_per_epoch}. Leave it out for "
            "all the windows of the store."
        )


def is_whole(number):
    return isinstance(number, (int, np.integer))


def check_policy(policy, span_seconds, minimum_std_g):
    if policy not in POLICIES:
        raise ValueError(
            f"`policy` must be one of {list(POLICIES)}. "
            f"Received: policy={policy!r}. Use one of these."
        )
    has_span = span_seconds is not None
    if has_span != (policy == "time_span") or (has_span and span_seconds <= 0):
        raise ValueError(
            '`span_seconds` must be positive with `policy="time_span"`, and '
            "None with any other. Received: "
            f"policy={policy!r}, span_seconds={span_seconds}. Pass both, or "
            "neither."
        )
    check_minimum_std(minimum_std_g)


def check_minimum_std(minimum_std_g):
    if minimum_std_g is not None and not minimum_std_g > 0:
        raise ValueError(
            "`minimum_std_g` must be positive, or None. "
            f"Received: minimum_std_g={minimum_std_g}. Use None to keep "
            "windows at rest."
        )


def check_anchors(num_anchors, batch_size):
    if num_anchors < batch_size:
        raise ValueError(
            "Each epoch must have at least one batch of anchors with enough "
            f"candidates. Received: {num_anchors} anchors for "
            f"batch_size={batch_size}. Use a longer `span_seconds`, a smaller "
            "`num_candidates` or more data."
        )


def report_left_out(left_out, num_kept, needed, num_others, num_windows):
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


def check_shard(num_shards, shard_index, num_rows=None):
    """Raises a ValueError unless there is such a shard, of equal parts."""
    is_count = is_whole(shard_index) and is_whole(num_shards)
    if not is_count or not 0 <= shard_index < num_shards:
        raise ValueError(
            "`shard_index` must be in [0, num_shards), both whole numbers. "
            f"Received: shard_index={shard_index}, num_shards={num_shards}. "
            "Count the shards from 0."
        )
    if num_rows is not None and num_rows % num_shards:
        raise ValueError(
            "A batch must be shared evenly. Received: "
            f"num_shards={num_shards} for batches of {num_rows} groups. Use "
            "a `batch_size` that is a multiple of `num_shards`."
        )
