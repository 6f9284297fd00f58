from typing import Any

import keras

from keras_relcon.baselines.predicted_views import PredictedViews, mean_cosine
from keras_relcon.baselines.two_views import Views
from keras_relcon.checks import check_number
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class BYOL(PredictedViews):
    """Pretrains an encoder to predict what its slow copy makes of another view.

    [Grill et al., 2020](https://arxiv.org/abs/2006.07733), Eq. 2, without
    negatives; the targets are the projections of the slow copy:

    ```
    loss = mean(2 - 2 * cosine(prediction of a view, target of the other view))
    ```

    `fit`, views and metrics are those of `TwoViews`; `EMA` says how the slow
    copy follows.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`;
            `"batch_norm"` for dense layers of 128 and 128 units with a batch
            norm between; or `None`. Defaults to `"batch_norm"`.
        predictor: Keras model or layer between projections; `"batch_norm"`
            for the same layers. Defaults to `"batch_norm"`.
        views: see `TwoViews`. Defaults to `"soar"`.
        momentum: float in [0, 1]. Of the slow copy. Defaults to `0.996`.
        momentum_steps: int or `None`. Steps over which the momentum rises to 1
            (the paper: all of the training). Defaults to `None`: it stays.
        seed: int or `None`. Of the views. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict of `embedding`, `projection`, `prediction` and `target`, `(batch,
        2, any)`: of two views of each window.

    Raises:
        TypeError: if `encoder` or a head is no layer.
        ValueError: if an argument is wrong, or the input is no windows.

    Differs from the paper: the loss is the mean of both directions, not their
    sum; the widths are those of the public comparison of contrastive methods on
    acceleration by Qian et al. (2022), whose predictor also learns ten times
    as fast; both views are one batch norm population.

    Example:

    >>> model = keras_relcon.baselines.BYOL(
    ...     encoder=keras_relcon.layers.ResNet1D34()
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=128))
    """

    PROJECTORS = {
        "batch_norm": lambda: mlp_projector((128, 128), batch_norm=True)
    }

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None = "batch_norm",
        predictor: keras.Layer | str = "batch_norm",
        views: Views = "soar",
        momentum: float = 0.996,
        momentum_steps: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_number("momentum", momentum, least=0, most=1)
        kwargs.update(views=views, seed=seed)
        kwargs.update(momentum=momentum, momentum_steps=momentum_steps)
        super().__init__(encoder, projector, predictor, **kwargs)

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        return 2 - 2 * mean_cosine(outputs)
