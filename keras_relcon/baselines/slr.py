from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.baselines.momentum_mixup import (
    mixed_labels,
    mixture,
    partner,
)
from keras_relcon.baselines.slow_two_views import SlowTwoViews
from keras_relcon.baselines.two_views import Views
from keras_relcon.baselines.view_pairs import ViewPairs
from keras_relcon.checks import check_number, check_one_of
from keras_relcon.losses.info_nce import key_cosines
from keras_relcon.losses.soft_labels import (
    Schedule,
    check_refinement,
    label_estimates,
    refined_labels,
    soft_label_loss,
)
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.models.key_queue import KeyQueue
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Shape, Tensor

Mix: TypeAlias = Literal["embedding", "input"]

# Further views draw apart from the first two.
SEED_OF_FURTHER = 101


@keras.saving.register_keras_serializable(package="keras_relcon")
class SLR(SlowTwoViews):
    """Experimental: of its paper only abstract and first page could be read.

    Self-labeling refinery and momentum mixup of SANE
    ([Zhou et al., 2021](https://arxiv.org/abs/2106.14749)). Pretrains an
    encoder by finding the slow copy's key of the other view among a queue of
    past keys, as MoCo. One more view of the window says how like it the keys
    are, and the label leaves them a part (`refined_labels`, `soft_label_loss`).

    In training the queries may be mixed, each with the positive of the window
    before it in the batch, `w ~ Beta(c, c)`:

    ```
    query = w * query_i + (1 - w) * positive_j
    label = w * label_i + (1 - w) * label_j      # over the keys of both
    ```

    `fit` and views are those of `TwoViews`. The loss rises at first, while keys
    take the place of the random vectors that the queue begins with.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`;
            `"moco"` for dense layers of 256 and 128 units with ReLU between; or
            `None`. Defaults to `"moco"`.
        temperature: float, above 0. Of the loss. Defaults to `0.2`.
        label_temperature: float, above 0. Of the estimates. Defaults to `0.1`.
        queue_size: int. Keys in the queue; at most a quarter of the windows of
            an epoch. Defaults to `4096`.
        schedule, strength, shares: as of `refined_labels`. Default to
            `"confidence"`, `0.5` and `(0.3, 0.0)`.
        mix: `"embedding"` mixes between encoder and projector; `"input"` mixes
            windows, whose gravities do not add up; `None` does not mix.
            Defaults to `"embedding"`.
        mix_concentration: float, above 0. Of the Beta distribution, `c` above.
            Defaults to `2.0`.
        views: see `TwoViews`. Defaults to `"soar"`.
        momentum: float in [0, 1]. Of the slow copy. Defaults to `0.99`.
        momentum_steps: int or `None`. See `EMA`. Defaults to `None`: it stays.
        seed: int or `None`. Of views, queue and mixing. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict of `embedding`, `(batch, dim)`, of first views, or of their
        mixtures with `mix="input"`; `similarity`, `(batch, keys)`, cosine of
        each query to its positive, to the keys of the queue and, mixed, to the
        positive of its partner; and `label`, `(batch, keys)`, which sums to 1.

    Raises:
        TypeError: if `encoder` or `projector` is no layer.
        ValueError: if an argument is wrong, a batch has more windows than the
            queue has keys, or the input is no windows.

    Differs from the paper: in what, is not known. It says that a positive
    estimates how like the keys are, that the label is combined with the usual
    one, and that queries and positives are mixed. The schedule and the labels
    of mixtures are from memory; all numbers, and that the estimate is of a
    further view, are our choice.

    Example:

    >>> model = keras_relcon.baselines.SLR(
    ...     encoder=keras_relcon.layers.ResNet1D34(), queue_size=1024
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=128))
    """

    PROJECTORS = {"moco": lambda: mlp_projector((256, 128))}

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None = "moco",
        temperature: float = 0.2,
        label_temperature: float = 0.1,
        queue_size: int = 4096,
        schedule: Schedule = "confidence",
        strength: float = 0.5,
        shares: tuple[float, float] = (0.3, 0.0),
        mix: Mix | None = "embedding",
        mix_concentration: float = 2.0,
        views: Views = "soar",
        momentum: float = 0.99,
        momentum_steps: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_number("momentum", momentum, least=0, most=1)
        kwargs.update(momentum=momentum, momentum_steps=momentum_steps)
        super().__init__(encoder, projector, views, seed=seed, **kwargs)
        check_number("temperature", temperature, above=0)
        check_number("label_temperature", label_temperature, above=0)
        check_refinement(schedule, strength, shares)
        check_one_of("mix", mix, ["embedding", "input", None])
        check_number("mix_concentration", mix_concentration, above=0)
        self.temperature = temperature
        self.label_temperature = label_temperature
        self.queue_size = queue_size
        self.schedule = schedule
        self.strength = strength
        self.shares = tuple(shares)
        self.mix = mix
        self.mix_concentration = mix_concentration
        further_seed = None if seed is None else seed + SEED_OF_FURTHER
        self.further_pairs = ViewPairs(views, further_seed)
        self.mix_seed = distributed.ReplicaSeedGenerator(further_seed)
        self.queue = KeyQueue(queue_size, seed)

    def build_parts(self, window_shape: Shape) -> None:
        super().build_parts(window_shape)
        self.further_pairs.build((None, None, window_shape[-1]))
        self.queue.build(self.projection_shape(window_shape))

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        first, second = self.view_pairs(windows)
        further, _ = self.further_pairs(windows)
        slow = self.slow_projections(
            ops.concatenate([second, further]), training
        )
        keys, estimates = ops.split(slow, 2, axis=0)
        queue = self.queue(keys)
        weight = self.draw_weight(windows) if self.mix and training else None
        embeddings, queries, online = self.queries_of(
            first, second, further, weight, training
        )
        similarities = key_cosines(queries, keys, queue)
        labels = self.labels_of(estimates, online, keys, queue)
        if weight is not None:
            others = key_cosines(queries, partner(keys), queue)[:, :1]
            similarities = ops.concatenate([similarities, others], axis=1)
            labels = mixed_labels(labels, weight)
        if training:
            self.queue.put(unit_rows(keys))
        return {
            "embedding": embeddings,
            "similarity": similarities,
            "label": labels,
        }

    def draw_weight(self, windows: Tensor) -> Tensor:
        """Share of each window in its mixture, `(batch, 1)`, in [0, 1]."""
        return keras.random.beta(
            (ops.shape(windows)[0], 1),
            self.mix_concentration,
            self.mix_concentration,
            dtype="float32",
            seed=self.mix_seed,
        )

    def queries_of(
        self,
        first: Tensor,
        second: Tensor,
        further: Tensor,
        weight: Tensor | None,
        training: bool,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """What the encoder that is trained makes of the views, as one batch.

        Args:
            first, second, further: `(batch, time, channels)`, g.
            weight: `(batch, 1)`, or `None` to mix nothing.
            training: bool.

        Returns:
            `(embeddings, queries, online)`, each `(batch, any)`; `online`, the
            projections of the further views, is `None` where it has no share.
        """
        batch = ops.shape(first)[0]
        is_mixed_after = weight is not None and self.mix == "embedding"
        if weight is not None and self.mix == "input":
            first = mixture(first, second, weight[:, :, None])
        views = [first, second] if is_mixed_after else [first]
        uses_online = self.schedule == "confidence" or self.shares[1] > 0
        if uses_online:
            views = [*views, further]
        encoded = self.encode(ops.concatenate(views), training)
        embeddings = encoded[:batch]
        rest = encoded[batch:]
        x = embeddings
        if is_mixed_after:
            x = ops.cast(mixture(x, rest[:batch], weight), x.dtype)
            rest = rest[batch:]
        if uses_online:
            x = ops.concatenate([x, rest])
        if self.projector is not None:
            x = self.projector(x, training=training)
        return embeddings, x[:batch], x[batch:] if uses_online else None

    def labels_of(
        self,
        estimates: Tensor,
        online: Tensor | None,
        keys: Tensor,
        queue: Tensor,
    ) -> Tensor:
        """Refined labels of queries that are not mixed.

        Args:
            estimates, online: `(batch, any)`, of the further views, by the slow
                copy and by the encoder that is trained.
            keys: `(batch, any)`, of the positives.
            queue: `(size, any)`.

        Returns:
            `(batch, 1 + size)` float32 without a gradient.
        """
        slow, online = (
            None
            if projections is None
            else label_estimates(
                projections, keys, queue, self.label_temperature
            )
            for projections in (estimates, online)
        )
        return refined_labels(
            slow, online, self.schedule, self.strength, self.shares
        )

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        return ops.mean(
            soft_label_loss(
                outputs["similarity"], outputs["label"], self.temperature
            )
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "label_temperature": self.label_temperature,
            "queue_size": self.queue_size,
            "schedule": self.schedule,
            "strength": self.strength,
            "shares": list(self.shares),
            "mix": self.mix,
            "mix_concentration": self.mix_concentration,
        }
