"""How the pairs of a batch are ranked: who is compared with whom, and how.

The order of candidates, which `RelConModel` shares; the chunks in which pairs
pass, so that their attention fits into memory; the compiled rows; and whether
kernels for a GPU take part. `motif_distance.py` says what the distance is.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_relcon.checks import message
from keras_relcon.models.backend_programs import compiled, has_accelerator
from keras_relcon.models.candidate_group import (
    check_candidate_group,
    check_num_anchors,
)
from keras_relcon.types import Tensor

# On a CPU, whose cache then holds most of the attention of a chunk; TensorFlow
# works on two chunks at once.
PAIRS_PER_CHUNK = {"tensorflow": 8, "jax": 16, "torch": 32}
# Small steps would leave it idle.
ACCELERATOR_PAIRS_PER_CHUNK = 2048
# Of NVIDIA's compute capability: from here on tensor cores multiply bfloat16.
LEAST_CAPABILITY = 8.0
# Where the kernels that rank have been run: H100 and H200.
SHOWN_CAPABILITY = 9.0


def candidate_index(batch_size, num_candidates, num_anchors=None, first=0):
    """Which windows of the pool are candidates of which anchor.

    The pool is all anchors, then the within-subject candidates of the batch.
    Row `i` lists the anchors after anchor `first + i`, modulo their number,
    then the candidates of row `i`.

    Args:
        batch_size: int. Rows, the anchors of this replica.
        num_candidates: int. Within-subject candidates of each.
        num_anchors: int. Anchors of all replicas. Defaults to `batch_size`.
        first: int. Which of them is that of row 0. Defaults to `0`.

    Returns:
        `(batch_size, num_anchors - 1 + num_candidates)` int32.
    """
    num_anchors = batch_size if num_anchors is None else num_anchors
    row = ops.arange(batch_size, dtype="int32")[:, None]
    step = ops.arange(1, num_anchors, dtype="int32")[None, :]
    within = ops.arange(num_candidates, dtype="int32")[None, :]
    return ops.concatenate(
        [
            (first + row + step) % num_anchors,
            num_anchors + row * num_candidates + within,
        ],
        axis=1,
    )


def candidate_pool(anchors, candidates):
    """Stacks anchors and candidates, `(anchors + batch * candidates, ...)`."""
    shape = ops.shape(candidates)
    flat = ops.reshape(candidates, (shape[0] * shape[1], *shape[2:]))
    return ops.concatenate([anchors, flat], axis=0)


def same_subject(subject, subjects, first=0):
    """Which candidates are of the anchor's subject, of windows alone.

    Args:
        subject: `(batch,)` int. Of the rows of this replica.
        subjects: `(anchors,)` int. Of all replicas.
        first: int. Which of them is that of row 0. Defaults to `0`.

    Returns:
        `(batch, anchors - 1)` bool, in the order of `candidate_index`.
    """
    num_rows, num_anchors = ops.shape(subject)[0], ops.shape(subjects)[0]
    index = candidate_index(num_rows, 0, num_anchors, first)
    return ops.take(subjects, index, axis=0) == subject[:, None]


def within_subject_share(distances, is_within):
    """How many of an anchor's nearest candidates are of its own subject.

    Args:
        distances: `(batch, candidates)`, g**2, in the order of
            `candidate_index`.
        is_within: `(batch, candidates)` or `(candidates,)` bool. The
            candidates of the anchor's subject; as many of the nearest count,
            and all that are as near.

    Returns:
        `(batch,)` float32, a share; 0 for an anchor without such candidates.
    """
    is_within = ops.broadcast_to(is_within, ops.shape(distances))
    num_within = ops.sum(ops.cast(is_within, "int32"), axis=1)
    last = ops.maximum(num_within - 1, 0)[:, None]
    reach = ops.take_along_axis(ops.sort(distances, axis=1), last, axis=1)
    nearest = ops.cast(distances <= reach, "float32")
    within = ops.sum(nearest * ops.cast(is_within, "float32"), axis=1)
    return within / ops.sum(nearest, axis=1)


class PairRanking:
    """Mixin of a distance: compares many pairs, in chunks and compiled.

    `MotifDistance` has the parts that this calls, `pairs_per_chunk` and
    `ranking_kernels`; its `build` calls `_build_ranking`. A distance that
    compares a pair in another way overrides `_pair_function`.
    """

    _as_tensors: Callable[..., Any]

    def _build_ranking(self):
        self._pair_by_pair = compiled(self._pair_by_pair_distances, self)
        self._group = compiled(self._group_distances, self, num_shared=1)

    def distance(self, anchors: Tensor, candidates: Tensor) -> Tensor:
        """Motif distance, pair by pair (Eq. 1).

        Compiled on TensorFlow and JAX, once per shape. No gradient flows
        through it; see `reconstruct`.

        Args:
            anchors, candidates: `(batch, time, channels)`, g.

        Returns:
            `(batch,)` float32, g**2. Infinite where it cannot be computed.

        Raises:
            ValueError: if the two differ in shape, are no windows or none at
                all, or have other channels than the distance was built for.
        """
        anchors, candidates = self._as_tensors(
            anchors=anchors, candidates=candidates
        )
        shapes = tuple(anchors.shape), tuple(candidates.shape)
        if shapes[0] != shapes[1] or shapes[0][0] == 0:
            raise ValueError(
                message(
                    "`anchors` and `candidates` are compared pair by pair, and "
                    "must have one shape, of one window or more.",
                    f"anchors {shapes[0]}, candidates {shapes[1]}",
                    "See `candidate_distances` for each anchor with several.",
                )
            )
        return self._pair_by_pair(anchors, candidates)

    def _pair_by_pair_distances(self, anchors, candidates):
        index = ops.arange(ops.shape(anchors)[0], dtype="int32")
        return self._rank_pairs(anchors, candidates, index, index)

    def candidate_distances(
        self, anchors: Tensor, candidates: Tensor, first: Any = None
    ) -> Tensor:
        """Distances from each anchor to all of its candidates.

        The candidates of an anchor are the other anchors of the batch and its
        own within-subject windows, in the order of `candidate_index`. Keys and
        values are computed once per candidate, queries once per pair, in chunks
        of `pairs_per_chunk` pairs; with `normalization="anchor"` it is the
        other way round, at twice the work, and with `"none"` each is computed
        once per window. Compiled on TensorFlow and JAX, once per shape. No
        gradient flows through it; see `reconstruct`.

        Args:
            anchors: `(batch, time, channels)`, g, with a batch of 2 or more.
            candidates: `(batch, num_candidates, time, channels)`, g.
            first: int. Given where the anchors are those of all replicas:
                which of them is that of the first row of `candidates`; only
                the anchors that have candidates are ranked. Defaults to
                `None`: all anchors have candidates.

        Returns:
            `(batch, anchors - 1 + num_candidates)` float32, g**2. Infinite
            where it cannot be computed, so that such a candidate ranks last.

        Raises:
            ValueError: if the shapes are not those above, or of other channels
                than the distance was built for.
        """
        anchors = ops.convert_to_tensor(anchors)
        candidates = ops.convert_to_tensor(candidates)
        is_gathered = first is not None
        check_candidate_group(anchors.shape, candidates.shape, is_gathered)
        check_num_anchors(anchors.shape[0])
        flat = ops.reshape(candidates, (-1, *ops.shape(candidates)[2:]))
        anchors, flat = self._as_tensors(anchors=anchors, candidates=flat)
        rows = ops.arange(ops.shape(candidates)[0], dtype="int32")
        return self._group(
            anchors,
            ops.reshape(
                flat, (*ops.shape(candidates)[:2], *ops.shape(flat)[1:])
            ),
            rows + first if is_gathered else rows,
        )

    def _group_distances(self, anchors, candidates, rows):
        """`rows`: which of the anchors the candidates belong to, in order."""
        index = candidate_index(
            *ops.shape(candidates)[:2], ops.shape(anchors)[0], rows[0]
        )
        anchor_index = ops.broadcast_to(rows[:, None], ops.shape(index))
        distances = self._rank_pairs(
            anchors,
            candidate_pool(anchors, candidates),
            ops.reshape(anchor_index, (-1,)),
            ops.reshape(index, (-1,)),
        )
        return ops.reshape(distances, ops.shape(index))

    def _rank_pairs(self, anchors, pool, anchor_index, pool_index):
        """Distances from `anchors[anchor_index]` to `pool[pool_index]`."""
        function = self._pair_function(
            anchors, pool, chosen_kernels(self.ranking_kernels)
        )
        distances = self._map_chunks(function, anchor_index, pool_index)
        distances = ops.stop_gradient(distances)
        return ops.where(ops.isfinite(distances), distances, float("inf"))

    def _pair_function(self, anchors, pool, fast):
        """Compares `anchors[i]` with `pool[j]`, given a chunk of both indices.

        `fast`: kernels for a GPU, or `None`.
        """
        # What depends on one window alone is computed once for each.
        queries = keys = values = None
        if self.normalization != "candidate":
            queries = self._map_windows(self._query, anchors, fast)
        if self.normalization != "anchor":
            keys, values = self._map_windows(self._keys_and_values, pool, fast)

        def pair_distances(index):
            anchor_index, pool_index = index
            anchor = ops.take(anchors, anchor_index, axis=0)
            candidate = ops.take(pool, pool_index, axis=0)
            statistics = self._statistics(anchor, candidate)
            if queries is None:
                query = self._query(anchor, statistics, fast)
            else:
                query = ops.take(queries, anchor_index, axis=0)
            if keys is None:
                key, value = self._keys_and_values(candidate, statistics, fast)
            else:
                key = ops.take(keys, pool_index, axis=0)
                value = ops.take(values, pool_index, axis=0)
            if fast is None:
                output = self.cross_attention.attend(query, key, value)
            else:
                output = self.cross_attention.infer(query, key, value, fast)
            return squared_errors(
                anchor, self.rev_in.denormalize(output, statistics)
            )

        return pair_distances

    def _map_windows(self, function, windows, fast):
        """Maps `_query` or `_keys_and_values` over chunks of windows."""

        def function_of_chunk(index):
            chunk = ops.take(windows, index[0], axis=0)
            statistics = self._statistics(chunk, chunk)
            return function(chunk, statistics, fast)

        index = ops.arange(ops.shape(windows)[0], dtype="int32")
        return self._map_chunks(function_of_chunk, index)

    def _map_chunks(self, function, *indices):
        """Maps a function of index vectors over chunks of them.

        The last chunk is filled with repeats of the first entry, whose results
        are dropped, so every chunk has one shape.
        """
        chunk_size = self.pairs_per_chunk
        if chunk_size is None and has_accelerator():
            chunk_size = ACCELERATOR_PAIRS_PER_CHUNK
        elif chunk_size is None:
            chunk_size = PAIRS_PER_CHUNK[keras.backend.backend()]
        size = ops.shape(indices[0])[0]
        num_chunks = (size + chunk_size - 1) // chunk_size
        chunk_size = (size + num_chunks - 1) // num_chunks  # of even size
        padding = num_chunks * chunk_size - size
        chunks = [
            ops.reshape(
                ops.concatenate([index, ops.zeros((padding,), dtype="int32")]),
                (num_chunks, chunk_size),
            )
            for index in indices
        ]
        results = ops.map(function, tuple(chunks))
        return keras.tree.map_structure(
            lambda result: ops.reshape(result, (-1, *ops.shape(result)[2:]))[
                :size
            ],
            results,
        )


def squared_errors(x, y):
    """Summed over time and channels, `(batch,)` float32."""
    error = ops.cast(x, "float32") - ops.cast(y, "float32")
    return ops.sum(ops.square(error), axis=(1, 2))


def chosen_kernels(choice=None):
    """The module whose kernels rank candidates on this machine, or `None`.

    Args:
        choice: bool. Whether to take them where they can be had. Defaults to
            `None`: where they have been run.
    """
    if choice is False or keras.backend.backend() != "jax":
        return None
    from keras_relcon.layers.kernels import jax_device

    capability = jax_device.compute_capability()
    is_shown = capability == SHOWN_CAPABILITY
    if not (is_shown or (choice and capability >= LEAST_CAPABILITY)):
        return None
    try:
        # Here, because only a GPU needs it, and not every JAX has it.
        from keras_relcon.layers.kernels import jax_ranking
    except ImportError:
        return None
    return jax_ranking
