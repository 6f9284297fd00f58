import itertools
from functools import partial
from typing import Any, Literal

import keras
from keras import ops

from keras_relcon.checks import check_one_of
from keras_relcon.layers.augmentations import Rotation
from keras_relcon.layers.random_augmentations import RandomAugmentations
from keras_relcon.models.parts import HasParts
from keras_relcon.types import Shape, Tensor

POLICIES = ("soar", "tang", "relcon")


@keras.saving.register_keras_serializable(package="keras_relcon")
class ViewPairs(HasParts, keras.layers.Layer):
    """Two augmented views of each window, for contrastive learning.

    Args:
        policy: how the views are drawn. Defaults to `"soar"`.

            - `"soar"`: one of the eight augmentations for each view, another
              for the other, shared by the whole batch; the draw is each
              window's own. The 56 ordered pairs follow each other, in the
              order of `itertools.permutations`, and begin again.
            - `"tang"`: a random rotation of each window, twice.
            - `"relcon"`: two of the eight, composed, drawn for each window and
              view, as `RandomAugmentations` does.
            - a layer from windows to windows of the same shape, called twice
              with `training=True`.
        seed: int or `None`. Same seed, same draws. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        `(first, second)`, each `(batch, time, channels)`, g.

    Raises:
        ValueError: if `policy` is no layer and not one of the names.

    Sources: the SOAR tutorial of Haresamudram et al., UbiComp 2023, that RelCon
    follows in A.1 ("soar");
    [Tang et al., 2020](https://arxiv.org/abs/2011.11542) ("tang").

    Differs from the sources: the parameters of the eight augmentations are
    those of RelCon's release in every policy; a random rotation is the whole
    of "tang", as in the public notebook of Tang et al.
    """

    # Indices of the eight augmentations.
    PAIRS = tuple(itertools.permutations(range(8), 2))

    PARTS = ("policy",)

    def __init__(
        self,
        policy: keras.Layer | Literal["soar", "tang", "relcon"] = "soar",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        if not isinstance(policy, keras.Layer):
            check_one_of(
                "policy",
                policy,
                POLICIES,
                "Or give a layer from windows to windows.",
            )
        self.policy = policy
        self.seed = seed
        self.augmentations: list[Any] = []
        if policy == "soar":
            self.augmentations = RandomAugmentations(seed=seed).augmentations
        elif policy == "tang":
            self.augmentations = [Rotation(seed=seed)]
        elif policy == "relcon":
            self.augmentations = [RandomAugmentations(seed=seed)]
        else:
            self.augmentations = [policy]

    def build(self, input_shape: Shape) -> None:
        for augmentation in self.augmentations:
            augmentation.build(input_shape)
        if self.policy == "soar":
            self.num_drawn = self.add_weight(
                (),
                initializer="zeros",
                dtype="int32",
                trainable=False,
                name="num_drawn",
            )
        self.built = True

    def call(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        first, second = self._pair(ops.cast(windows, "float32"))
        return (
            ops.cast(first, self.compute_dtype),
            ops.cast(second, self.compute_dtype),
        )

    def _pair(self, windows):
        if self.policy != "soar":
            augmentation = self.augmentations[0]
            return (
                augmentation(windows, training=True),
                augmentation(windows, training=True),
            )
        pairs = ops.convert_to_tensor(self.PAIRS, dtype="int32")
        pair = ops.take(pairs, self.num_drawn % len(self.PAIRS), axis=0)
        self.num_drawn.assign(self.num_drawn + 1)
        return self._augment(windows, pair[0]), self._augment(windows, pair[1])

    def _augment(self, windows, index):
        """Applies the augmentation at `index`, a tensor, to all windows."""
        shape = ops.shape(windows)
        # All draw, outside the branches: there a seed could not move on.
        branches = [
            partial(_apply, augmentation, augmentation.draw(shape))
            for augmentation in self.augmentations
        ]
        return ops.switch(index, branches, windows)

    def compute_output_shape(self, input_shape: Shape) -> tuple[Shape, Shape]:
        return input_shape, input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "seed": self.seed,
        }


def _apply(augmentation, draw, windows):
    return augmentation.apply(windows, draw)
