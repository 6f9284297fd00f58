from typing import Any

import keras

from keras_relcon.baselines.predicted_views import PredictedViews, mean_cosine
from keras_relcon.baselines.two_views import Views
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class SimSiam(PredictedViews):
    """Pretrains an encoder to predict one view's projection from the other's.

    [Chen and He, 2021](https://arxiv.org/abs/2011.10566), Eq. 2: without
    negatives and without a slow copy. What keeps the encoder from collapsing is
    that the projection that is predicted gets no gradient:

    ```
    loss = -mean(cosine(prediction of a view, projection of the other view))
    ```

    `fit`, views and metrics are those of `TwoViews`.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`;
            `"batch_norm"` for dense layers of 128 and 128 units, each with a
            batch norm, the last without scale and shift; or `None`. Defaults
            to `"batch_norm"`.
        predictor: Keras model or layer between projections; `"batch_norm"`
            for dense layers of 128 and 128 units with a batch norm between.
            Defaults to `"batch_norm"`.
        views: see `TwoViews`. Defaults to `"soar"`.
        seed: int or `None`. Of the views. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict of `embedding`, `projection`, `prediction` and `target`, `(batch,
        2, any)`: of two views of each window.

    Raises:
        TypeError: if `encoder` or a head is no layer.
        ValueError: if an argument is wrong, or the input is no windows.

    Differs from the paper: the widths are those of the public comparison of
    contrastive methods on acceleration by Qian et al. (2022); both views are
    one batch norm population.

    Example:

    >>> model = keras_relcon.baselines.SimSiam(
    ...     encoder=keras_relcon.layers.ResNet1D34()
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=128))
    """

    PROJECTORS = {
        "batch_norm": lambda: mlp_projector(
            (128, 128), batch_norm=True, last_batch_norm=True
        )
    }

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None = "batch_norm",
        predictor: keras.Layer | str = "batch_norm",
        views: Views = "soar",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.update(views=views, seed=seed)
        super().__init__(encoder, projector, predictor, **kwargs)

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        return -mean_cosine(outputs)
