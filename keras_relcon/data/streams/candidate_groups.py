"""Batches of anchors with candidates of the same subject, for training."""

from __future__ import annotations

import functools
from typing import Any, Literal

import keras
import numpy as np

from keras_relcon import checks
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.activity import ActivityMap
from keras_relcon.data.streams.candidate_cells import POLICIES, PieceTable
from keras_relcon.data.streams.epoch_batches import EpochBatches, generator
from keras_relcon.data.streams.own_candidates import OwnCandidates
from keras_relcon.data.streams.small_groups import leave_out_small_groups
from keras_relcon.data.streams.stored_ranking import (
    RankedGroups,
    StoredRanking,
)
from keras_relcon.data.streams.subject_blocks import (
    SubjectBlocks,
    check_blocks,
    check_max_blocks,
)
from keras_relcon.types import PathLike


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
        batch_size - 1)` uint8: row `i` is of the windows after window `i`,
        then of those from the first one on.

    Raises:
        TypeError: if `store` is no `WindowStore`.
        FileNotFoundError: if there is no file `ranking`.
        ValueError: if an argument is wrong, the store has too few windows, or
            `ranking` is of another store or of groups of another size.

    Differs from the released code: its candidates come from the same subject
    and the same hour of the clock; `policy="time_span", span_seconds=3600`
    takes those within an hour of the anchor. The windows of an epoch lie on
    one grid with a random shift, anchors and candidates alike; the paper does
    not say where windows begin.

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
        store: WindowStore,
        batch_size: int = 64,
        num_candidates: int = 20,
        seed: int = 0,
        steps_per_epoch: int | None = None,
        is_fixed: bool = False,
        policy: Literal["subject", "recording", "time_span"] = "subject",
        span_seconds: float | None = None,
        allow_overlap: bool = False,
        minimum_std_g: float | None = None,
        anchors: Literal["one", "all"] = "one",
        ranking: PathLike | None = None,
        max_blocks: int | None = None,
        **kwargs: Any,
    ) -> None:
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
        self.ranking = None if ranking is None else str(ranking)
        table = self._make_table()
        self.left_out, num_anchors = leave_out_small_groups(
            table, num_candidates, allow_overlap, self._place()
        )
        self._drawing = self._make_drawing(table, num_anchors)
        self._batches_per_round = self._drawing.num_batches
        if self._batches_per_round == 0:
            raise ValueError(
                checks.message(
                    "The store must have at least one batch of windows.",
                    f"{self._drawing.num_windows} windows for "
                    f"batch_size={batch_size}",
                    "Use a smaller `batch_size` or more data.",
                )
            )

    def batch(self, epoch: int, index: int) -> dict[str, np.ndarray]:
        """Returns the batch at `index` of any epoch: a dict, as above."""
        starts, rest = self._draw(epoch, index)
        # One read for all: rows are contiguous, so the parts are views.
        places = [part.reshape(-1) for part in starts.values()]
        windows = self.store.read(np.concatenate(places))
        edges = np.cumsum([len(part) for part in places])[:-1]
        parts = zip(starts.items(), np.split(windows, edges))
        batch = {
            name: part.reshape(places.shape + part.shape[1:])
            for (name, places), part in parts
        }
        return {**batch, **rest}

    def batch_specs(self) -> dict[str, keras.KerasTensor]:
        """Shape and dtype of each part of a batch: dict of `KerasTensor`."""
        window = (self.store.window_length, 3)
        starts, rest = self._drawing.shapes(self.num_rows)
        parts = {
            k: ((*shape, *window), "float32") for k, shape in starts.items()
        }
        return {
            name: keras.KerasTensor(shape, dtype)
            for name, (shape, dtype) in {**parts, **rest}.items()
        }

    def draw(
        self, epoch: int, index: int
    ) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """Returns where the windows of a batch start in the store's signal.

        Returns:
            `(anchors, candidates)`: `(batch_size,)` and
            `(batch_size, num_candidates)` int; of a shard its rows of them.
            With `anchors="all"` the anchors alone.
        """
        starts = tuple(self._draw(epoch, index)[0].values())
        return starts if self.anchors == "one" else starts[0]

    def identity(self) -> dict[str, Any]:
        identity = super().identity()
        if self.anchors == "all":
            identity["anchors"] = self.anchors
        if self.max_blocks is not None:
            identity["max_blocks"] = int(self.max_blocks)
        if self.ranking is not None:
            identity["ranking"] = self._drawing.ranking.sha256()
        return identity

    def _draw(self, epoch, index):
        """Where the windows of each part begin, and the parts beside them."""
        round_index, position = divmod(index, self._batches_per_round)
        return self._drawing.draw(
            self._round_of(epoch, round_index),
            position,
            functools.partial(generator, self.seed, epoch, index),
            self._rows,
        )

    def _draw_round(self, epoch, round_index):
        return self._drawing.draw_round(
            functools.partial(generator, self.seed, epoch, round_index)
        )

    def _make_drawing(self, table, num_anchors):
        if self.ranking is not None:
            ranking = StoredRanking.load(self.ranking)
            ranking.check_is_of(self)
            return RankedGroups(self.store, ranking)
        if self.anchors == "all":
            size = self.num_candidates + 1
            return SubjectBlocks(
                self.store, table, self.batch_size, size, self.max_blocks
            )
        return OwnCandidates(
            table,
            self.batch_size,
            self.num_candidates,
            self.allow_overlap,
            num_anchors,
        )

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

    def _place(self):
        """Where the candidates of an anchor must be, for a warning."""
        places = {"subject": "", "recording": " in one recording"}
        return places.get(self.policy, f" within {self.span_seconds} s")


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
