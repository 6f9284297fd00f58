import itertools
import math
import warnings
from typing import Any, Literal

import keras
from keras import ops

from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.baselines.two_views import Views
from keras_relcon.baselines.view_pairs import ViewPairs
from keras_relcon.checks import check_kind, check_number, message
from keras_relcon.losses.info_nce import info_nce_loss
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.models.ema import EMA
from keras_relcon.models.key_queue import KeyQueue
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Shape, Tensor

TERMS = ("ce", "ae", "ad", "cd")
# The combinations of the four terms, by name, as "ce+ae+ad".
COMBINATIONS = {
    "+".join(names): {term: float(term in names) for term in TERMS}
    for count in range(1, len(TERMS) + 1)
    for names in itertools.combinations(TERMS, count)
}
DECODER_WIDTH = 512


@keras.saving.register_keras_serializable(package="keras_relcon")
class Taxonomy(PretrainingMethod):
    """Pretrains an encoder by any of four losses: attractive or contrastive.

    A loss draws together or tells apart, and does so among embeddings or among
    windows that a decoder makes of them; "How and What to Learn: Taxonomizing
    Self-Supervised Learning for 3D Action Recognition" has all 15 combinations.
    Of a window `x`, its views `x1` and `x2`, the encoder `E`, its slow copy `K`
    and the decoder `D`:

    - `ce`, contrastive encoder: `info_nce_loss(E(x1), K(x2), queue)`.
    - `ae`, attractive encoder: `2 - 2 * cosine(E(x1), E(x))`. Alone it
      collapses, and warns.
    - `ad`, attractive decoder: the squared error of `D(E(x))` to `x`, summed
      over samples and axes, g**2.
    - `cd`, contrastive decoder: `info_nce_loss(D(E(x1)), x, windows)`, with a
      queue of past windows.

    The loss is their weighted sum. `fit` takes windows, as `SimCLR`.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        ce, ae, ad, cd: float, not negative. Weights of the four terms; what has
            a weight of 0 is not computed. Default to `1.0`, `1.0`, `1.0` and
            `0.0`, the best of the source.
        decoder: Keras model or layer, `(batch, dim)` to `(batch, time *
            channels)`; `"mlp"` for a dense layer of 512 units with ReLU and
            one that gives the window. Defaults to `"mlp"`.
        temperature: float, above 0. Of `ce`. Defaults to `0.2` (MoCo v2).
        decoder_temperature: float, above 0. Of `cd`. Defaults to `0.1`.
        momentum: float in [0, 1]. Of the slow copy. Defaults to `0.999`
            (MoCo).
        queue_size: int. Keys of each queue. Defaults to `4096`; at most a
            quarter of the windows of an epoch.
        views: see `ViewPairs`. Defaults to `"relcon"`.
        seed: int or `None`. Of the views and of the queues' first keys.
            Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict of `embedding`, `(batch, dim)`, and the terms that have a weight,
        `(batch,)` each.

    Metrics: `loss`; `embedding_spread`, 0 is collapse (`EmbeddingSpread`).

    Raises:
        TypeError: if `encoder` or `decoder` is no layer.
        ValueError: if a weight is negative or all are 0, or another argument
            is wrong.

    Differs from the paper: it does not define `cd`, weights, temperatures and
    the size of the queue; those here are ours. Its pseudo-code adds the
    embeddings in `ae`, where their product is meant. Windows and first views
    are one batch norm population.

    Example:

    >>> weights = keras_relcon.baselines.COMBINATIONS["ce+ad"]
    >>> model = keras_relcon.baselines.Taxonomy(
    ...     keras_relcon.layers.ResNet1D34(), **weights
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=128))
    """

    PARTS = ("encoder", "decoder", "views")

    def __init__(
        self,
        encoder: keras.Model,
        ce: float = 1.0,
        ae: float = 1.0,
        ad: float = 1.0,
        cd: float = 0.0,
        decoder: keras.Layer | Literal["mlp"] = "mlp",
        temperature: float = 0.2,
        decoder_temperature: float = 0.1,
        momentum: float = 0.999,
        queue_size: int = 4096,
        views: Views = "relcon",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        self.weights_of_terms = _checked(
            {"ce": ce, "ae": ae, "ad": ad, "cd": cd}
        )
        check_number("temperature", temperature, above=0)
        check_number("decoder_temperature", decoder_temperature, above=0)
        if decoder != "mlp":
            check_kind("decoder", decoder, keras.Layer, "a layer or 'mlp'")
        self.decoder = decoder
        self.temperature = temperature
        self.decoder_temperature = decoder_temperature
        self.momentum = momentum
        self.queue_size = queue_size
        self.views = views
        self.view_pairs = ViewPairs(views, seed)
        self.decode: Any = None
        self.slow_encoder: Any = None
        self.keys: Any = None
        self.past_windows: Any = None
        if ce:
            self.slow_encoder = EMA(encoder, momentum)
            self.keys = KeyQueue(queue_size, seed)
        if cd:
            self.past_windows = KeyQueue(queue_size, seed)

    def build_parts(self, window_shape: Shape) -> None:
        _, time, channels = window_shape
        self.view_pairs.build((None, None, channels))
        embedding_shape = self.embedding_shape(window_shape)
        if self._decodes():
            self.input_spec = keras.layers.InputSpec(
                shape=(None, time, channels)
            )
            self.decode = self.decoder
            if self.decoder == "mlp":
                self.decode = mlp_projector(
                    (DECODER_WIDTH, time * channels), name="decoder"
                )
            if not self.decode.built:
                self.decode.build(embedding_shape)
        if self.slow_encoder is not None:
            self.slow_encoder.build(window_shape)
            self.keys.build(embedding_shape)
        if self.past_windows is not None:
            self.past_windows.build((None, time * channels))

    def _decodes(self):
        weights = self.weights_of_terms
        return bool(weights["ad"] or weights["cd"])

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        first, second = self.view_pairs(windows)
        both = self.encode(ops.concatenate([first, windows], axis=0), training)
        of_first, of_window = ops.split(both, 2, axis=0)
        outputs = {"embedding": of_window}
        if self.weights_of_terms["ce"]:
            outputs["ce"] = self._contrast(of_first, second, training)
        if self.weights_of_terms["ae"]:
            outputs["ae"] = attraction(of_first, of_window)
        if self.weights_of_terms["ad"]:
            decoded = self.decode(of_window, training=training)
            outputs["ad"] = squared_error(decoded, _flat(windows))
        if self.weights_of_terms["cd"]:
            decoded = self.decode(of_first, training=training)
            outputs["cd"] = self._contrast_windows(decoded, windows, training)
        return outputs

    def _contrast(self, queries, views, training):
        if training:
            self.slow_encoder.update(self.encoder)
        keys = self.slow_encoder(views, training=training)
        return _against_the_past(
            queries, keys, self.keys, self.temperature, training
        )

    def _contrast_windows(self, decoded, windows, training):
        return _against_the_past(
            decoded,
            _flat(windows),
            self.past_windows,
            self.decoder_temperature,
            training,
        )

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        return sum(
            weight * ops.mean(outputs[term])
            for term, weight in self.weights_of_terms.items()
            if weight
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **self.weights_of_terms,
            "temperature": self.temperature,
            "decoder_temperature": self.decoder_temperature,
            "momentum": self.momentum,
            "queue_size": self.queue_size,
        }


def attraction(queries: Tensor, embeddings: Tensor) -> Tensor:
    """`2 - 2 * cosine` of each row, `(batch,)` float32."""
    first, second = unit_rows(queries), unit_rows(embeddings)
    return 2 - 2 * ops.sum(first * second, axis=-1)


def squared_error(decoded: Tensor, windows: Tensor) -> Tensor:
    """The squared error of each window, summed: `(batch,)` float32, g**2."""
    error = _flat(ops.cast(decoded, "float32")) - _flat(windows)
    return ops.sum(ops.square(error), axis=-1)


def _against_the_past(queries, keys, queue, temperature, training):
    """InfoNCE against the keys of past batches, to which these then go."""
    keys = ops.stop_gradient(unit_rows(keys))
    loss = info_nce_loss(queries, keys, queue(keys), temperature)
    if training:
        queue.put(keys)
    return loss


def _flat(windows):
    size = math.prod(windows.shape[1:])
    return ops.reshape(windows, (-1, size))


def _checked(weights):
    for name, weight in weights.items():
        check_number(name, weight, least=0)
    if not any(weights.values()):
        raise ValueError(
            message(
                "At least one of `ce`, `ae`, `ad` and `cd` must be above 0.",
                weights,
                "Take one of `keras_relcon.baselines.COMBINATIONS`.",
            )
        )
    if weights["ae"] and sum(map(bool, weights.values())) == 1:
        warnings.warn(
            "With `ae` alone every embedding becomes the same: nothing tells "
            "windows apart. Give another term a weight too.",
            stacklevel=3,
        )
    return weights
