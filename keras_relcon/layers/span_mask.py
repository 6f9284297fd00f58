import keras
from keras import ops

from keras_relcon.argument_checks import check_count
from keras_relcon.layers.augmentations import Augmentation


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

    def __init__(self, span_length=30, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        check_count("span_length", span_length)
        self.span_length = span_length

    def draw(self, shape):
        """Returns the first sample of each span, `(batch,)` int32."""
        if isinstance(shape[1], int) and shape[1] <= self.span_length:
            raise ValueError(
                "`span_length` must be shorter than the windows. Received: "
                f"span_length={self.span_length} for {shape[1]} samples."
            )
        share = keras.random.uniform((shape[0],), seed=self.seed_generator)
        num_starts = ops.cast(shape[1] - self.span_length + 1, share.dtype)
        return ops.cast(ops.floor(share * num_starts), "int32")

    def apply(self, x, draw):
        sample = ops.arange(ops.shape(x)[1], dtype="int32")[None, :]
        start = draw[:, None]
        is_hidden = ops.logical_and(
            sample >= start, sample < start + self.span_length
        )[:, :, None]
        num_kept = ops.cast(ops.shape(x)[1] - self.span_length, x.dtype)
        kept = ops.where(is_hidden, 0.0, x)
        mean = ops.sum(kept, axis=1, keepdims=True) / num_kept
        return ops.where(is_hidden, mean, x)

    def get_config(self):
        return {**super().get_config(), "span_length": self.span_length}
