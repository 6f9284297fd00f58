import warnings
from typing import Any, Literal

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.checks import (
    check_encoder,
    check_layer,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.losses.relative_contrastive import RelativeContrastiveLoss
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.models.augmented_views import AugmentedViews
from keras_relcon.models.built_first import BuiltFirst
from keras_relcon.models.candidate_group import (
    augmented_candidates,
    check_candidate_group,
    check_num_anchors,
    no_candidates,
    unpack_group,
)
from keras_relcon.models.embedding_spread import EmbeddingSpread
from keras_relcon.models.frozen_parts import FrozenParts, freeze
from keras_relcon.models.micro_batches import encode_in_micro_batches
from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.models.parts import HasParts
from keras_relcon.models.ranking import (
    candidate_index,
    candidate_pool,
    same_subject,
    within_subject_share,
)
from keras_relcon.models.train_steps import TrainStep
from keras_relcon.models.train_steps.skipping import step_or_nothing
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class RelConModel(HasParts, TrainStep, BuiltFirst, FrozenParts, keras.Model):
    """Pretrains an encoder by relative contrastive learning.

    Section 3.2 of [RelCon](https://arxiv.org/abs/2411.18822). A batch holds
    anchors and, for each, windows of the same subject. The frozen motif
    distance ranks the candidates of every anchor, the other anchors and its own
    within-subject windows; the loss asks the cosine similarities of the
    embeddings for the same order (`relative_contrastive_loss`).

    Anchors and candidates pass the encoder as one batch. `fit` trains encoder
    and projector only; the weights of the distance do not change. `train_step`
    is in `models/train_steps/`, one file per backend.

    On PyTorch `compile(jit_compile=True)` compiles the encoder's training
    alone, and on a GPU replays it as a CUDA graph: there a step of the default
    encoder takes three fifths of the time, and the first one about a minute
    more, as does the first of another batch size; up to eight are compiled.
    Not with `micro_batch_size`, nor on several devices.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        motif_distance: `MotifDistance`, trained. It is set to
            `trainable = False`. `None` where the batches have `ranks`.
        temperature: float, above 0. Defaults to `1.0` (paper; the released
            code runs 0.1).
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`,
            between embedding and loss, or `None`. Discarded after training.
            Defaults to `None` (paper).
        views: `AugmentedViews`, or `None`. In training, asks also that each
            window of the batch and its augmented copy be near; see there how
            it is added to the loss. Discarded after training. Defaults to
            `None` (paper).
        anchors: str. `"one"`: each anchor has candidates of its own.
            `"all"`: the batch is of several windows of each of several
            subjects, every window is an anchor, and all others are its
            candidates, so that a pair to rank costs no window of its own
            (`CandidateGroups(..., anchors="all")`). Defaults to `"one"`
            (paper).
        candidate_augmentation: layer as `MotifDistance`'s `augmentation`, for
            Table 5's "w/o within-subject": the candidates of the batch are
            not used, and may be missing; one augmented copy of the anchor
            takes their place. Defaults to `None`, no copy.
        skip_nonfinite: bool. Whether a training step after which the loss or
            a weight is not finite is left out as a whole, and a batch of
            validation whose loss is not, see
            `keras_relcon.training.LossGuard`. Takes the memory of another
            copy of all weights. Defaults to `False`.
        micro_batch_size: int, at least 1. Windows that pass the encoder at
            once in training; it divides `batch * (1 + num_candidates)`, twice
            that with `views`. Loss and
            gradient stay those of the whole batch, except that batch norm
            then takes the statistics of so many windows. The backward pass
            computes each micro-batch again, so a step takes one more forward
            pass. On TensorFlow it is for one device. On
            JAX on a CPU it is slow, and warns. Defaults to `None`: all.
        candidates: str, of importance on several devices. `"global"`: the
            other anchors are those of all replicas, so that loss and gradient
            are those of one device with the global batch. `"replica"`: those
            of the replica's own rows (`views` on JAX stay global). Defaults to
            `"global"`.

    Call arguments:
        inputs: dict of `anchor`, `(batch, time, channels)`, and `candidates`,
            `(batch, num_candidates, time, channels)`, both in g. With
            `anchors="all"` there are no `candidates`, so `num_candidates` is
            0 below; training takes `subject`, `(batch,)` int, whose window
            each is. With `ranks`, `(batch, anchors - 1)`, these are the order
            of the candidates, and nothing is ranked.

    Returns:
        `(batch, anchors - 1 + num_candidates)` float32, cosine similarities in
        the order of `MotifDistance.candidate_distances`.

    Metrics: `loss`; `loss_per_candidate`, comparable across numbers of
    candidates; `within_subject_share`, the share of within-subject candidates
    among as many nearest by the motif distance;
    `embedding_spread` of what the loss compares, for the anchors of the batch,
    0 is collapse (`EmbeddingSpread`); with `skip_nonfinite`, `skipped_steps` in
    this epoch, and in its validation. Those of `compile(metrics=...)` compare
    motif distances, as `y_true`, with similarities.

    Raises:
        TypeError: if `encoder` or `motif_distance` is no such model, or
            `projector`, `views` or `candidate_augmentation` no layer.
        ValueError: if `temperature` is not above 0, `micro_batch_size` is not
            such an int, `anchors` or `candidates` is neither of the two, or
            `anchors="all"` has a `candidate_augmentation`; and if the input is
            not a candidate group, is of one anchor, or is not divided by
            `micro_batch_size`.

    Differs from the paper: nothing by default. The released code passes anchors
    and candidates through the encoder separately, in two batch norm
    populations.

    Example:

    >>> model = keras_relcon.RelConModel(
    ...     encoder=keras_relcon.layers.ResNet1D34(), motif_distance=distance
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.CandidateGroups(store))
    """

    PARTS: tuple[str, ...] = (
        "encoder",
        "motif_distance",
        "projector",
        "views",
        "candidate_augmentation",
    )

    def __init__(
        self,
        encoder: keras.Model,
        motif_distance: MotifDistance | None,
        temperature: float = 1.0,
        projector: keras.Layer | None = None,
        views: AugmentedViews | None = None,
        candidate_augmentation: keras.Layer | None = None,
        candidates: Literal["global", "replica"] = "global",
        skip_nonfinite: bool = False,
        micro_batch_size: int | None = None,
        anchors: Literal["one", "all"] = "one",
        **kwargs: Any,
    ) -> None:
        # The signal stays in float32 under a policy of mixed precision; the
        # layers cast what they compute in half.
        super().__init__(autocast=False, **kwargs)
        check_encoder(encoder)
        check_one_of("anchors", anchors, ("one", "all"))
        has_ranks = motif_distance is None and anchors == "all"
        if not (has_ranks or hasattr(motif_distance, "candidate_distances")):
            raise TypeError(
                message(
                    "`motif_distance` must be a `MotifDistance`.",
                    {"motif_distance": motif_distance},
                )
            )
        check_layer("projector", projector)
        check_layer("views", views)
        check_layer("candidate_augmentation", candidate_augmentation)
        if anchors == "all" and candidate_augmentation is not None:
            raise ValueError(
                message(
                    '`anchors="all"` takes no `candidate_augmentation`: the '
                    "candidates are the other windows of the batch.",
                    {"candidate_augmentation": candidate_augmentation},
                    "Leave one of them out.",
                )
            )
        check_one_of("candidates", candidates, ("global", "replica"))
        if micro_batch_size is not None:
            check_whole("micro_batch_size", micro_batch_size)
        self.encoder = encoder
        self.motif_distance: MotifDistance | Any = motif_distance
        self.projector = projector
        self.views = views
        self.candidate_augmentation = candidate_augmentation
        self.temperature = temperature
        self.anchors = anchors
        self.candidates = candidates
        self.relative_loss = RelativeContrastiveLoss(temperature)
        self.loss_per_candidate = keras.metrics.Mean(name="loss_per_candidate")
        self.within_subject_share = keras.metrics.Mean(
            name="within_subject_share"
        )
        self.embedding_spread = EmbeddingSpread()
        self.micro_batch_size = micro_batch_size
        self.skip_nonfinite = skip_nonfinite
        if skip_nonfinite:
            self.skipped_steps = keras.metrics.Sum(name="skipped_steps")
        self.freeze_parts()

    def build(self, input_shape: Any) -> None:
        if self._has_candidates:
            anchor_shape, candidate_shape = unpack_group(input_shape)
            check_candidate_group(anchor_shape, candidate_shape)
        else:
            (anchor_shape,) = unpack_group(input_shape, "anchor")
        window_shape = (None, *anchor_shape[1:])
        if self.candidate_augmentation is not None:
            self.candidate_augmentation.build(window_shape)
        for model in (self.encoder, self.motif_distance):
            if model is not None and not model.built:
                model.build(window_shape)
        if self.projector is not None and not self.projector.built:
            self.projector.build(
                self.encoder.compute_output_shape(window_shape)
            )
        if self.views is not None:
            self.views.build_augmentation(window_shape)
            self.views.build(self.encoder.compute_output_shape(window_shape))
        self.freeze_parts()
        self.built = True

    def freeze_parts(self) -> None:
        if self.motif_distance is not None:
            freeze(self.motif_distance)

    @property
    def _has_candidates(self):
        """Whether a batch brings candidates beside the anchors."""
        return self.anchors == "one" and self.candidate_augmentation is None

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        anchors, candidates = self._group(inputs)
        check_candidate_group(anchors.shape, candidates.shape)
        windows = candidate_pool(anchors, candidates)
        if training and self.views is not None:
            embeddings, term = self.views.encode_with_copies(
                windows, self._encode, self.candidates == "global"
            )
        else:
            embeddings, term = self._encode(windows, training), None
        if self.projector is not None:
            embeddings = self.projector(embeddings, training=training)
        embeddings = unit_rows(embeddings)
        shape = ops.shape(candidates)
        within = ops.reshape(
            embeddings[shape[0] :], (*shape[:2], embeddings.shape[-1])
        )
        similarities = distributed.per_replica(self._similarities)(
            embeddings[: shape[0]], within
        )
        if term is not None:
            num_candidates = ops.cast(ops.shape(similarities)[1], "float32")
            self.add_loss(num_candidates * term)
        return similarities

    def _encode(self, windows, training=True):
        if not training:
            return self.encoder(windows, training=False)
        if self.micro_batch_size is None:
            return self.encode_in_training(windows)
        return encode_in_micro_batches(
            self.encoder, windows, self.micro_batch_size
        )

    def _similarities(self, anchors, within):
        everyone, first = self._gather(anchors)
        pool = candidate_pool(everyone, within)
        index = candidate_index(
            *ops.shape(within)[:2], ops.shape(everyone)[0], first
        )
        similarities = ops.matmul(anchors, ops.transpose(pool))
        return ops.take_along_axis(similarities, index, axis=1)

    def _gather(self, anchors):
        """Returns the anchors to contrast, and which is the first of `anchors`.

        Works on windows and on embeddings.
        """
        if self.candidates == "replica":
            return anchors, 0
        everyone = distributed.gather(anchors)
        check_num_anchors(everyone.shape[0])
        return everyone, distributed.replica_index() * ops.shape(anchors)[0]

    def rank_candidates(self, inputs: dict[str, Tensor]) -> Tensor:
        """Motif distances of a batch, the `y` of the training step.

        Args:
            inputs: the dict that the model is called on.

        Returns:
            `(batch, anchors - 1 + num_candidates)` float32, g**2; or its
            `ranks`.

        Raises:
            ValueError: if there is neither a distance nor `ranks`.
        """
        if "ranks" in inputs:
            return ops.cast(inputs["ranks"], "float32")
        if self.motif_distance is None:
            raise ValueError(
                message(
                    "Without a `motif_distance` the batches must have `ranks`.",
                    sorted(inputs),
                    "Take `CandidateGroups(..., ranking=...)`, or give the "
                    "model a distance.",
                )
            )
        return distributed.per_replica(self._rank)(
            *self._group(inputs, keep_seeds=True)
        )

    def targets_of(self, inputs: dict[str, Tensor]) -> Tensor:
        return ops.stop_gradient(self.rank_candidates(inputs))

    def _rank(self, anchors, candidates):
        everyone, first = self._gather(anchors)
        return self.motif_distance.candidate_distances(
            everyone, candidates, first
        )

    def _group(self, inputs, keep_seeds=False):
        """Anchors and their candidates, from the batch or made here.

        With `keep_seeds`, the next call draws the same copies: those that are
        ranked are those that are embedded. So both draw outside of what is
        compiled alone; XLA draws other numbers than TensorFlow.
        """
        if self._has_candidates:
            return unpack_group(inputs)
        (anchors,) = unpack_group(inputs, "anchor")
        if self.anchors == "all":
            return anchors, no_candidates(anchors)
        return anchors, augmented_candidates(
            self.candidate_augmentation, anchors, keep_seeds
        )

    def fit(
        self, x: Any = None, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Trains as `keras.Model.fit`, whose arguments it takes.

        Groups are drawn at random already: `shuffle` defaults to `False` for
        a `PyDataset`. In order of their index, a run repeats by seed, and can
        go on in the middle of an epoch. A motif distance that was never
        trained warns.

        Returns:
            `keras.callbacks.History`, with the metrics of the class.

        Raises:
            ValueError: if `steps_per_epoch` is not that of the groups.
        """
        if not getattr(self.motif_distance, "is_trained", True):
            warnings.warn(
                "The motif distance is not trained, so its order of candidates "
                "is one of chance. Train it first, "
                "`motif_distance.fit(windows)`, or load one that is.",
                stacklevel=2,
            )
        return super().fit(x, *args, **kwargs)

    def train_step(self, *args: Any) -> Any:
        if self.skip_nonfinite:
            return step_or_nothing(self, super().train_step, *args)
        return super().train_step(*args)

    def test_step(self, *args: Any) -> Any:
        step = super().test_step
        if self.skip_nonfinite:
            return step_or_nothing(self, step, *args, only_metrics=True)
        return step(*args)

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        if self._compile_loss is not None:
            # Keras traces a compiled loss once before the first step, without
            # the distances; any tensor of their shape will do there.
            y = y_pred if y is None else y
            return super().compute_loss(
                x, y, y_pred, sample_weight, training=training
            )
        loss = self.relative_loss(y, y_pred)
        return distributed.with_penalties(loss, self.losses)

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Tensor,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        # Keras traces compiled metrics as it does a compiled loss.
        y = y_pred if y is None else y
        num_others = ops.shape(y)[1] - self._num_own_candidates(x)
        loss = distributed.mean_loss(self.relative_loss(y, y_pred))
        self.loss_per_candidate.update_state(
            loss / ops.cast(ops.shape(y)[1], "float32")
        )
        share = within_subject_share(y, self._is_within(x, y))
        self.within_subject_share.update_state(distributed.gather(share))
        self.embedding_spread.update_state(
            distributed.gather(y_pred[:, :num_others])
        )
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def _is_within(self, inputs, distances):
        """Which candidates are of the anchor's subject, of each or of all."""
        if self.anchors == "all":
            (subject,) = unpack_group(inputs, "subject")
            return same_subject(subject, *self._gather(subject))
        num_candidates = ops.shape(distances)[1]
        num_others = num_candidates - self._num_own_candidates(inputs)
        return ops.arange(num_candidates) >= num_others

    def _num_own_candidates(self, inputs):
        """How many candidates of an anchor are no anchors of the batch."""
        if self.anchors == "all":
            return 0
        if self.candidate_augmentation is not None:
            return 1
        return ops.shape(inputs["candidates"])[1]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self.motif_distance is not None:
            # Its optimizer ended with its training and has nothing to train.
            config["motif_distance"].pop("compile_config", None)
        return {
            **config,
            "temperature": self.temperature,
            "anchors": self.anchors,
            "candidates": self.candidates,
            "skip_nonfinite": self.skip_nonfinite,
            "micro_batch_size": self.micro_batch_size,
        }
