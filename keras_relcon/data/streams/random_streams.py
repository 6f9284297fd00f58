"""Random numbers that depend on where they are used, not on the order."""

import numpy as np


def generator(seed, epoch, index, stream):
    """A generator of its own for each (seed, epoch, index, stream).

    Philox is a cipher of a counter: the upper words of the counter keep the
    streams apart, 2**128 blocks each.
    """
    return np.random.Generator(
        np.random.Philox(
            key=np.array([seed, epoch], dtype=np.uint64),
            counter=np.array([0, 0, index, stream], dtype=np.uint64),
        )
    )


def draw_distinct(rng, num_items, num_draws):
    """Draws distinct items of `[0, num_items)`, for each row at once.

    Floyd's algorithm: draw `j` picks from the first `num_items - num_draws +
    j + 1` items, and takes the last of them if its pick was taken before.
    Every set is equally likely, at a cost that does not grow with num_items.
    A shuffle of each row then makes every order equally likely.

    Args:
        num_items: `(rows,)` int, each at least `num_draws`.

    Returns:
        `(rows, num_draws)` int.
    """
    last = num_items[:, None] - num_draws + np.arange(num_draws)
    picks = rng.integers(last + 1)
    for j in range(1, num_draws):
        is_taken = (picks[:, :j] == picks[:, j : j + 1]).any(axis=1)
        picks[is_taken, j] = last[is_taken, j]
    return rng.permuted(picks, axis=1)
