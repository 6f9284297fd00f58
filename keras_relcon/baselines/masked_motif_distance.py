from typing import Any, Literal, Self

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_whole, message
from keras_relcon.distributed import ReplicaSeedGenerator
from keras_relcon.layers.cross_attention import Attention
from keras_relcon.layers.span_mask import draw_span, is_in_span
from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class MaskedMotifDistance(MotifDistance):
    """REBAR's own distance: how badly one window fills gaps in another.

    [REBAR](https://arxiv.org/abs/2311.00519), stage 1. A mask hides samples of
    the anchor; they are rebuilt by cross-attention from the candidate, which
    is whole, and the error is taken at those samples:

    ```
    d(anchor, candidate) =
        sum((reconstruct(anchor, candidate, mask) - anchor)**2 at the mask)
    ```

    It stands where `MotifDistance` does, and has its networks. What differs:

    - `fit(windows)` hides one span of `mask_length` samples of each window and
      fills it from the whole window, where `MotifDistance` takes an augmented
      copy.
    - Both windows are normalised by the *anchor's* statistics, hidden samples
      included.
    - The first layer of the query is a partial convolution
      ([Liu et al., 2018](https://arxiv.org/abs/1804.07723)): hidden samples
      take no part, and what is left is scaled up.
    - `distance` and `candidate_distances` hide half of the samples, chosen at
      random once for all, so that candidates are ranked by the same samples.

    Keys and values depend on the pair too, so ranking costs more than that of
    `MotifDistance`.

    Args:
        mask_length: int, samples. Hidden in training. Defaults to `15`.
        num_masks: int. Halves over whose errors a distance is averaged.
            Defaults to `1`.
        mask_seed: int. Of these halves. Defaults to `0`.
        attention, embedding_dim, kernel_size, num_dilated_blocks, dropout,
            pairs_per_chunk: as in `MotifDistance`. Defaults to REBAR's:
            `"softmax"`, `256`, `15`, `1`, `0.1`; and `None`.
        normalization: `"anchor"`, and no other. Defaults to `"anchor"`.
        downsampling: `1`, and no other: what is hidden is counted in samples.
            Defaults to `1`.

    Call arguments:
        windows: `(batch, time, channels)`, g. More than `mask_length` samples.

    Returns:
        dict of `rebuilt`, `(batch, time, channels)`, g, and `mask`, `(batch,
        time, 1)`, 1 where a sample was hidden.

    Raises:
        ValueError: if an argument is wrong, or windows are too short.

    Differs from the paper: REBAR draws the half anew in every call, so its
    ranks carry the noise of the draw; here distances are the same in every
    call. The default lengths are those for HAR windows of 128 samples.

    Example:

    >>> distance = keras_relcon.baselines.MaskedMotifDistance()
    >>> distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    >>> distance.fit(windows, batch_size=32, epochs=10)
    >>> model = keras_relcon.baselines.REBAR(encoder, distance)
    """

    PARTS = ()  # no window is augmented

    def __init__(
        self,
        mask_length: int = 15,
        num_masks: int = 1,
        mask_seed: int = 0,
        attention: Attention = "softmax",
        embedding_dim: int = 256,
        kernel_size: int = 15,
        num_dilated_blocks: int = 1,
        dropout: float = 0.1,
        pairs_per_chunk: int | None = None,
        normalization: Literal["anchor"] = "anchor",
        downsampling: Literal[1] = 1,
        **kwargs: Any,
    ) -> None:
        if downsampling != 1:
            raise ValueError(
                message(
                    "`downsampling` must be 1: the hidden samples are those "
                    "of the windows.",
                    {"downsampling": downsampling},
                    "Give it windows of a lower rate, or use `MotifDistance`.",
                )
            )
        if normalization != "anchor":
            raise ValueError(
                message(
                    '`normalization` must be "anchor": REBAR takes the '
                    "statistics of the anchor.",
                    {"normalization": normalization},
                    "Use `MotifDistance` for another.",
                )
            )
        super().__init__(
            attention=attention,
            embedding_dim=embedding_dim,
            kernel_size=kernel_size,
            num_dilated_blocks=num_dilated_blocks,
            dropout=dropout,
            pairs_per_chunk=pairs_per_chunk,
            normalization=normalization,
            augmentation=keras.layers.Identity(),
            **kwargs,
        )
        check_whole("mask_length", mask_length)
        check_whole("num_masks", num_masks)
        check_whole("mask_seed", mask_seed, least=0)
        self.mask_length = mask_length
        self.num_masks = num_masks
        self.mask_seed = mask_seed
        self.seed_generator = ReplicaSeedGenerator()

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        mask = self._draw_span(ops.shape(windows))
        rebuilt = self.reconstruct(windows, windows, mask, training=training)
        return {"rebuilt": rebuilt, "mask": mask}

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        return ops.sum(_masked_errors(x, y_pred["rebuilt"], y_pred["mask"]))

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Tensor,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        self.window_distance.update_state(
            _masked_errors(x, y_pred["rebuilt"], y_pred["mask"])
        )
        return self.get_metrics_result()

    def reconstruct(  # type: ignore[override]
        self,
        anchors: Tensor,
        candidates: Tensor,
        mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Fills the hidden samples of each anchor from its candidate.

        Args:
            anchors, candidates: `(batch, time, channels)`, g. Pair by pair.
                The two may differ in time.
            mask: `(batch or 1, time, 1)`, 1 where a sample is hidden. `None`
                for the first half that distances are taken on.
            training: bool. Whether attention weights are dropped.

        Returns:
            `(batch, anchor_time, channels)`, g: rebuilt at all samples.
        """
        anchors, candidates = self._as_tensors(
            anchors=anchors, candidates=candidates
        )
        if mask is None:
            mask = self.scoring_masks(anchors.shape[1])[0]
        mask = ops.convert_to_tensor(mask, dtype=anchors.dtype)
        statistics = self.rev_in.statistics(anchors)
        query = self.qkv.query(
            self.rev_in.normalize(anchors, statistics), 1.0 - mask
        )
        normalized = self.rev_in.normalize(candidates, statistics)
        output = self.cross_attention(
            query,
            self.qkv.key(normalized),
            self.qkv.value(normalized),
            training=training,
        )
        return self.rev_in.denormalize(output, statistics)

    def scoring_masks(self, length: int) -> np.ndarray:
        """The halves that distances are taken on.

        Args:
            length: int, samples.

        Returns:
            `(num_masks, 1, length, 1)` float32 array, 1 at `length // 2`
            hidden samples.

        Raises:
            ValueError: if `length` is `None`.
        """
        if length is None:
            raise ValueError(
                "The masks need windows of a known length. Received: windows "
                "of any length. Give batches a static shape."
            )
        rng = np.random.default_rng([self.mask_seed, length])
        masks = np.zeros((self.num_masks, 1, length, 1), "float32")
        for mask in masks:
            mask[0, rng.permutation(length)[: length // 2]] = 1.0
        return masks

    def _pair_function(self, anchors, pool, fast):
        masks = self.scoring_masks(anchors.shape[1])

        def pair_distances(index):
            anchor = ops.take(anchors, index[0], axis=0)
            candidate = ops.take(pool, index[1], axis=0)
            errors = [
                _masked_errors(
                    anchor, self.reconstruct(anchor, candidate, mask), mask
                )
                for mask in masks
            ]
            return sum(errors) / len(errors)

        return pair_distances

    def _draw_span(self, shape):
        """One span of each window, `(batch, time, 1)`: 1 where hidden."""
        start = draw_span(shape, self.mask_length, self.seed_generator)
        is_hidden = is_in_span(start, shape[1], self.mask_length)
        return ops.cast(is_hidden, "float32")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "mask_length": self.mask_length,
            "num_masks": self.num_masks,
            "mask_seed": self.mask_seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        # Saved by versions that took the argument and did not use it.
        if config.get("normalization") == "candidate":
            del config["normalization"]
        return super().from_config(config)


def _masked_errors(anchors, rebuilt, mask):
    """Summed squared errors at the hidden samples, `(batch,)`, g**2."""
    error = ops.cast(anchors, "float32") - ops.cast(rebuilt, "float32")
    mask = ops.convert_to_tensor(mask, dtype="float32")
    return ops.sum(ops.square(error) * mask, axis=(1, 2))
