from collections.abc import Sequence
from typing import Any

import keras

from keras_relcon.layers.resnet1d34 import ResNet1D34


@keras.saving.register_keras_serializable(package="keras_relcon")
class ResNet1D18(ResNet1D34):
    """The 1-D ResNet-18 with 1024 dimensions of RelCon's Table 7.

    The stem and blocks of `ResNet1D34`, two blocks in each of four stages;
    the mean over time of the last stage is the embedding. 11,454,720 trainable
    parameters by default.

    Args:
        embedding_dim: int. Defaults to `1024` ([RelCon](
            https://arxiv.org/abs/2411.18822), A.10).
        num_blocks: sequence of int, one per stage. Defaults to `(2, 2, 2, 2)`.
        widths: sequence of int, channels of each stage. Defaults to `(64, 128,
            256, 1024)`.
        kernel_sizes, strides, rematerialize, pooling, final_norm: as in
            `ResNet1D34`.

    Call arguments:
        x: `(batch, time, channels)`, g. `time` is at least 32.

    Returns:
        `(batch, embedding_dim)`, unitless. Not normalised.

    Raises:
        ValueError: as `ResNet1D34`.

    Differs from the paper: uncertain. A.10 says ResNet-18 and 1024 dimensions,
    to match Yuan et al. (2024), whose network has 10 M parameters and is built
    otherwise; widths and kernels are not published. Here the last stage is as
    wide as the embedding, so that no layer follows the mean.

    Example:

    >>> encoder = keras_relcon.layers.ResNet1D18()
    >>> encoder(keras.ops.ones((2, 256, 3))).shape
    (2, 1024)
    """

    def __init__(
        self,
        embedding_dim: int = 1024,
        num_blocks: Sequence[int] = (2, 2, 2, 2),
        widths: Sequence[int] = (64, 128, 256, 1024),
        kernel_sizes: Sequence[int] = (3, 3, 3, 3),
        strides: Sequence[int] = (1, 1, 1, 1),
        rematerialize: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            embedding_dim,
            num_blocks,
            widths,
            kernel_sizes,
            strides,
            rematerialize,
            **kwargs,
        )
