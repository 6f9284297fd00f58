"""What else the relative loss can ask, that `objectives.py` trains by."""

import functools

import keras
from keras import ops

from keras_relcon import models
from keras_relcon.losses import relative_contrastive_loss
from keras_relcon.losses.unit_rows import unit_rows

# A candidate of this rank is farther than all of a batch, of at most 256.
FAR = 1e3


def only_nearest(ranks, num_positives):
    """Only the nearest candidates are positives: `(batch, candidates)`."""
    return ops.cast(ranks < num_positives, "float32")


def falling(ranks):
    """1 / (1 + rank) of the nearest, and so on: `(batch, candidates)`."""
    return 1 / (1 + ranks)


def in_steps(ranks, size):
    """Candidates whose ranks are less than `size` apart are mostly ties."""
    return ops.floor(ranks / size)


class WeightedRelativeLoss(keras.losses.Loss):
    """The relative loss with a weight for each positive.

    ```
    loss = sum_i w_i * term_i / mean(w)
    ```

    Args:
        weigh: callable from ranks, `(batch, candidates)`, to their weights.
        temperature: float, above 0.
    """

    def __init__(self, weigh, temperature):
        super().__init__(name="weighted_relative_loss", dtype="float32")
        self.weigh = weigh
        self.temperature = temperature

    def call(self, ranks, similarities):
        weights = self.weigh(ranks)
        logits = similarities / self.temperature
        is_no_nearer = ranks[:, None, :] >= ranks[:, :, None]
        compared = ops.where(is_no_nearer, logits[:, None, :], -1e9)
        terms = weights * (ops.logsumexp(compared, axis=2) - logits)
        return ops.sum(terms, axis=1) / ops.mean(weights, axis=1)


class SteppedRelativeLoss(keras.losses.Loss):
    """The relative loss where order below `size` ranks does not count."""

    def __init__(self, size, temperature):
        super().__init__(name="stepped_relative_loss", dtype="float32")
        self.size = size
        self.temperature = temperature

    def call(self, ranks, similarities):
        return relative_contrastive_loss(
            in_steps(ranks, self.size), similarities, self.temperature
        )


class MoreCandidates(models.RelConModel):
    """Base of `RelConModel`s with more candidates than the batch has windows.

    `compared` gives their similarities in training; `FARTHER` is their rank.
    """

    FARTHER: float

    def call(self, inputs, training=False):
        if not training:
            return super().call(inputs, training)
        embeddings, others = self.compared(inputs["anchor"])
        return ops.concatenate(
            [models.similarities_to_others(embeddings), others], axis=1
        )

    def compared(self, windows):
        """Unit rows, `(batch, dim)`, and similarities, `(batch, more)`."""
        raise NotImplementedError

    def projected(self, windows):
        embeddings = self._encode(windows)
        if self.projector is not None:
            embeddings = self.projector(embeddings, training=True)
        return unit_rows(embeddings)

    def compute_loss(self, x=None, y=None, y_pred=None, *args, **kwargs):
        return super().compute_loss(
            x, self._of_all(y, y_pred), y_pred, *args, **kwargs
        )

    def compute_metrics(self, x, y, y_pred, *args):
        shown = y_pred[:, : y.shape[1]]
        return super().compute_metrics(x, y, shown, *args)

    def _of_all(self, ranks, similarities):
        shape = ops.shape(similarities)
        more = ops.full((shape[0], shape[1] - ranks.shape[1]), self.FARTHER)
        return ops.concatenate([ranks, more], axis=1)


class CopyAsNearest(MoreCandidates):
    """An augmented copy of each anchor is the nearest of its candidates."""

    FARTHER = -1.0

    def compared(self, windows):
        count = ops.shape(windows)[0]
        both = self.projected(
            ops.concatenate([windows, self.views.augment(windows)])
        )
        own, copies = both[:count], both[count:]
        return own, ops.sum(own * copies, axis=1, keepdims=True)


class FarQueue(MoreCandidates):
    """Windows of the last batches are farther than all candidates.

    Their own terms are 0: none is farther.
    """

    FARTHER = FAR
    SIZE = 256

    def build(self, input_shape):
        self.queue = models.KeyQueue(self.SIZE)
        super().build(input_shape)
        width = self.encoder.compute_output_shape((None, 256, 3))
        if self.projector is not None:
            width = self.projector.compute_output_shape(width)
        self.queue.build(width)

    def compared(self, windows):
        own = self.projected(windows)
        similarities = ops.matmul(own, ops.transpose(self.queue(own)))
        self.queue.put(own)
        return own, similarities


LOSSES = {
    "only_nearest": functools.partial(
        WeightedRelativeLoss, functools.partial(only_nearest, num_positives=7)
    ),
    "falling_weights": functools.partial(WeightedRelativeLoss, falling),
    "steps_of_eight": functools.partial(SteppedRelativeLoss, 8),
}
MODELS = {"copy_as_nearest": CopyAsNearest, "far_queue": FarQueue}


def variant_of(name, model):
    """A `RelConModel` of the same parts, and the loss to compile, or `None`."""
    if name in LOSSES:
        return model, LOSSES[name](model.temperature)
    made = MODELS[name](
        model.encoder,
        model.motif_distance,
        model.temperature,
        model.projector,
        model.views,
        anchors=model.anchors,
    )
    return made, None
