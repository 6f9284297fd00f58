from typing import Any

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.baselines.local_crops import LocalCrop, check_shares
from keras_relcon.baselines.predicted_views import PredictedViews
from keras_relcon.baselines.two_views import TwoViews, Views
from keras_relcon.baselines.view_pairs import ViewPairs
from keras_relcon.checks import check_number, check_one_of, check_whole
from keras_relcon.losses.renyi import (
    ALPHA,
    Normalizer,
    RenyiMutualInformation,
    renyi_contrastive_loss,
)
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Shape, Tensor

# Further views draw apart from the first two.
SEED_OF_CROPS = 101
SEED_OF_PLACES = 103


@keras.saving.register_keras_serializable(package="keras_relcon")
class RenyiCL(PredictedViews):
    """Pretrains an encoder by the skew Rényi divergence of pairs of views.

    [Lee and Shin, 2022](https://arxiv.org/abs/2208.06270). The prediction of a
    view is to be nearer to the target of the other view than to those of other
    windows (`renyi_contrastive_loss`); hard augmentations hurt less, as easy
    positives count more. The targets are the projections of a slow copy, which
    follows before they are made. The losses of both targets are added.

    With `num_local_crops`, pieces of each window are further views, which
    predict both targets and are none. `fit`, views and metrics are those of
    `TwoViews`.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`;
            `"batch_norm"` for dense layers of 512 and 128 units, each with a
            batch norm, the last without scale and shift; or `None`. Defaults
            to `"batch_norm"`.
        predictor: Keras model or layer between projections; `"batch_norm"`
            for dense layers of 512 and 128 units with a batch norm between.
            Defaults to `"batch_norm"`.
        gamma, alpha, temperature, normalizer: as of `renyi_contrastive_loss`.
            Default to `2.0`, `1 / 65536`, `0.5` and `"batch"`. In small
            batches `alpha` may be one by the negatives of a window.
        num_local_crops: int, not negative. Local crops of each window. Defaults
            to `0`.
        crop_shares: `(least, most)` in (0, 1]. Of the window that a local crop
            has. Defaults to `(0.25, 0.5)`.
        views: see `TwoViews`. Defaults to `"soar"`.
        momentum: float in [0, 1]. Of the slow copy. Defaults to `0.99`.
        momentum_steps: int or `None`. Steps over which the momentum rises to 1
            by half a cosine (the paper: all of the training). Defaults to
            `None`: it stays.
        seed: int or `None`. Of the views and crops. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g. A batch of 2 or more has
            negatives.

    Returns:
        dict of `embedding`, `projection` and `prediction`, `(batch, 2 + crops,
        any)`, first the two views, and `target`, `(batch, 2, any)`.

    Metrics: as `TwoViews`, and `mutual_information`, in nats
    (`RenyiMutualInformation`).

    Raises:
        TypeError: if `encoder` or a head is no layer.
        ValueError: if an argument is wrong, or the input is no windows.

    Differs from the paper: its projector and predictor have 4096 and 256
    units, and its predictor no bias; its local crops are smaller images, where
    ours are stretched to the length of a window, so that one program serves
    both and motion in them is slower; views and crops are one batch norm
    population.

    Example:

    >>> model = keras_relcon.baselines.RenyiCL(
    ...     encoder=keras_relcon.layers.ResNet1D34(), momentum_steps=10_000
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=128))
    """

    PROJECTORS = {
        "batch_norm": lambda: mlp_projector(
            (512, 128), batch_norm=True, last_batch_norm=True
        )
    }
    PREDICTORS = {
        "batch_norm": lambda: mlp_projector(
            (512, 128), batch_norm=True, name="predictor"
        )
    }

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None = "batch_norm",
        predictor: keras.Layer | str = "batch_norm",
        gamma: float = 2.0,
        alpha: float = ALPHA,
        temperature: float = 0.5,
        normalizer: Normalizer = "batch",
        num_local_crops: int = 0,
        crop_shares: tuple[float, float] = (0.25, 0.5),
        views: Views = "soar",
        momentum: float = 0.99,
        momentum_steps: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_number("momentum", momentum, least=0, most=1)
        kwargs.update(views=views, seed=seed)
        kwargs.update(momentum=momentum, momentum_steps=momentum_steps)
        super().__init__(encoder, projector, predictor, **kwargs)
        check_number("gamma", gamma, least=1)
        check_one_of("normalizer", normalizer, ["batch", "row"])
        check_whole("num_local_crops", num_local_crops, least=0)
        check_shares("crop_shares", crop_shares)
        self.gamma = gamma
        self.alpha = alpha
        self.temperature = temperature
        self.normalizer = normalizer
        self.num_local_crops = num_local_crops
        self.crop_shares = tuple(crop_shares)
        self.mutual_information = RenyiMutualInformation(alpha, temperature)
        self.crop_pairs: Any = None
        self.local_crop: Any = None
        if num_local_crops > 0:
            crop_seed = None if seed is None else seed + SEED_OF_CROPS
            self.crop_pairs = ViewPairs(views, crop_seed)
            place_seed = None if seed is None else seed + SEED_OF_PLACES
            self.local_crop = LocalCrop(crop_shares, place_seed)

    def build_parts(self, window_shape: Shape) -> None:
        super().build_parts(window_shape)
        if self.crop_pairs is not None:
            self.crop_pairs.build((None, None, window_shape[-1]))
            self.local_crop.build(window_shape)

    def crops(self, windows: Tensor) -> list[Tensor]:
        """Local crops of one more pair of views, in turn."""
        if self.crop_pairs is None:
            return []
        pair = self.crop_pairs(windows)
        return [
            self.local_crop(pair[index % 2], training=True)
            for index in range(self.num_local_crops)
        ]

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        pair = list(self.view_pairs(windows))
        views = pair + self.crops(windows)
        targets = self.slow_projections(ops.concatenate(pair), training)
        outputs = TwoViews.outputs_of(self, ops.concatenate(views), training)
        outputs["prediction"] = self.predictor(
            outputs["projection"], training=training
        )
        outputs = {
            name: _by_window(output, len(views))
            for name, output in outputs.items()
        }
        return {**outputs, "target": _by_window(targets, 2)}

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        return sum(
            renyi_contrastive_loss(
                queries,
                keys,
                self.gamma,
                self.alpha,
                self.temperature,
                self.normalizer,
            )
            for queries, keys in _both_directions(outputs)
        )

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Any,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        outputs = {
            name: distributed.gather(y_pred[name])
            for name in ("prediction", "target")
        }
        for queries, keys in _both_directions(outputs):
            self.mutual_information.update_state(queries, keys)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "alpha": self.alpha,
            "temperature": self.temperature,
            "normalizer": self.normalizer,
            "num_local_crops": self.num_local_crops,
            "crop_shares": list(self.crop_shares),
        }


def _both_directions(outputs):
    """For each target the predictions of all other views, then the target."""
    predictions, targets = outputs["prediction"], outputs["target"]
    for view in (0, 1):
        queries = ops.concatenate(
            [predictions[:, 1 - view : 2 - view], predictions[:, 2:]], axis=1
        )
        yield queries, targets[:, view]


def _by_window(x, num_views):
    """All first views, then all second, ...: to `(batch, views, dim)`."""
    x = ops.reshape(x, (num_views, -1, x.shape[-1]))
    return ops.transpose(x, (1, 0, 2))
