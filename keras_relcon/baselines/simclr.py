from typing import Any

import keras
from keras import ops

from keras_relcon.baselines.two_views import TwoViews, Views
from keras_relcon.checks import check_number
from keras_relcon.losses.nt_xent import nt_xent_loss
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Tensor

# Of "soar".
PROJECTOR_WIDTHS = (256, 128, 50)


@keras.saving.register_keras_serializable(package="keras_relcon")
class SimCLR(TwoViews):
    """Pretrains an encoder by telling two views of a window from others'.

    [Tang et al., 2020](https://arxiv.org/abs/2011.11542), SimCLR
    ([Chen et al., 2020](https://arxiv.org/abs/2002.05709)) on acceleration:
    each window is augmented twice, and the loss asks the two projections to be
    nearer to each other than to those of the other windows (`nt_xent_loss`).
    `fit`, views and metrics are those of `TwoViews`.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`;
            `"soar"` for dense layers of 256, 128 and 50 units with ReLU
            between; or `None`. Defaults to `"soar"`.
        temperature: float, above 0. Defaults to `0.1` (Tang et al.; RelCon
            trains all methods with 1, A.1).
        views: `"soar"`, `"tang"`, `"relcon"` or a layer, see `ViewPairs`.
            Defaults to `"soar"`, which RelCon follows.
        seed: int or `None`. Of the views. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g. A batch of 2 or more has
            negatives.

    Returns:
        dict of `embedding`, `(batch, 2, dim)`, and `projection`, `(batch, 2,
        any)`, as `TwoViews`.

    Raises:
        TypeError: if `encoder` or `projector` is no layer.
        ValueError: if an argument is wrong, or the input is no windows.

    Differs from the papers: the encoder is any; RelCon does not state the
    projector, "soar" is that of the tutorial which it follows.

    Example:

    >>> model = keras_relcon.baselines.SimCLR(
    ...     encoder=keras_relcon.layers.ResNet1D34()
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=64))
    """

    PROJECTORS = {"soar": lambda: mlp_projector(PROJECTOR_WIDTHS)}

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None = "soar",
        temperature: float = 0.1,
        views: Views = "soar",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, projector, views, seed, **kwargs)
        check_number("temperature", temperature, above=0)
        self.temperature = temperature

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        projections = outputs["projection"]
        return ops.mean(
            nt_xent_loss(projections[:, 0], projections[:, 1], self.temperature)
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "temperature": self.temperature}
