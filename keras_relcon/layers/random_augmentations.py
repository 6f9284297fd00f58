from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops

from keras_relcon.checks import check_list, check_one_of, check_whole, message
from keras_relcon.layers.augmentations import (
    Augmentation,
    ChannelShuffle,
    Negation,
    Noise,
    Rotation,
    Scaling,
)
from keras_relcon.layers.time_augmentations import (
    SegmentPermutation,
    TimeFlip,
    TimeWarp,
)
from keras_relcon.types import Shape, Tensor

AUGMENTATIONS = {
    "noise": Noise,
    "scaling": Scaling,
    "rotation": Rotation,
    "negation": Negation,
    "time_flip": TimeFlip,
    "channel_shuffle": ChannelShuffle,
    "segment_permutation": SegmentPermutation,
    "time_warp": TimeWarp,
}


@keras.saving.register_keras_serializable(package="keras_relcon")
class RandomAugmentations(Augmentation):
    """Composes distinct augmentations, drawn anew for each window.

    Each window gets `num_augmentations` of the list, without replacement, in
    drawn order. All of the list are computed for the whole batch and the drawn
    ones selected, so shapes stay static on every backend.

    Args:
        num_augmentations: int, at least 1. How many to compose. Defaults to
            `2` (released code of RelCon).
        augmentations: list of `Augmentation`, or of the names of the eight of
            Tang et al., which take their default parameters: `"noise"`,
            `"scaling"`, `"rotation"`, `"negation"`, `"time_flip"`,
            `"channel_shuffle"`, `"segment_permutation"`, `"time_warp"`.
            Defaults to `None`, all eight.
        seed: int or `None`. Of the choice, and of the augmentations that are
            given by name. Defaults to `None`.

    Raises:
        ValueError: if `num_augmentations` is not an int of 1 or more, or more
            augmentations are asked for than listed, or one is neither a name
            of the eight nor an `Augmentation`.

    Differs from the paper: RelCon's A.1 takes the eight of SimCLR and does not
    say how they are composed; this is its released code's way.

    Example: the eight, but with rotations of 20 degrees at most.

    >>> others = [name for name in AUGMENTATIONS if name != "rotation"]
    >>> RandomAugmentations(2, [Rotation(max_angle=0.35), *others])
    """

    def __init__(
        self,
        num_augmentations: int = 2,
        augmentations: Sequence[Augmentation | str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_whole("num_augmentations", num_augmentations)
        if augmentations is None:
            augmentations = list(AUGMENTATIONS)
        check_list("augmentations", augmentations, 'Use ["noise", "rotation"].')
        made = [
            _made(augmentation, seed, index)
            for index, augmentation in enumerate(augmentations)
        ]
        if num_augmentations > len(made):
            raise ValueError(
                message(
                    "`num_augmentations` must lie between 1 and the "
                    f"{len(made)} listed augmentations.",
                    {"num_augmentations": num_augmentations},
                )
            )
        self.num_augmentations = num_augmentations
        self.augmentations: list[Augmentation] = made

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        for augmentation in self.augmentations:
            augmentation.build(input_shape)

    def draw(self, shape: Shape) -> Any:
        """Returns the indices, `(batch, n)`, and per step every one's draw."""
        order = ops.argsort(
            keras.random.uniform(
                (shape[0], len(self.augmentations)), seed=self.seed_generator
            )
        )[:, : self.num_augmentations]
        draws = [
            [augmentation.draw(shape) for augmentation in self.augmentations]
            for _ in range(self.num_augmentations)
        ]
        return order, draws

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        order, draws = draw
        for step in range(self.num_augmentations):
            chosen = order[:, step, None, None]
            inputs = x
            for index, augmentation in enumerate(self.augmentations):
                x = ops.where(
                    chosen == index,
                    augmentation.apply(inputs, draws[step][index]),
                    x,
                )
        return x

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_augmentations": self.num_augmentations,
            "augmentations": [
                keras.saving.serialize_keras_object(augmentation)
                for augmentation in self.augmentations
            ],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        config["augmentations"] = [
            keras.saving.deserialize_keras_object(augmentation)
            for augmentation in config["augmentations"]
        ]
        return cls(**config)


def _made(augmentation, seed, index):
    if isinstance(augmentation, Augmentation):
        return augmentation
    check_one_of(
        "augmentations",
        augmentation,
        AUGMENTATIONS,
        "Or give a layer derived from `Augmentation`.",
    )
    # Distinct streams: one seed for all would tie their draws together.
    return AUGMENTATIONS[augmentation](
        seed=None if seed is None else seed + 1 + index
    )
