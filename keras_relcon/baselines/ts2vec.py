from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.baselines.adaptive_resolution import (
    AdaptiveResolution,
    SelectionByEpoch,
)
from keras_relcon.baselines.overlapping_views import OverlappingViews
from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.checks import check_kind, check_number, message
from keras_relcon.losses.hierarchical_contrastive import (
    hierarchical_contrastive_loss,
    level_loss,
    num_resolutions,
    resolution_losses,
)
from keras_relcon.types import Shape, Tensor

# Place among what `fit` of Keras takes after `x`.
CALLBACKS_AT = 4


@keras.saving.register_keras_serializable(package="keras_relcon")
class TS2Vec(PretrainingMethod):
    """Pretrains an encoder to embed a sample alike in two crops around it.

    [TS2Vec, Yue et al., 2022](https://arxiv.org/abs/2106.10466), section 3.
    Two views are cut out of each window so that they overlap: the end of the
    first is the beginning of the second. The embeddings of the samples that
    both have are compared at several resolutions of time
    (`hierarchical_contrastive_loss`), against other samples of the window and
    other windows. The encoder masks samples of its own, see
    `DilatedConvEncoder1D`.

    With `resolution=AdaptiveResolution()` it trains on one resolution at a
    time, by the adaptive resolution loss.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`, with
            a method `sequences(x, training)` whose last entry is `(batch,
            time, dim)`, such as `DilatedConvEncoder1D`.
        resolution: `AdaptiveResolution`, or `None` for all of them, the single
            step included. Defaults to `None` (TS2Vec).
        alpha: float in [0, 1]. Weight of the comparison to other windows.
            Defaults to `0.5`.
        view_length: int, samples, or `None`. Of each view. Defaults to `None`:
            five eighths of the window, or fewer where the shortest overlap
            asks for it.
        overlap_lengths: sequence of int, samples, or `None`. One of them is
            drawn for each batch. Defaults to `None`: 2, 3 and 4 eighths of the
            window.
        seed: int or `None`. Of the crops. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g. `time` is known.

    Returns:
        dict of `embedding`, `(batch, 2, dim)`, the maximum of each view over
        time, without a gradient; `overlap`, `(batch, 2, longest, dim)`, the
        samples that both views have, and after these what does not count;
        `length`, `(batch,)` int32, the place in `overlap_lengths`; and with a
        `resolution` `choice`, `(batch,)` int32, and `entropy`, `(batch,)`.

    Metrics: `loss`; `embedding_spread` of the first views, 0 is collapse;
    `resolution_entropy` of an adaptive or uniform choice, 1 is uniform.

    Raises:
        TypeError: if `encoder` is no layer or has no `sequences`, or
            `resolution` is none.
        ValueError: if an argument is wrong, the views do not fit into the
            window, the encoder does not embed every sample, or the input is no
            windows.

    Differs from the paper: the views have one length, and their overlap one of
    a few, see `OverlappingViews`. The training of the released code, AdamW of
    1e-3 and the mean of the weights over all steps, is left to `compile` and
    `fit`.

    Example:

    >>> model = keras_relcon.baselines.TS2Vec(
    ...     encoder=keras_relcon.layers.DilatedConvEncoder1D(depth=5)
    ... )
    >>> model.compile(optimizer=keras.optimizers.AdamW(1e-3))
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=16))
    """

    PARTS = ("encoder", "resolution")

    def __init__(
        self,
        encoder: keras.Model,
        resolution: AdaptiveResolution | None = None,
        alpha: float = 0.5,
        view_length: int | None = None,
        overlap_lengths: Sequence[int] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        if not callable(getattr(encoder, "sequences", None)):
            raise TypeError(
                message(
                    "`encoder` must have a method `sequences`, which embeds "
                    "every sample.",
                    f"encoder of type {type(encoder).__name__}",
                    "Use `keras_relcon.layers.DilatedConvEncoder1D`.",
                )
            )
        if resolution is not None:
            check_kind(
                "resolution",
                resolution,
                AdaptiveResolution,
                "an `AdaptiveResolution`, or None",
            )
        check_number("alpha", alpha, least=0, most=1)
        self.resolution = resolution
        self.alpha = alpha
        self.views = OverlappingViews(view_length, overlap_lengths, seed)
        self.resolution_entropy = None
        if resolution is not None and resolution.is_drawn:
            self.resolution_entropy = keras.metrics.Mean("resolution_entropy")

    def build_parts(self, window_shape: Shape) -> None:
        self.views.build(window_shape)
        if self.resolution is not None:
            self._build_resolution(self.resolution)

    def _build_resolution(self, resolution):
        count = num_resolutions(self.views.longest)
        if not resolution.built:  # one that was loaded is
            resolution.build((count,))
        if resolution.count != count:
            raise ValueError(
                message(
                    "`resolution` must be for as many resolutions as the "
                    f"views have, which are {count}.",
                    f"one that was built for {resolution.count}",
                    "Give each model an `AdaptiveResolution` of its own.",
                )
            )

    def fit(
        self, x: Any = None, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        resolution = self.resolution
        if resolution is not None and resolution.is_drawn:
            if resolution.every == "epoch":
                by_epoch = SelectionByEpoch(resolution)
                if len(args) > CALLBACKS_AT:
                    before, after = args[:CALLBACKS_AT], args[CALLBACKS_AT:]
                    args = (*before, _with(after[0], by_epoch), *after[1:])
                else:
                    callbacks = kwargs.get("callbacks")
                    kwargs["callbacks"] = _with(callbacks, by_epoch)
        return super().fit(x, *args, **kwargs)

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        num_windows = ops.shape(windows)[0]
        *views, place = self.views(windows)
        embedded = self._embed(ops.concatenate(views, axis=0), training)
        first, second = ops.split(embedded, 2, axis=0)
        embedding = ops.stack([ops.max(x, axis=1) for x in (first, second)], 1)

        def of_each(value):
            return ops.repeat(value[None], num_windows, axis=0)

        outputs = {
            "embedding": ops.stop_gradient(embedding),
            "overlap": self.views.overlap(first, second, place),
            "length": of_each(place),
        }
        if self.resolution is not None:
            entropy = ops.copy(self.resolution.entropy)
            outputs["choice"] = of_each(self.resolution.choice(training))
            outputs["entropy"] = of_each(entropy)
            if training:
                self._record(self.resolution, outputs["overlap"], place)
        return outputs

    def _embed(self, views, training):
        x = self.encoder.sequences(views, training=training)[-1]
        if x.shape[1] != views.shape[1]:
            raise ValueError(
                message(
                    "`encoder.sequences` must embed every sample of a view, "
                    f"which has {views.shape[1]}.",
                    f"{x.shape[1]} embeddings",
                    "Use `keras_relcon.layers.DilatedConvEncoder1D`.",
                )
            )
        return x

    def _record(self, resolution, overlap, place):
        """Shows the choice the losses of all resolutions, without gradient."""
        count = resolution.count

        def losses_of(first, second):
            losses = resolution_losses(first, second, self.alpha)
            return ops.pad(ops.stack(losses), (0, count - len(losses)))

        losses = ops.zeros((count,), dtype="float32")
        if resolution.needs_losses:
            overlap = distributed.gather(ops.stop_gradient(overlap))
            losses = self.views.apply(losses_of, overlap, place)
        present = [num_resolutions(length) for length in self.views.lengths]
        present = ops.convert_to_tensor(present, dtype="int32")[place]
        resolution.record(losses, present)

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        loss: Callable[[Tensor, Tensor], Tensor]
        if self.resolution is None:
            loss = partial(hierarchical_contrastive_loss, alpha=self.alpha)
        elif self.resolution.selection == "all":
            loss = self._mean_loss
        else:
            choice = outputs["choice"][0]
            is_all = ops.equal(choice, self.resolution.count)
            loss = partial(self._loss_of_choice, choice, is_all)
        return self.views.apply(loss, outputs["overlap"], outputs["length"][0])

    def _mean_loss(self, first, second):
        return hierarchical_contrastive_loss(
            first, second, self.alpha, include_length_one=False
        )

    def _loss_of_choice(self, choice, is_all, first, second):
        present = num_resolutions(first.shape[1])
        branches = [
            partial(level_loss, first, second, present - 1 - k, self.alpha)
            for k in range(present)
        ]
        branches.append(partial(self._mean_loss, first, second))
        own = ops.where(is_all, present, ops.minimum(choice, present - 1))
        return ops.switch(own, branches)

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Any,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        if self.resolution_entropy is not None:
            self.resolution_entropy.update_state(y_pred["entropy"])
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "view_length": self.views.view_length,
            "overlap_lengths": self.views.overlap_lengths,
        }


def _with(callbacks, one):
    """Callbacks in any form that `fit` takes, and one more, the last."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(one)
        return callbacks
    return [*keras.tree.flatten(callbacks or []), one]
