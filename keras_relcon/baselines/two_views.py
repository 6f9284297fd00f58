from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeAlias

import keras
from keras import ops

from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.baselines.view_pairs import ViewPairs
from keras_relcon.checks import check_layer, check_one_of
from keras_relcon.types import Shape, Tensor

Views: TypeAlias = keras.Layer | Literal["soar", "tang", "relcon"]


class TwoViews(PretrainingMethod):
    """Base of the methods that compare two augmented views of each window.

    `fit` takes windows: an array, `keras_relcon.data.WindowBatches`, or a
    `tf.data.Dataset`. Both views pass the encoder as one batch. Validation
    draws views too. A method says in `loss_of` what it asks of the two
    projections, and adds to `outputs_of` what else it needs.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`,
            between embedding and loss; the name of a published one of
            `PROJECTORS`; or `None`. Discarded after training.
        views: `"soar"`, `"tang"`, `"relcon"` or a layer, see `ViewPairs`.
            Defaults to `"soar"`, which RelCon follows.
        seed: int or `None`. Of the views. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict of `embedding`, `(batch, 2, dim)`, and `projection`, `(batch, 2,
        any)`: of two views of each window. To embed a window as it is, call
        `encoder`.

    Metrics: `loss`; `embedding_spread` of the first views, 0 is collapse
    (`EmbeddingSpread`).

    Raises:
        TypeError: if `encoder` or `projector` is no layer.
        ValueError: if `projector` names none, `views` are none, or the input is
            no windows.
    """

    PARTS: tuple[str, ...] = ("encoder", "projector", "views")
    # What makes the published projectors, by name.
    PROJECTORS: ClassVar[dict[str, Callable[[], keras.Layer]]] = {}

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | str | None,
        views: Views = "soar",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        self.projector = head("projector", projector, self.PROJECTORS)
        self.views = views
        self.view_pairs = ViewPairs(views, seed)

    def build_parts(self, window_shape: Shape) -> None:
        # No weight of the views depends on the length.
        self.view_pairs.build((None, None, window_shape[-1]))
        if self.projector is not None and not self.projector.built:
            self.projector.build(self.embedding_shape(window_shape))

    def projection_shape(self, window_shape: Shape) -> Shape:
        """`(None, any)`, of the projections of such windows."""
        shape = self.embedding_shape(window_shape)
        if self.projector is None:
            return shape
        return tuple(self.projector.compute_output_shape(shape))

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        views = ops.concatenate(self.view_pairs(windows), axis=0)
        outputs = self.outputs_of(views, training)
        return {name: _pair_up(output) for name, output in outputs.items()}

    def outputs_of(self, views: Tensor, training: bool) -> dict[str, Tensor]:
        """What the loss and the metrics need.

        Args:
            views: `(2 * batch, time, channels)`, g. First all first views.
            training: bool.

        Returns:
            dict of `(2 * batch, any)`, among them `embedding` and `projection`.
        """
        embeddings = self.encode(views, training)
        projections = embeddings
        if self.projector is not None:
            projections = self.projector(embeddings, training=training)
        return {"embedding": embeddings, "projection": projections}


def head(name, value, published):
    """A head that was given, or the published one that it names.

    Args:
        name: str. Of the argument.
        value: Keras layer, str or `None`.
        published: dict of name to what makes the head.

    Returns:
        Keras layer or `None`.

    Raises:
        TypeError: if the value is neither of these.
        ValueError: if it names none.
    """
    if isinstance(value, str):
        check_one_of(name, value, list(published), "Or give a layer, or None.")
        return published[value]()
    check_layer(name, value)
    return value


def _pair_up(x):
    """First views, then second, `(2 * batch, dim)`: to `(batch, 2, dim)`."""
    x = ops.reshape(x, (2, -1, x.shape[-1]))
    return ops.transpose(x, (1, 0, 2))
