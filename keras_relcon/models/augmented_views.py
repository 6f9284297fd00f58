from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.checks import check_layer, check_number
from keras_relcon.layers.random_augmentations import RandomAugmentations
from keras_relcon.losses.nt_xent import NTXentLoss
from keras_relcon.models.parts import HasParts
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class AugmentedViews(HasParts, keras.layers.Layer):
    """Asks `RelConModel` to keep a window and its augmented copy together.

    NT-Xent of [SimCLR](https://arxiv.org/abs/2002.05709), Eq. 1, between all
    windows of a batch and one augmented copy of each, beside the relative loss
    of an anchor, which is a sum over all its candidates, the other anchors and
    its own within-subject windows:

    ```
    num_terms = num_anchors - 1 + num_candidates
    loss = relative_loss + weight * num_terms * mean(nt_xent)
    ```

    so that with a weight of 1 one window's copy counts as much as the average
    candidate. The windows themselves are one of the two views, and pass the
    encoder once for both losses; their copies go with them in the same batch.

    Args:
        augmentation: layer that maps `(batch, time, channels)` to the same
            shape when called with `training=True`, or `None` for two of the
            eight augmentations. Defaults to `None`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`,
            between embedding and NT-Xent, apart from that of `RelConModel`;
            or `None`. Defaults to `None`.
        temperature: float, above 0. Of NT-Xent. Defaults to `0.1`.
        weight: float, not negative. Defaults to `1.0`.

    Call arguments:
        embeddings, copies: `(batch, dim)`, unitless. Of the windows, and of
            their copies, in the same order.

    Returns:
        float32 scalar: the weighted mean.

    Raises:
        TypeError: if `augmentation` or `projector` is no layer.
        ValueError: if `temperature` is not above 0, or `weight` is negative.

    Differs from the paper: RelCon has no such term.

    Example:

    >>> model = keras_relcon.RelConModel(
    ...     encoder, distance, views=keras_relcon.models.AugmentedViews()
    ... )
    """

    PARTS = ("augmentation", "projector")

    def __init__(
        self,
        augmentation: keras.Layer | None = None,
        projector: keras.Layer | None = None,
        temperature: float = 0.1,
        weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_number("weight", weight, least=0)
        check_layer("augmentation", augmentation)
        check_layer("projector", projector)
        self.augmentation = augmentation or RandomAugmentations()
        self.projector = projector
        self.temperature = temperature
        self.weight = weight
        self.contrastive_loss = NTXentLoss(temperature)

    def build(
        self, embeddings_shape: Shape, copies_shape: Shape | None = None
    ) -> None:
        if self.projector is not None and not self.projector.built:
            self.projector.build(embeddings_shape)
        self.built = True

    def build_augmentation(self, windows_shape: Shape) -> None:
        """Builds for windows of a shape; to be called before training."""
        if not self.augmentation.built:
            self.augmentation.build(windows_shape)

    def augment(self, windows: Tensor) -> Tensor:
        """Copies of windows, `(batch, time, channels)`, g, drawn anew."""
        # In half precision a warp would miss its samples.
        windows = ops.cast(windows, self.variable_dtype)
        return self.augmentation(windows, training=True)

    def encode_with_copies(
        self,
        windows: Tensor,
        encode: Callable[[Tensor], Tensor],
        is_global: bool = True,
    ) -> tuple[Tensor, Tensor]:
        """Encodes windows and a copy of each as one batch.

        Args:
            windows: `(batch, time, channels)`, g.
            encode: callable from windows to embeddings, `(batch, dim)`.
            is_global: bool. Whether the loss is of the windows of all
                replicas. Defaults to `True`.

        Returns:
            `(embeddings, loss)`: `(batch, dim)`, of the windows alone, and the
            weighted mean of this layer, `()`.
        """
        num_windows = ops.shape(windows)[0]
        both = encode(ops.concatenate([windows, self.augment(windows)]))
        embeddings, copies = both[:num_windows], both[num_windows:]
        compared = embeddings, copies
        if is_global:
            compared = (
                distributed.gather(embeddings),
                distributed.gather(copies),
            )
        return embeddings, self(*compared)

    def call(self, embeddings: Tensor, copies: Tensor) -> Tensor:
        if self.projector is not None:
            embeddings = self.projector(embeddings, training=True)
            copies = self.projector(copies, training=True)
        # Not the Loss itself: Keras divides it by the number of replicas, and
        # `RelConModel` does so for all additional losses.
        losses = self.contrastive_loss.call(embeddings, copies)
        return self.weight * ops.mean(losses)

    def compute_output_shape(
        self, embeddings_shape: Shape, copies_shape: Shape
    ) -> Shape:
        return ()

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "weight": self.weight,
        }
