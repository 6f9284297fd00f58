import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.losses.relative_contrastive import RelativeContrastiveLoss
from keras_relcon.models.candidate_pool import (
    candidate_index,
    candidate_pool,
    check_candidate_group,
    check_num_anchors,
)
from keras_relcon.models.train_steps import RelConTrainStep


@keras.saving.register_keras_serializable(package="keras_relcon")
class RelConModel(RelConTrainStep, keras.Model):
    """Pretrains an encoder by relative contrastive learning.

    Section 3.2 of [RelCon](https://arxiv.org/abs/2411.18822). A batch holds
    anchors and, for each, windows of the same subject. The frozen motif
    distance ranks the candidates of every anchor, the other anchors and its own
    within-subject windows; the loss asks the cosine similarities of the
    embeddings for the same order (`relative_contrastive_loss`).

    Anchors and candidates pass the encoder as one batch. `fit` trains encoder
    and projector only; the weights of the distance do not change. `train_step`
    is in `models/train_steps/`, one file per backend.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        motif_distance: `MotifDistance`, trained. It is set to
            `trainable = False`.
        temperature: float, above 0. Defaults to `1.0` (paper; the released
            code runs 0.1).
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`,
            between embedding and loss, or `None`. Discarded after training.
            Defaults to `None` (paper).
        candidates: str, of importance on several devices. `"global"`: the
            other anchors are those of all replicas, so that loss and gradient
            are those of one device with the global batch. `"replica"`: those
            of the replica's own rows. Defaults to `"global"`.

    Call arguments:
        inputs: dict of `anchor`, `(batch, time, channels)`, and `candidates`,
            `(batch, num_candidates, time, channels)`, both in g.

    Returns:
        `(batch, anchors - 1 + num_candidates)` float32, cosine similarities in
        the order of `MotifDistance.candidate_distances`.

    Metrics: `loss`; `loss_per_candidate`, comparable across numbers of
    candidates; `within_subject_share`, the share of within-subject candidates
    among the `num_candidates` nearest by the motif distance.

    Raises:
        ValueError: if the input is not a candidate group, or of one anchor, or
            if `candidates` is neither of the two.

    Differs from the paper: nothing. The released code passes anchors and
    candidates through the encoder separately, in two batch norm populations.

    Example:

    >>> model = keras_relcon.RelConModel(
    ...     encoder=keras_relcon.layers.ResNet1D34(), motif_distance=distance
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.CandidateGroups(store))
    """

    def __init__(
        self,
        encoder,
        motif_distance,
        temperature=1.0,
        projector=None,
        candidates="global",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if candidates not in ("global", "replica"):
            raise ValueError(
                "`candidates` must be 'global' or 'replica'. Received: "
                f"candidates={candidates!r}."
            )
        self.encoder = encoder
        self.motif_distance = motif_distance
        self.projector = projector
        self.temperature = temperature
        self.candidates = candidates
        self.relative_loss = RelativeContrastiveLoss(temperature)
        self.loss_per_candidate = keras.metrics.Mean(name="loss_per_candidate")
        self.within_subject_share = keras.metrics.Mean(
            name="within_subject_share"
        )
        self._freeze_distance()

    def build(self, input_shape):
        anchor_shape, candidate_shape = _unpack(input_shape)
        check_candidate_group(anchor_shape, candidate_shape)
        window_shape = (None, *anchor_shape[1:])
        for model in (self.encoder, self.motif_distance):
            if not model.built:
                model.build(window_shape)
        if self.projector is not None and not self.projector.built:
            self.projector.build(
                self.encoder.compute_output_shape(window_shape)
            )
        self._freeze_distance()
        self.built = True

    def _freeze_distance(self):
        # Freezing reaches the variables that exist: once in `__init__`, for a
        # built distance, and once after `build`. TensorFlow ignores an
        # assignment that changes nothing, even where sublayers differ.
        self.motif_distance.trainable = True
        self.motif_distance.trainable = False

    def call(self, inputs, training=False):
        anchors, candidates = _unpack(inputs)
        check_candidate_group(anchors.shape, candidates.shape)
        embeddings = self.encoder(
            candidate_pool(anchors, candidates), training=training
        )
        if self.projector is not None:
            embeddings = self.projector(embeddings, training=training)
        embeddings = ops.normalize(ops.cast(embeddings, "float32"), axis=-1)
        shape = ops.shape(candidates)
        within = ops.reshape(
            embeddings[shape[0] :], (*shape[:2], embeddings.shape[-1])
        )
        similarities = distributed.per_replica(self._similarities)
        return similarities(embeddings[: shape[0]], within)

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

    def rank_candidates(self, inputs):
        """Motif distances of a batch, the `y` of the training step.

        Args:
            inputs: the dict that the model is called on.

        Returns:
            `(batch, anchors - 1 + num_candidates)` float32, g**2.
        """
        return distributed.per_replica(self._rank)(*_unpack(inputs))

    def _rank(self, anchors, candidates):
        everyone, first = self._gather(anchors)
        return self.motif_distance.candidate_distances(
            everyone, candidates, first
        )

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        if self._compile_loss is not None:
            # Keras traces a compiled loss once before the first step, without
            # the distances; any tensor of their shape will do there.
            y = y_pred if y is None else y
            return super().compute_loss(
                x, y, y_pred, sample_weight, training=training
            )
        return self.relative_loss(y, y_pred)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        num_within = ops.shape(x["candidates"])[1]
        loss = distributed.mean_loss(self.relative_loss(y, y_pred))
        self.loss_per_candidate.update_state(
            loss / ops.cast(ops.shape(y)[1], "float32")
        )
        reach = ops.sort(y, axis=1)[:, num_within - 1, None]
        nearest = ops.cast(y <= reach, "float32")
        within = ops.sum(nearest[:, -num_within:], axis=1)
        share = distributed.gather(within / ops.sum(nearest, axis=1))
        self.within_subject_share.update_state(share)
        return self.get_metrics_result()

    def get_config(self):
        config = super().get_config()
        serialize = keras.saving.serialize_keras_object
        motif_distance = serialize(self.motif_distance)
        # Its optimizer ended with its own training and has nothing to train.
        motif_distance.pop("compile_config", None)
        return {
            **config,
            "encoder": serialize(self.encoder),
            "motif_distance": motif_distance,
            "temperature": self.temperature,
            "projector": serialize(self.projector),
            "candidates": self.candidates,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in ("encoder", "motif_distance", "projector"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


def _unpack(inputs):
    try:
        return inputs["anchor"], inputs["candidates"]
    except (KeyError, TypeError, IndexError) as error:
        received = sorted(inputs) if isinstance(inputs, dict) else type(inputs)
        raise ValueError(
            "`RelConModel` takes a dict with the keys `anchor` and "
            f"`candidates`. Received: {received}. "
            "`keras_relcon.data.CandidateGroups` yields such batches."
        ) from error
