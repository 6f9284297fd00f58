from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_whole, message
from keras_relcon.layers.augmentations import Augmentation
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class SpanMask(Augmentation):
    """Replaces a span of each window by the mean of the rest.

    What trains a `MotifDistance` without augmentations: the hidden span has to
    be rebuilt from like motifs elsewhere in the window. The mean of each
    channel, not 0 g, fills it, so that instance normalisation makes it 0 and
    gravity stays.

    Args:
        span_length: int, samples. Defaults to `30`, 0.3 s at 100 Hz, as the 15
            samples at 50 Hz of [REBAR](https://arxiv.org/abs/2311.00519)'s
            released code on human activities.
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g, with `time` above `span_length`.

    Returns:
        `(batch, time, channels)`, g.

    Raises:
        ValueError: if `span_length` is not an int of 1 or more, or not shorter
            than the window.

    Differs from the paper: RelCon's Table 5 does not say what trains its
    distance "without augmentations". REBAR hides the span in the anchor and
    counts the error there only; here the candidate misses it and the error of
    the whole window counts, as for any other augmentation.
    """

    def __init__(
        self, span_length: int = 30, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_whole("span_length", span_length)
        self.span_length = span_length

    def draw(self, shape: Shape) -> Any:
        """Returns the first sample of each span, `(batch,)` int32."""
        return draw_span(shape, self.span_length, self.seed_generator)

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        is_hidden = is_in_span(draw, ops.shape(x)[1], self.span_length)
        num_kept = ops.cast(ops.shape(x)[1] - self.span_length, x.dtype)
        kept = ops.where(is_hidden, 0.0, x)
        mean = ops.sum(kept, axis=1, keepdims=True) / num_kept
        return ops.where(is_hidden, mean, x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "span_length": self.span_length}


def draw_span(shape, length, seed_generator):
    """The first sample of one span for each window, `(batch,)` int32.

    Args:
        shape: `(batch, time, channels)` of the windows.
        length: int, samples. Of the span.
        seed_generator: `keras.random.SeedGenerator`.

    Raises:
        ValueError: if the span is not shorter than the windows.
    """
    if isinstance(shape[1], int) and shape[1] <= length:
        raise ValueError(
            message(
                f"Windows must be longer than the span, {length} samples.",
                f"{shape[1]} samples",
                "Use longer windows or a shorter span.",
            )
        )
    share = keras.random.uniform((shape[0],), seed=seed_generator)
    num_starts = ops.cast(shape[1] - length + 1, share.dtype)
    return ops.cast(ops.floor(share * num_starts), "int32")


def is_in_span(start, time, length):
    """Whether a sample is in the span, `(batch, time, 1)` bool."""
    sample = ops.arange(time, dtype="int32")[None, :]
    start = start[:, None]
    return ops.logical_and(sample >= start, sample < start + length)[:, :, None]
