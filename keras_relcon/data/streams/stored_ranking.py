"""The order of the candidates of fixed groups of windows, kept in a file."""

import hashlib

import h5py
import numpy as np

from keras_relcon import checks
from keras_relcon.data.streams.subject_blocks import SubjectAt
from keras_relcon.kept_files import check_room, replacing

SPARE_BYTES = 1 << 17  # of HDF5's own
FORMAT = "keras_relcon ranking"
# What reading a truncated or foreign file may raise.
DAMAGE = (OSError, KeyError, ValueError, RuntimeError)


class StoredRanking:
    """Groups of windows, and how near the windows of a group are.

    Args:
        starts: `(groups, batch)` int64. Where each window begins in the signal
            of the store.
        ranks: `(groups, batch, batch - 1)` uint8. Of each window the ranks of
            the others, the nearest 0; those that follow it in the group come
            first, then, from its beginning, those before it. Equal distances
            have equal ranks.
        facts: dict of str, int or float. `signal`, the checksum of the store;
            `num_candidates`; and what made the ranking.
    """

    def __init__(self, starts, ranks, facts):
        self.starts = np.asarray(starts, dtype=np.int64)
        self.ranks = np.asarray(ranks, dtype=np.uint8)
        self.facts = dict(facts)

    def check_is_of(self, groups):
        """Raises a ValueError unless groups can be those of the ranking.

        Args:
            groups: `CandidateGroups` of the same store and sizes.
        """
        received = {**self.facts, "batch_size": self.starts.shape[1]}
        expected = {
            "signal": groups.signal_sha256(),
            "batch_size": groups.batch_size,
            "num_candidates": groups.num_candidates,
        }
        for name in ("minimum_std_g", "max_blocks"):
            # Not set, they are those of the ranking.
            if getattr(groups, name) is not None:
                expected[name] = getattr(groups, name)
        for name, value in expected.items():
            if received.get(name) != value:
                raise ValueError(
                    checks.message(
                        "`ranking` must be of this store, and of groups of "
                        "this size.",
                        f"{name}={received.get(name)} there, {value} here",
                        "Rank the groups of this store with `rank_groups`.",
                    )
                )

    def sha256(self):
        """Checksum of the groups and their ranks, as hex digits."""
        digest = hashlib.sha256(self.starts.tobytes())
        digest.update(self.ranks.tobytes())
        return digest.hexdigest()

    def save(self, path):
        """Writes an HDF5 file, in one piece."""
        with replacing(path) as temporary:
            size = self.starts.nbytes + self.ranks.nbytes
            check_room(temporary, size + size // 8 + SPARE_BYTES)
            with h5py.File(temporary, "w") as file:
                file.attrs["format"] = FORMAT
                for name, value in self.facts.items():
                    file.attrs[name] = value
                for name in ("starts", "ranks"):
                    file.create_dataset(
                        name,
                        data=getattr(self, name),
                        chunks=True,
                        fletcher32=True,
                    )

    @classmethod
    def load(cls, path):
        """Reads a file that `save` wrote.

        Raises:
            FileNotFoundError: if there is no file.
            ValueError: if it is damaged, or no ranking.
        """
        try:
            with h5py.File(path, "r") as file:
                facts = dict(file.attrs)
                if facts.pop("format", None) != FORMAT:
                    raise ValueError("another kind of file")
                return cls(file["starts"][:], file["ranks"][:], facts)
        except FileNotFoundError:
            raise
        except DAMAGE as error:
            raise ValueError(
                checks.message(
                    "`ranking` must be a file that `rank_groups` wrote.",
                    f"{str(path)!r}: {error}",
                    "Write it again.",
                )
            ) from error


class RankedGroups:
    """Draws the groups of a ranking, in another order each round.

    Args:
        store: `WindowStore`.
        ranking: `StoredRanking` of it.
    """

    def __init__(self, store, ranking):
        self.ranking = ranking
        self.num_windows = ranking.starts.size
        self.num_batches, self.batch_size = ranking.starts.shape
        self.subject_at = SubjectAt(store)

    def shapes(self, num_rows):
        """Shape of each part of windows, and `(shape, dtype)` of the rest."""
        rest = {
            "subject": ((num_rows,), "int32"),
            "ranks": ((num_rows, self.batch_size - 1), "uint8"),
        }
        return {"anchor": (num_rows,)}, rest

    def draw_round(self, generator_of):
        """The order of the groups; see `OwnCandidates`."""
        return generator_of(0).permutation(self.num_batches)

    def draw(self, drawn, position, generator_of, rows):
        """Where the windows of a group begin, whose they are, and ranks."""
        group = drawn[position]
        starts = self.ranking.starts[group, rows]
        rest = {
            "subject": self.subject_at(starts),
            "ranks": self.ranking.ranks[group, rows],
        }
        return {"anchor": starts}, rest


def ranks_of(distances):
    """Ranks within each row, from 0, the nearest; equal where equal.

    Args:
        distances: `(..., candidates)`. Infinite ranks last.

    Returns:
        `(..., candidates)` uint8.
    """
    order = np.argsort(distances, axis=-1, kind="stable")
    ordered = np.take_along_axis(distances, order, axis=-1)
    is_farther = ordered[..., 1:] > ordered[..., :-1]
    steps = np.cumsum(is_farther, axis=-1, dtype=np.uint8)
    ranks = np.zeros(distances.shape, dtype=np.uint8)
    np.put_along_axis(ranks, order[..., 1:], steps, axis=-1)
    return ranks
