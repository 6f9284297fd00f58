from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from keras_relcon import distributed
from keras_relcon.checks import (
    check_layer,
    check_one_of,
    check_whole,
    check_windows_shape,
    message,
)
from keras_relcon.layers.candidate_rev_in import CandidateRevIN
from keras_relcon.layers.cross_attention import (
    Attention,
    CrossAttention,
    check_attention,
)
from keras_relcon.layers.dilated_conv_qkv import DilatedConvQKV
from keras_relcon.layers.random_augmentations import RandomAugmentations
from keras_relcon.models.built_first import BuiltFirst
from keras_relcon.models.own_loss import OwnLoss
from keras_relcon.models.parts import HasParts
from keras_relcon.models.ranking import PairRanking, squared_errors
from keras_relcon.types import Shape, Tensor

NORMALIZATIONS = ("candidate", "anchor", "none")


@keras.saving.register_keras_serializable(package="keras_relcon")
class MotifDistance(HasParts, PairRanking, BuiltFirst, OwnLoss, keras.Model):
    """Learned distance between windows: how badly one rebuilds the other.

    Section 3.1 of [RelCon](https://arxiv.org/abs/2411.18822), Eq. 1:

    ```
    d(anchor, candidate) = sum((reconstruct(anchor, candidate) - anchor)**2)
    ```

    summed over time and channels. `reconstruct` normalises both windows by the
    candidate's statistics, lets every sample of the anchor attend over those of
    the candidate by the motif around it, and puts the attended values back on
    the candidate's scale.

    `attention`, `normalization` and `augmentation` are the switches of the
    paper's Table 5.

    `fit(windows)` trains it: each window is rebuilt from an augmented copy of
    itself, the summed squared error is the loss. Afterwards it ranks
    candidates for `RelConModel`. The distance is not symmetric.

    Args:
        attention: `"sparsemax"` or `"softmax"`. Defaults to `"sparsemax"`.
        ranking_attention: as `attention`, wherever `training=False`: when
            ranking, and on validation windows. Defaults to `None`, the same;
            `"softmax"` is what the released code does.
        normalization: whose mean and standard deviation normalise both
            windows: `"candidate"`, as in the paper; `"anchor"`, as in
            [REBAR](https://arxiv.org/abs/2311.00519); or `"none"`, windows in
            g, without the learned affine. Defaults to `"candidate"`.
        embedding_dim: int, at least 8. See `DilatedConvQKV`. Defaults to `64`.
        kernel_size: int, odd, samples. Defaults to `15`.
        num_dilated_blocks: int, not negative. Defaults to `2`.
        dropout: float, in `[0, 1)`. Share of the attention weights dropped in
            training. Defaults to `0.1`.
        augmentation: layer that maps `(batch, time, channels)` to the same
            shape when called with `training=True`, or `None` for two of the
            eight augmentations. `SpanMask()` hides a part instead,
            `keras.layers.Identity()` nothing. Defaults to `None`.
        pairs_per_chunk: int, at least 1. How many pairs of windows are
            compared at once, and how many windows become keys and values at
            once. The attention of one pair takes `4 * time**2` bytes, several
            times over. Defaults to `None`: on a CPU, whose cache then holds
            most of it, 8 with TensorFlow, 16 with JAX and 32 with PyTorch; on
            an accelerator, which would idle in small steps, 2048.
        ranking_kernels: bool. Whether, with JAX on an NVIDIA GPU of 2020 or
            later and in half precision, candidates are ranked by kernels
            written for it (on an H200 in half of the time that XLA takes,
            windows of 256 in bfloat16). Elsewhere it changes nothing. A
            loaded distance takes it as an attribute, before it ranks first.
            Defaults to `None`: on an H100 or H200, as they have run on no
            other yet; `pytest -m gpu tests/layers` checks them on one.
        downsampling: int, at least 1. Windows are averaged over so many samples
            before they are compared. A pair then costs that much less, its
            attention the square of it; what moves faster than half of the lower
            rate is not seen. Distances are sums over the samples that are
            left. Defaults to `1`.

    Call arguments:
        windows: `(batch, time, channels)`, g. Any `time` of `2 * downsampling`
            or more.

    Returns:
        `(batch, time // downsampling, channels)`, g: each window rebuilt from
        an augmented copy of itself. See `reconstruct`, `distance` and
        `candidate_distances` for two different windows.

    Raises:
        TypeError: if `augmentation` is no layer.
        ValueError: if a size is not such an int, `dropout` not such a share, or
            an attention or `normalization` not one of those listed; and if
            `windows` have another rank.

    Differs from the paper: Eq. 2's brackets, see `CandidateRevIN`, and Eq. 3's,
    see `CrossAttention`. Sparsemax both in training and when ranking; the
    released code ranks with softmax.

    Example:

    >>> distance = keras_relcon.MotifDistance()
    >>> distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    >>> distance.fit(windows, batch_size=64, epochs=10)
    >>> distance.distance(anchors, candidates)  # (batch,)
    """

    PARTS: tuple[str, ...] = ("augmentation",)

    def __init__(
        self,
        attention: Attention = "sparsemax",
        embedding_dim: int = 64,
        kernel_size: int = 15,
        num_dilated_blocks: int = 2,
        dropout: float = 0.1,
        augmentation: keras.Layer | None = None,
        pairs_per_chunk: int | None = None,
        ranking_attention: Attention | None = None,
        normalization: Literal["candidate", "anchor", "none"] = "candidate",
        ranking_kernels: bool | None = None,
        downsampling: int = 1,
        **kwargs: Any,
    ) -> None:
        # The signal stays in float32 under a policy of mixed precision; the
        # layers cast what they compute in half.
        super().__init__(autocast=False, **kwargs)
        if pairs_per_chunk is not None:
            check_whole("pairs_per_chunk", pairs_per_chunk)
        check_one_of("ranking_kernels", ranking_kernels, (None, True, False))
        check_whole("downsampling", downsampling)
        check_layer("augmentation", augmentation)
        # In `build`, Keras would hide the message behind one of its own.
        check_attention(attention, ranking_attention, dropout)
        check_one_of("normalization", normalization, NORMALIZATIONS)
        self.attention = attention
        self.ranking_attention = ranking_attention
        self.normalization = normalization
        self.embedding_dim = embedding_dim
        self.kernel_size = kernel_size
        self.num_dilated_blocks = num_dilated_blocks
        self.dropout = dropout
        self.pairs_per_chunk = pairs_per_chunk
        self.ranking_kernels = ranking_kernels
        self.downsampling = downsampling
        self.augmentation = augmentation or RandomAugmentations()
        self.rev_in = CandidateRevIN(
            affine=normalization != "none",
            dtype=self.dtype_policy,
            name="rev_in",
        )
        self.qkv = DilatedConvQKV(
            embedding_dim,
            kernel_size,
            num_dilated_blocks,
            dtype=self.dtype_policy,
            name="qkv",
        )
        # Made by `build`, as it needs the number of channels.
        self.cross_attention: CrossAttention = None  # type: ignore[assignment]
        self.window_distance = keras.metrics.Mean(name="window_distance")

    def build(self, input_shape: Shape) -> None:
        check_windows_shape("windows", input_shape)
        channels = input_shape[-1]
        # No weight depends on the batch or the length.
        open_shape = (None, None, channels)
        embedded_shape = (None, None, self.embedding_dim)
        self.augmentation.build(open_shape)
        self.rev_in.build(open_shape)
        self.qkv.build(open_shape)
        self.cross_attention = CrossAttention(
            channels,
            self.attention,
            self.dropout,
            self.ranking_attention,
            dtype=self.dtype_policy,
            name="cross_attention",
        )
        self.cross_attention.build(
            embedded_shape, embedded_shape, embedded_shape
        )
        self._build_ranking()
        self.built = True

    @property
    def is_trained(self) -> bool:
        """Whether the output bias has left the zeros that it begins with."""
        if not self.built:
            return False
        bias = ops.convert_to_numpy(self.cross_attention.output_bias)
        return bool(np.any(bias))

    def fit(
        self, x: Any = None, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Trains as `keras.Model.fit`, whose arguments it takes.

        On one device, or on several of one process of TensorFlow or JAX.

        Args:
            x: `(num_windows, time, channels)`, g, or a data set of batches of
                windows, which is not checked.

        Returns:
            `keras.callbacks.History`: `loss`, the sum over the windows of a
            batch, and `window_distance`, the mean over windows, both g**2.

        Raises:
            ValueError: if an array has another rank, no window, or samples
                that are not finite; or if several processes of PyTorch would
                each train a distance of their own.
        """
        if distributed.num_replicas() > 1:
            raise ValueError(
                message(
                    "A motif distance is trained in one process.",
                    distributed.num_replicas(),
                    "Train it without `torchrun`, save it, and load it in "
                    "each process.",
                )
            )
        if isinstance(x, np.ndarray):
            check_windows_shape("x", x.shape)
            num_bad = int(np.sum(~np.isfinite(x).all(axis=(1, 2))))
            if len(x) == 0 or num_bad:
                raise ValueError(
                    message(
                        "`x` must be one window or more, all finite.",
                        f"{num_bad} of {len(x)} windows with NaN or infinite "
                        "samples",
                        "Keep the valid windows only.",
                    )
                )
        return super().fit(x, *args, **kwargs)

    def call(self, windows: Tensor, training: bool = False) -> Tensor:
        # Validation compares with an augmented copy too: from its very self
        # any window is rebuilt with ease.
        augmented = self.augmentation(windows, training=True)
        return self.reconstruct(windows, augmented, training=training)

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        return ops.sum(squared_errors(self._downsampled(x), y_pred))

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Tensor,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        errors = squared_errors(self._downsampled(x), y_pred)
        self.window_distance.update_state(errors)
        return self.get_metrics_result()

    def reconstruct(
        self, anchors: Tensor, candidates: Tensor, training: bool = False
    ) -> Tensor:
        """Rebuilds each anchor from its candidate.

        Args:
            anchors, candidates: `(batch, time, channels)`, g. Pair by pair.
                The two may differ in time.
            training: bool. Whether attention weights are dropped, and whether
                they are those of `attention` or of `ranking_attention`.

        Returns:
            `(batch, anchor_time // downsampling, channels)`, g.

        Raises:
            ValueError: if one of the two are no windows, or have other channels
                than the distance was built for.
        """
        anchors, candidates = self._as_tensors(
            anchors=anchors, candidates=candidates
        )
        statistics = self._statistics(anchors, candidates)
        output = self.cross_attention.attend(
            self._query(anchors, statistics),
            *self._keys_and_values(candidates, statistics),
            training=training,
        )
        return self.rev_in.denormalize(output, statistics)

    def _statistics(self, anchors, candidates):
        """Mean and standard deviation that normalise a pair of windows."""
        if self.normalization == "candidate":
            return self.rev_in.statistics(candidates)
        if self.normalization == "anchor":
            return self.rev_in.statistics(anchors)
        first = candidates[:, :1]
        return ops.zeros_like(first), ops.ones_like(first)

    def _query(self, anchors, statistics, fast=None):
        normalized = self.rev_in.normalize(anchors, statistics)
        return _run(self.qkv.query, normalized, fast)

    def _keys_and_values(
        self, candidates: Tensor, statistics: Any, fast: Any = None
    ) -> tuple[Tensor, Tensor]:
        normalized = self.rev_in.normalize(candidates, statistics)
        keys = _run(self.qkv.key, normalized, fast)
        values = _run(self.qkv.value, normalized, fast)
        return keys, self.cross_attention.project(values)

    def _as_tensors(self, **windows):
        tensors = []
        for name, value in windows.items():
            tensor = ops.convert_to_tensor(value, dtype=self.variable_dtype)
            check_windows_shape(name, tensor.shape)
            if not self.built:
                self.build(tensor.shape)
            if tensor.shape[-1] != self.cross_attention.output_dim:
                raise ValueError(
                    message(
                        f"`{name}` must have the channels that the distance "
                        f"was built for, {self.cross_attention.output_dim}.",
                        f"shape={tuple(tensor.shape)}",
                    )
                )
            tensors.append(self._downsampled(tensor))
        return tensors

    def _downsampled(self, windows):
        if self.downsampling == 1:
            return windows
        length = windows.shape[1]
        if length is not None and length < 2 * self.downsampling:
            raise ValueError(
                message(
                    "Windows must have two samples or more after "
                    "`downsampling`.",
                    f"{length} samples with downsampling={self.downsampling}",
                    "Use longer windows, or a smaller `downsampling`.",
                )
            )
        return ops.average_pool(
            windows,
            self.downsampling,
            strides=self.downsampling,
            padding="valid",
            data_format="channels_last",
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "attention": self.attention,
            "embedding_dim": self.embedding_dim,
            "kernel_size": self.kernel_size,
            "num_dilated_blocks": self.num_dilated_blocks,
            "dropout": self.dropout,
            "pairs_per_chunk": self.pairs_per_chunk,
            "ranking_attention": self.ranking_attention,
            "normalization": self.normalization,
            "ranking_kernels": self.ranking_kernels,
            "downsampling": self.downsampling,
        }


def _run(stack, x, fast):
    return stack(x) if fast is None else stack.infer(x, fast)
