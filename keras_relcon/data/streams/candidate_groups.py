"""Batches of anchors with candidates of the same subject, for training."""

import copy

import keras
import numpy as np

from keras_relcon import checks
from keras_relcon.data.streams.activity import ActivityMap
from keras_relcon.data.streams.candidate_cells import (
    POLICIES,
    CandidateCells,
    PieceTable,
)
from keras_relcon.data.streams.epoch_batches import (
    EpochBatches,
    draw_distinct,
    generator,
)
from keras_relcon.data.streams.small_groups import leave_out_small_groups
from keras_relcon.data.streams.stored_ranking import StoredRanking
from keras_relcon.data.streams.subject_blocks import (
    check_blocks,
    check_max_blocks,
    draw_blocks,
    num_sure_blocks,
)
from keras_relcon.data.streams.tf_dataset import check_shard, to_tf_dataset

# Streams of random numbers under one (seed, epoch).
CELLS, CANDIDATES, OTHER_CELLS = 0, 1, 2


class CandidateGroups(EpochBatches):
    """Draws anchors, and for each anchor windows of the same subject.

    Section 3.2 of [RelCon](https://arxiv.org/abs/2411.18822): the candidates
    of an anchor are `num_candidates` other windows of its subject, here, and
    the other anchors of the batch, taken by the model.

    In each epoch every piece of signal is cut into windows side by side,
    after a random shift, so two of them never overlap. Each window is an
    anchor at most once in an epoch. Candidates are distinct, and drawn
    uniformly. Subjects with too few windows are left out, with a warning, and
    are in `left_out`, a dict of subject to number of windows.

    Every batch depends on `(seed, epoch, index)` alone: it is the same on any
    worker, in any order, in a new process, and from a store in memory or in a
    file. Only whole batches are given. To continue an interrupted training,
    see `keras_relcon.training.ResumableTraining`, or set `epoch` to the first
    epoch to run.

    Args:
        store: `WindowStore`. For a TFDS dataset see
            `keras_relcon.data.groups_from_tfds`.
        batch_size: int. Anchors per batch, at least 2. Defaults to `64`.
        num_candidates: int. Within-subject candidates per anchor, at least 1.
            Defaults to `20`.
        seed: int. Not negative. Defaults to `0`.
        steps_per_epoch: int. Batches per epoch. More than the store has
            anchors for goes on with a new shift and order. Defaults to what
            the store has anchors for, whatever the shift.
        is_fixed: bool. Whether every epoch is the same, as for validation.
            Defaults to `False`.
        policy: str. Where candidates come from: `"subject"`, all of the
            anchor's subject; `"recording"`, the anchor's recording;
            `"time_span"`, windows that begin within `span_seconds` of the
            anchor, in recordings of the subject on one clock (they have a
            `start_time` and do not overlap), else in the anchor's recording.
            Defaults to `"subject"`.
        span_seconds: float. For `"time_span"` only. Defaults to `None`.
        allow_overlap: bool. Whether candidates may overlap the anchor: they
            are then cut with a shift of their own. They never overlap each
            other. Defaults to `False`.
        minimum_std_g: float. Leaves out windows at rest: the standard
            deviation of every axis is below. Reads the whole store once; then
            shifts are multiples of a quarter of a window. Defaults to `None`.
        anchors: str. `"one"`: each anchor has candidates of its own. `"all"`:
            a batch is of `num_candidates + 1` windows of each of several
            subjects (recordings, with that policy), which follow each other,
            and every window is an anchor, for `RelConModel(...,
            anchors="all")`. Such a batch ranks many pairs, and has few
            windows. Defaults to `"one"`.
        max_blocks: int. With `anchors="all"`, how often a subject (a
            recording, with that policy) may come in an epoch at most, so that
            those with many hours do not outweigh all others. Defaults to
            `None`: as often as it has windows for.
        ranking: str or path. A file of `keras_relcon.data.rank_groups`: the
            batches are its groups, in another order each epoch, with the order
            of their candidates. For `anchors="all"`. Defaults to `None`.
        **kwargs: `workers`, `use_multiprocessing` and `max_queue_size` of
            `keras.utils.PyDataset`.

    Returns:
        Each item is a dict: `"anchor"`, `(batch_size, window_length, 3)`, and
        `"candidates"`, `(batch_size, num_candidates, window_length, 3)`,
        float32, g. With `anchors="all"` no `"candidates"`, but `"subject"`,
        `(batch_size,)` int32, the place of its subject among
        `store.subjects`; with `ranking` also `"ranks"`, `(batch_size,
        batch_size - 1)` uint8, in the order of `candidate_index`.

    Raises:
        TypeError: if `store` is no `WindowStore`.
        FileNotFoundError: if there is no file `ranking`.
        ValueError: if an argument is wrong, the store has too few windows, or
            `ranking` is of another store or of groups of another size.

    Differs from the released code: its candidates come from the same subject
    and the same hour of the clock; `policy="time_span", span_seconds=3600`
    takes those within an hour of the anchor.

    Example:

    >>> groups = CandidateGroups(store, batch_size=64, num_candidates=20)
    >>> model.fit(groups, epochs=10)
    """

    settings = EpochBatches.settings + (
        "num_candidates",
        "policy",
        "span_seconds",
        "allow_overlap",
    )

    def __init__(
        self,
        store,
        batch_size=64,
        num_candidates=20,
        seed=0,
        steps_per_epoch=None,
        is_fixed=False,
        policy="subject",
        span_seconds=None,
        allow_overlap=False,
        minimum_std_g=None,
        anchors="one",
        ranking=None,
        max_blocks=None,
        **kwargs,
    ):
        super().__init__(
            store,
            batch_size,
            seed,
            steps_per_epoch,
            is_fixed,
            minimum_std_g,
            **kwargs,
        )
        # The other anchors of a batch are candidates too.
        checks.check_whole("batch_size", batch_size, 2, "Use 64.")
        checks.check_whole("num_candidates", num_candidates, 1, "Use 20.")
        check_policy(policy, span_seconds)
        checks.check_one_of("anchors", anchors, ("one", "all"))
        if anchors == "all":
            check_blocks(batch_size, num_candidates, policy, allow_overlap)
        elif ranking is not None:
            raise ValueError(
                checks.message(
                    '`ranking` goes with `anchors="all"`.',
                    {"anchors": anchors, "ranking": str(ranking)},
                    'Set `anchors="all"`, or leave the ranking out.',
                )
            )
        if max_blocks is not None:
            check_max_blocks(max_blocks, anchors)
        self.num_candidates = num_candidates
        self.anchors = anchors
        self.max_blocks = max_blocks
        self.policy = policy
        self.span_seconds = span_seconds
        self.allow_overlap = allow_overlap
        self._table = self._make_table()
        place = {"subject": "", "recording": " in one recording"}
        self.left_out, num_sure = leave_out_small_groups(
            self._table,
            num_candidates,
            allow_overlap,
            place.get(policy, f" within {span_seconds} s"),
        )
        if anchors == "all":
            self._subject_map = _subject_map(store)
            block = num_candidates + 1
            num_sure = num_sure_blocks(self._table, block, max_blocks) * block
        self._batches_per_round = num_sure // batch_size
        if self._batches_per_round == 0:
            raise ValueError(
                "The store must have at least one batch of windows. "
                f"Received: {num_sure} windows for batch_size={batch_size}. "
                "Use a smaller `batch_size` or more data."
            )
        self.num_rows = batch_size  # of each batch, in this shard
        self._rows = slice(None)
        self.ranking = None if ranking is None else str(ranking)
        self._ranking = None
        if ranking is not None:
            self._ranking = StoredRanking.load(ranking)
            self._ranking.check_is_of(self)
            self._batches_per_round = len(self._ranking.starts)

    def batch(self, epoch, index):
        """Returns the batch at `index` of any epoch: a dict, as above."""
        if self.anchors == "all":
            return self._batch_of_anchors(epoch, index)
        anchors, candidates = self.draw(epoch, index)
        # One read for both: rows are contiguous, so the parts are views.
        starts = np.concatenate([anchors, candidates.reshape(-1)])
        windows = self.store.read(starts)
        shape = candidates.shape + windows.shape[1:]
        return {
            "anchor": windows[: len(anchors)],
            "candidates": windows[len(anchors) :].reshape(shape),
        }

    def batch_specs(self):
        """Shape and dtype of each part of a batch: dict of `KerasTensor`."""
        rows, window = self.num_rows, (self.store.window_length, 3)
        candidates = (rows, self.num_candidates, *window)
        parts = {"anchor": ((rows, *window), "float32")}
        if self.anchors == "one":
            parts["candidates"] = (candidates, "float32")
        else:
            parts["subject"] = ((rows,), "int32")
        if self.ranking is not None:
            parts["ranks"] = ((rows, self.batch_size - 1), "uint8")
        return {
            name: keras.KerasTensor(shape, dtype)
            for name, (shape, dtype) in parts.items()
        }

    def draw(self, epoch, index):
        """Returns where the windows of a batch start in the store's signal.

        Returns:
            `(anchors, candidates)`: `(batch_size,)` and
            `(batch_size, num_candidates)` int; of a shard its rows of them.
            With `anchors="all"` the anchors alone.
        """
        if self.anchors == "all":
            return self._draw_anchors(epoch, index)[0]
        round_index, position = divmod(index, self._batches_per_round)
        # Cells, those of candidates, and the anchors in order.
        cells, others, order = self._round_of(epoch, round_index)
        begin = position * self.batch_size
        anchors = order[begin : begin + self.batch_size]
        first, stop = cells.candidates_near(anchors, others)
        rng = generator(self.seed, epoch, index, CANDIDATES)
        if others is cells:
            picks = draw_distinct(rng, stop - first - 1, self.num_candidates)
            # Step over the anchor itself.
            picks += picks >= (anchors - first)[:, None]
        else:
            picks = draw_distinct(rng, stop - first, self.num_candidates)
        rows = self._rows
        starts = others.locate((first[:, None] + picks)[rows])[1]
        return cells.locate(anchors[rows])[1], starts

    def shard(self, num_shards, shard_index):
        """Gives the rows of every batch that fall to one of several processes.

        All processes draw the same batches, and each reads its own rows only;
        put together in order, the rows are the batch. Each shard counts its
        epochs itself.

        Args:
            num_shards: int. A divisor of `batch_size`.
            shard_index: int. Which part: rows `shard_index * num_rows` to
                `(shard_index + 1) * num_rows`, with `num_rows` those of one.

        Returns:
            `CandidateGroups` with batches of `num_rows` groups.

        Raises:
            ValueError: if the shard is out of range or a batch cannot be
                shared evenly.
        """
        check_shard(num_shards, shard_index, self.num_rows)
        part = copy.copy(self)
        part._drawn = set()
        part.num_rows = self.num_rows // num_shards
        start = (self._rows.start or 0) + shard_index * part.num_rows
        part._rows = slice(start, start + part.num_rows)
        return part

    def to_tf_dataset(
        self,
        epochs=None,
        num_parallel_calls=None,
        num_shards=1,
        shard_index=0,
    ):
        """Gives the same batches, in the same order, as a `tf.data.Dataset`.

        Batches of the epochs from `self.epoch` on follow each other. They are
        read in parallel, in order. Between the workers of a distribution
        strategy each batch goes to one of them, and none is lost.

        Args:
            epochs: int. Epochs in the dataset. Defaults to `None`, no end:
                pass `steps_per_epoch=len(groups)` to `fit`.
            num_parallel_calls: int. Batches read at once. Defaults to what
                tf.data finds best.
            num_shards: int. Of how many parts this is one. Defaults to `1`.
            shard_index: int. Which part: batches `shard_index`, `shard_index +
                num_shards`, ...; others are not read. Defaults to `0`.

        Returns:
            `tf.data.Dataset` of dicts with static shapes. It reads in this
            process: it cannot be saved.

        Raises:
            ImportError: if TensorFlow is not installed.
            ValueError: if `epochs` or the shard is out of range.

        Example:

        >>> dataset = groups.to_tf_dataset()
        >>> model.fit(dataset, steps_per_epoch=len(groups), epochs=10)
        """
        return to_tf_dataset(
            self, epochs, num_parallel_calls, num_shards, shard_index
        )

    def identity(self):
        identity = super().identity()
        if self.anchors == "all":
            identity["anchors"] = self.anchors
        if self.max_blocks is not None:
            identity["max_blocks"] = self.max_blocks
        if self._ranking is not None:
            identity["ranking"] = self._ranking.sha256()
        return identity

    def _batch_of_anchors(self, epoch, index):
        starts, ranks = self._draw_anchors(epoch, index)
        batch = {
            "anchor": self.store.read(starts),
            "subject": self._subjects_at(starts),
        }
        if ranks is not None:
            batch["ranks"] = ranks
        return batch

    def _draw_anchors(self, epoch, index):
        """Where every window of a batch begins, and its ranks or `None`."""
        round_index, position = divmod(index, self._batches_per_round)
        drawn = self._round_of(epoch, round_index)
        if self._ranking is not None:
            group = drawn[position]
            starts = self._ranking.starts[group, self._rows]
            return starts, self._ranking.ranks[group, self._rows]
        cells, order = drawn
        begin = position * self.batch_size
        chosen = order[begin : begin + self.batch_size][self._rows]
        return cells.locate(chosen)[1], None

    def _subjects_at(self, starts):
        """The places of the windows' subjects among those of the store."""
        firsts, subjects = self._subject_map
        return subjects[np.searchsorted(firsts, starts, side="right") - 1]

    def _make_table(self):
        pieces, rate = self.store.pieces, self.store.sample_rate_hz
        activity = None
        if self.minimum_std_g is not None:
            activity = ActivityMap(self.store, pieces, self.minimum_std_g)
        return PieceTable(
            pieces,
            self.store.window_length,
            rate,
            self.policy,
            int((self.span_seconds or 0) * rate + 1e-6),
            activity,
        )

    def _draw_round(self, epoch, round_index):
        rng = generator(self.seed, epoch, round_index, CELLS)
        if self._ranking is not None:
            return rng.permutation(len(self._ranking.starts))
        cells = CandidateCells(self._table, self._table.draw_shift(rng))
        if self.anchors == "all":
            size = self.num_candidates + 1
            return cells, draw_blocks(cells, size, rng, self.max_blocks)
        others = cells
        if self.allow_overlap:
            shift_rng = generator(self.seed, epoch, round_index, OTHER_CELLS)
            shift = self._table.draw_shift(shift_rng)
            others = CandidateCells(self._table, shift)
        order = cells.anchors(others, self.num_candidates)
        if len(order) < self.batch_size:
            raise ValueError(
                "Each epoch must have at least one batch of anchors with "
                f"enough candidates. Received: {len(order)} anchors for "
                f"batch_size={self.batch_size}. Use a longer `span_seconds`, "
                "a smaller `num_candidates` or more data."
            )
        rng.shuffle(order)
        # With a time span, the number of anchors was tried for a few shifts
        # only: should one leave fewer, some come twice.
        num_anchors = self._batches_per_round * self.batch_size
        if len(order) < num_anchors:
            order = np.resize(order, num_anchors)
        return cells, others, order


def check_policy(policy, span_seconds):
    """Raises a ValueError unless a span goes with the policy."""
    checks.check_one_of("policy", policy, POLICIES)
    if policy == "time_span":
        advice = "It goes with this policy."
        checks.check_number(
            "span_seconds", span_seconds, above=0, advice=advice
        )
    elif span_seconds is not None:
        raise ValueError(
            checks.message(
                '`span_seconds` must be None but for `policy="time_span"`.',
                {"policy": policy, "span_seconds": span_seconds},
                "Leave it out, or set the policy.",
            )
        )


def _subject_map(store):
    """Where the pieces of a store begin, and the place of their subjects."""
    pieces = sorted(store.pieces, key=lambda piece: piece.start)
    places = {name: place for place, name in enumerate(store.subjects)}
    return (
        np.array([piece.start for piece in pieces]),
        np.array([places[piece.subject] for piece in pieces], dtype=np.int32),
    )
