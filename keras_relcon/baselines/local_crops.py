from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_list, check_number, message
from keras_relcon.layers.augmentations import Augmentation
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class LocalCrop(Augmentation):
    """A piece of each window, stretched to the length of the window.

    Where it begins and how long it is are drawn uniformly for each window; the
    piece is read by linear interpolation, so that one program serves windows
    and pieces. What is seen is slower than it was.

    Args:
        shares: `(least, most)` in (0, 1]. Of the window that is cut out.
            Defaults to `(0.25, 0.5)`.
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g. `time` is at least 2.

    Returns:
        `(batch, time, channels)`, g.

    Raises:
        ValueError: if `shares` are no two such numbers, in order.

    Differs from the papers: the local crops of
    [SwAV](https://arxiv.org/abs/2006.09882) are smaller images.
    """

    def __init__(
        self,
        shares: tuple[float, float] = (0.25, 0.5),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_shares("shares", shares)
        self.shares = tuple(shares)

    def draw(self, shape: Shape) -> Any:
        """Returns share and place of each piece, `(batch, 1)`, in [0, 1]."""
        share = keras.random.uniform(
            (shape[0], 1), *self.shares, seed=self.seed_generator
        )
        place = keras.random.uniform((shape[0], 1), seed=self.seed_generator)
        return share, place

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        share, place = draw
        length = ops.shape(x)[1]
        last = ops.cast(length - 1, "float32")
        sample = ops.cast(ops.arange(length, dtype="int32"), "float32")
        time = share * sample + place * (1 - share) * last  # (batch, time)
        left = ops.clip(ops.cast(ops.floor(time), "int32"), 0, length - 2)
        weight = (time - ops.cast(left, "float32"))[:, :, None]
        x_left = ops.take_along_axis(x, left[:, :, None], axis=1)
        x_right = ops.take_along_axis(x, left[:, :, None] + 1, axis=1)
        return x_left + weight * (x_right - x_left)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shares": list(self.shares)}


def check_shares(name, shares):
    """Raises a ValueError unless these are two shares in (0, 1], in order."""
    check_list(name, shares, "Use (0.25, 0.5).")
    for share in shares:
        check_number(name, share, above=0, most=1, advice="Use (0.25, 0.5).")
    if len(shares) != 2 or shares[0] > shares[1]:
        raise ValueError(
            message(
                f"`{name}` must be the least and the most of a window.",
                {name: shares},
                "Use (0.25, 0.5).",
            )
        )
