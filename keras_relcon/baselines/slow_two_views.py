from typing import Any

import keras

from keras_relcon.baselines.two_views import TwoViews, Views
from keras_relcon.models.ema import EMA, slow_outputs
from keras_relcon.types import Shape, Tensor


class SlowTwoViews(TwoViews):
    """Base of the methods with slow copies of encoder and projector (`EMA`).

    Args:
        encoder, projector, views, seed: as of `TwoViews`.
        momentum: float in [0, 1], of the slow copies; `None` for none.
        momentum_steps: int or `None`. Steps over which the momentum rises to
            1, see `EMA`. Defaults to `None`: it stays.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict as of `TwoViews`.

    Raises:
        TypeError, ValueError: as `TwoViews` and `EMA`.
    """

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None,
        views: Views = "soar",
        momentum: float | None = None,
        momentum_steps: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, projector, views, seed, **kwargs)
        self.momentum = momentum
        self.momentum_steps = momentum_steps
        self.slow_encoder = self._slow_copy(self.encoder)
        self.slow_projector = self._slow_copy(self.projector)

    def _slow_copy(self, model):
        if self.momentum is None or model is None:
            return None
        return EMA(model, self.momentum, self.momentum_steps)

    def build_parts(self, window_shape: Shape) -> None:
        super().build_parts(window_shape)
        if self.slow_encoder is not None:
            self.slow_encoder.build(window_shape)
        if self.slow_projector is not None:
            self.slow_projector.build(self.embedding_shape(window_shape))

    def slow_projections(self, views: Tensor, training: bool) -> Tensor:
        """Projections of the slow copies, which in training follow first."""
        pairs = (
            (self.slow_encoder, self.encoder),
            (self.slow_projector, self.projector),
        )
        return slow_outputs(pairs, views, training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "momentum_steps": self.momentum_steps,
        }
