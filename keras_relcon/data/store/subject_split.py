"""How many subjects go to each split."""

import numpy as np


def split_counts(num_subjects, fractions):
    """Returns a list of counts, at least 1 each, closest to the fractions.

    Raises:
        ValueError: if the fractions are not positive or do not sum to 1, or
            there are fewer subjects than fractions.
    """
    fractions = np.asarray(fractions, dtype=np.float64).reshape(-1)
    is_split = len(fractions) > 0 and (fractions > 0).all()
    if not is_split or not np.isclose(fractions.sum(), 1.0):
        raise ValueError(
            "`fractions` must be positive and sum to 1. "
            f"Received: fractions={fractions.tolist()}."
        )
    if num_subjects < len(fractions):
        raise ValueError(
            "Each split needs at least one subject. "
            f"Received: {num_subjects} subjects for {len(fractions)} splits. "
            "Ask for fewer splits."
        )
    # One subject each, then the rest where the share is furthest from full.
    counts = np.ones(len(fractions), dtype=int)
    for _ in range(num_subjects - len(fractions)):
        counts[np.argmax(fractions * num_subjects - counts)] += 1
    return counts.tolist()
