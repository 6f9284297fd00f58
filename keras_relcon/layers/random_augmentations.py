import keras
from keras import ops

from keras_relcon.layers.augmentations import (
    Augmentation,
    ChannelShuffle,
    Negation,
    Noise,
    Rotation,
    Scaling,
    SegmentPermutation,
    TimeFlip,
)
from keras_relcon.layers.time_warp import TimeWarp


@keras.saving.register_keras_serializable(package="keras_relcon")
class RandomAugmentations(Augmentation):
    """Composes distinct augmentations, drawn anew for each window.

    Each window gets `num_augmentations` of the list, without replacement, in
    drawn order. All of the list are computed for the whole batch and the drawn
    ones selected, so shapes stay static on every backend.

    Args:
        num_augmentations: int. How many to compose. Defaults to `2`.
        augmentations: list of `Augmentation`, or `None` for the eight of
            Tang et al. with their default parameters. Defaults to `None`.
        seed: int or `None`.

    Raises:
        ValueError: if more augmentations are asked for than listed.
    """

    def __init__(
        self, num_augmentations=2, augmentations=None, seed=None, **kwargs
    ):
        super().__init__(seed=seed, **kwargs)
        if augmentations is None:
            augmentations = _default_augmentations(seed)
        if not 1 <= num_augmentations <= len(augmentations):
            raise ValueError(
                "`num_augmentations` must lie between 1 and the "
                f"{len(augmentations)} listed augmentations. Received: "
                f"num_augmentations={num_augmentations}."
            )
        self.num_augmentations = num_augmentations
        self.augmentations = list(augmentations)

    def build(self, input_shape):
        super().build(input_shape)
        for augmentation in self.augmentations:
            augmentation.build(input_shape)

    def draw(self, shape):
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

    def apply(self, x, draw):
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

    def get_config(self):
        return {
            **super().get_config(),
            "num_augmentations": self.num_augmentations,
            "augmentations": [
                keras.saving.serialize_keras_object(augmentation)
                for augmentation in self.augmentations
            ],
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["augmentations"] = [
            keras.saving.deserialize_keras_object(augmentation)
            for augmentation in config["augmentations"]
        ]
        return cls(**config)


def _default_augmentations(seed):
    classes = (
        Noise,
        Scaling,
        Rotation,
        Negation,
        TimeFlip,
        ChannelShuffle,
        SegmentPermutation,
        TimeWarp,
    )
    # Distinct streams: one seed for all would tie their draws together.
    return [
        cls(seed=None if seed is None else seed + 1 + index)
        for index, cls in enumerate(classes)
    ]
