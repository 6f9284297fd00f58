from typing import Any

import keras
from keras import ops

from keras_relcon.baselines.slow_two_views import SlowTwoViews
from keras_relcon.baselines.two_views import Views, head
from keras_relcon.checks import check_kind, message
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Shape, Tensor


class PredictedViews(SlowTwoViews):
    """Base of the methods that predict one view's projection from the other's.

    A predictor follows the projector. What it is to predict, the target, gets
    no gradient: it is the projection of the other view, or, with a `momentum`,
    that of slow copies of encoder and projector (`EMA`).

    Args:
        encoder, projector, views, momentum, momentum_steps, seed: as of
            `SlowTwoViews`; without a momentum by default.
        predictor: Keras model or layer, from projections to targets, or the
            name of a published one of `PREDICTORS`. Discarded after training.

    Returns:
        dict as of `TwoViews`, and `prediction` and `target`, `(batch, 2, any)`.
        The target of a view is the projection of that view.

    Raises:
        TypeError, ValueError: as `TwoViews` and `EMA`; and if a prediction has
            not the width of a target.
    """

    PARTS = ("encoder", "projector", "views", "predictor")
    PREDICTORS = {
        "batch_norm": lambda: mlp_projector(
            (128, 128), batch_norm=True, name="predictor"
        )
    }

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None,
        predictor: keras.Layer | str,
        views: Views = "soar",
        momentum: float | None = None,
        momentum_steps: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.update(momentum=momentum, momentum_steps=momentum_steps)
        super().__init__(encoder, projector, views, seed=seed, **kwargs)
        self.predictor = head("predictor", predictor, self.PREDICTORS)
        check_kind("predictor", self.predictor, keras.Layer, "a Keras layer")

    def build_parts(self, window_shape: Shape) -> None:
        super().build_parts(window_shape)
        shape = self.projection_shape(window_shape)
        if not self.predictor.built:
            self.predictor.build(shape)
        predicted = tuple(self.predictor.compute_output_shape(shape))
        if predicted[-1] != shape[-1]:
            raise ValueError(
                message(
                    "`predictor` must give as many numbers as a projection "
                    f"has, which are {shape[-1]}.",
                    f"{predicted[-1]} numbers",
                    "Give a predictor of that width.",
                )
            )

    def outputs_of(self, views: Tensor, training: bool) -> dict[str, Tensor]:
        if self.slow_encoder is None:
            outputs = super().outputs_of(views, training)
            targets = ops.stop_gradient(outputs["projection"])
        else:
            targets = self.slow_projections(views, training)
            outputs = super().outputs_of(views, training)
        prediction = self.predictor(outputs["projection"], training=training)
        return {**outputs, "prediction": prediction, "target": targets}


def mean_cosine(outputs: dict[str, Tensor]) -> Tensor:
    """Mean cosine similarity of each prediction to the other view's target.

    Args:
        outputs: dict of `prediction` and `target`, `(batch, 2, any)`.

    Returns:
        float32 scalar, in [-1, 1].
    """
    others = ops.flip(unit_rows(outputs["target"]), axis=1)
    predictions = unit_rows(outputs["prediction"])
    return ops.mean(ops.sum(others * predictions, axis=-1))
