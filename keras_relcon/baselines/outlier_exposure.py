from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from keras_relcon.baselines.outside_windows import OutsideWindows
from keras_relcon.baselines.two_views import TwoViews, Views
from keras_relcon.checks import check_kind, check_number, check_whole, message
from keras_relcon.losses.outlier_exposure import outlier_exposure_loss
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Shape, Tensor

Outside: TypeAlias = keras.Layer | Literal["self"] | None
INPUTS = ("inside", "outside")


@keras.saving.register_keras_serializable(package="keras_relcon")
class OutlierExposure(TwoViews):
    """Pretrains an encoder as `SimCLR`, and keeps other data near the origin.

    OECL of [Le-Gia and Ahn, 2023](https://arxiv.org/abs/2312.15288): the length
    of a projection tells windows like the training data, which are long, from
    others. Windows outside are shown in training, and their lengths are added
    to the loss (`outlier_exposure_loss`):

    ```
    loss = mean(nt_xent(views inside)) + alpha * mean(|views outside|)
    ```

    All views pass the encoder as one batch. Scores are taken at the projection
    before it is normalised, so keep the projector:
    `keras_relcon.evaluation.out_of_distribution_auroc(model, ...)`. `fit` and
    views are those of `TwoViews`.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`;
            `"batch_norm"` for dense layers of 256 and 128 units with a batch
            norm between; or `None`. Defaults to `"batch_norm"`.
        outside: where the windows outside come from. Defaults to `"self"`.

            - `"self"`: made of those inside, by `OutsideWindows`.
            - a layer from windows to windows of the same shape, called with
              `training=True`.
            - `None`: they come with the input.
        alpha: float, not negative. Weight of the lengths. Defaults to `1.0`;
            the released code has 0.1 for data that are very unlike.
        steps_before_alpha: int. Steps of training before which the weight is
            0 (released code: a twentieth of all). Defaults to `0`.
        temperature: float, above 0. Defaults to `0.5` (released code).
        views: see `TwoViews`. Defaults to `"soar"`.
        seed: int or `None`. Of the views and of what is outside. Defaults to
            `None`.

    Call arguments:
        inputs: `(batch, time, channels)`, g; without `outside` a dict of
            `inside` and `outside`, two such arrays.

    Returns:
        dict of `embedding`, `(batch, 2, dim)`, and `projection`, `(batch, 2,
        any)`, of two views of each window inside; `outside_projection`,
        `(batch, 2, any)`; and `alpha`, `(batch,)`, the present weight.

    Raises:
        TypeError: if `encoder` or `projector` is no layer, or `outside` none of
            these.
        ValueError: if an argument is wrong, or the input is no windows or not
            what `outside` asks for.

    Differs from the paper: the windows and what is outside of them; of "self"
    it has two turns of each image inside, here one window, whose views already
    have the time flip. The projector's first layer has no bias.

    Example:

    >>> model = keras_relcon.baselines.OutlierExposure(
    ...     encoder=keras_relcon.layers.ResNet1D34(), steps_before_alpha=500
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=64))
    """

    PARTS = ("encoder", "projector", "views", "outside")
    PROJECTORS = {
        "batch_norm": lambda: mlp_projector((256, 128), batch_norm=True)
    }

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None = "batch_norm",
        outside: Outside = "self",
        alpha: float = 1.0,
        steps_before_alpha: int = 0,
        temperature: float = 0.5,
        views: Views = "soar",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, projector, views, seed, **kwargs)
        check_number("alpha", alpha, least=0)
        check_whole("steps_before_alpha", steps_before_alpha, least=0)
        check_number("temperature", temperature, above=0)
        self.alpha = alpha
        self.steps_before_alpha = steps_before_alpha
        self.temperature = temperature
        self.outside = outside
        if outside == "self":
            made: Any = OutsideWindows(seed=seed)
        else:
            kinds = (keras.Layer, type(None))
            expected = '"self", a layer from windows to windows, or None'
            check_kind("outside", outside, kinds, expected)
            made = outside
        self.outside_windows = made

    def build(self, input_shape: Any) -> None:
        if self.outside_windows is not None:
            super().build(input_shape)
            return
        if not isinstance(input_shape, dict) or set(input_shape) != set(INPUTS):
            raise ValueError(
                message(
                    "Without `outside` the input must be a dict of `inside` "
                    "and `outside`, windows of shape (batch, time, channels).",
                    _described(input_shape),
                    'Use outside="self" for windows alone.',
                )
            )
        inside, outside = (tuple(input_shape[name]) for name in INPUTS)
        if inside[1:] != outside[1:]:
            raise ValueError(
                message(
                    "Windows inside and outside must have one length and the "
                    "same channels.",
                    f"shapes {inside} and {outside}",
                    "Resample and cut both alike.",
                )
            )
        super().build(inside)

    def build_parts(self, window_shape: Shape) -> None:
        super().build_parts(window_shape)
        if self.outside_windows is not None and not self.outside_windows.built:
            self.outside_windows.build(window_shape)
        self.steps_taken = self.add_weight(
            (),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            name="steps_taken",
            aggregation="only_first_replica",
        )

    def call(self, inputs: Any, training: bool = False) -> dict[str, Tensor]:
        if self.outside_windows is None:
            inside, outside = (
                ops.cast(inputs[name], "float32") for name in INPUTS
            )
        else:
            inside = ops.cast(inputs, "float32")
            outside = self.outside_windows(inside, training=True)
        alpha = self.current_alpha()
        if training:
            self.steps_taken.assign(self.steps_taken + 1)
        num_inside = ops.shape(inside)[0]
        both = ops.concatenate([inside, outside], axis=0)
        outputs = super().call(both, training)
        return {
            "embedding": outputs["embedding"][:num_inside],
            "projection": outputs["projection"][:num_inside],
            "outside_projection": outputs["projection"][num_inside:],
            # The loss is that of all replicas, which know rows alone.
            "alpha": alpha * ops.ones_like(outside[:, 0, 0], dtype="float32"),
        }

    def current_alpha(self) -> Tensor:
        """The weight of the next step, float32 scalar."""
        is_on = self.steps_taken >= self.steps_before_alpha
        return ops.cast(is_on, "float32") * self.alpha

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        inside = outputs["projection"]
        outside = outputs["outside_projection"]
        return outlier_exposure_loss(
            inside[:, 0],
            inside[:, 1],
            ops.reshape(outside, (-1, outside.shape[-1])),
            ops.repeat(outputs["alpha"], 2),
            self.temperature,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "steps_before_alpha": self.steps_before_alpha,
            "temperature": self.temperature,
        }


def _described(shape):
    if isinstance(shape, dict):
        return f"a dict of {sorted(shape)}"
    return f"shape={tuple(shape)}"
