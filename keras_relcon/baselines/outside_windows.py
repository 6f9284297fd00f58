import math
from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops

from keras_relcon.baselines.predicted_transforms import LongSegmentPermutation
from keras_relcon.checks import check_list, check_one_of, check_whole, message
from keras_relcon.layers.augmentations import Augmentation
from keras_relcon.layers.random_augmentations import RandomAugmentations
from keras_relcon.types import Shape, Tensor

KINDS = ("permutation", "surrogate", "shift")


@keras.saving.register_keras_serializable(package="keras_relcon")
class OutsideWindows(RandomAugmentations):
    """Turns windows into such that no body moves like.

    What [Le-Gia and Ahn, 2023](https://arxiv.org/abs/2312.15288) get by turning
    images by 180 and 270 degrees: outside windows made of those inside. Each
    window gets one of the kinds, drawn anew. All keep the values, or the power
    of each frequency, and the mean of each channel, so that neither amplitude
    nor posture tells them apart.

    Args:
        kinds: list of str. Defaults to all three.

            - `"permutation"`: the window is cut into `num_segments`, which are
              shuffled.
            - `"surrogate"`: the phase of each frequency is random.
            - `"shift"`: each channel is shifted by itself, what leaves the
              window coming in at its other end.
        num_segments: int, at least 2. Of a permutation. Defaults to `16`.
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g. As many samples as segments, or more.

    Returns:
        `(batch, time, channels)`, g.

    Raises:
        ValueError: if there is no kind, one is not of these or comes twice,
            `num_segments` is no such int, or the windows are too short.

    Differs from the paper: it has images; these kinds are ours. A rotation or
    a change of sign is inside: the sensor may be worn the other way round.

    Example:

    >>> outside = keras_relcon.baselines.OutsideWindows()(windows)
    """

    def __init__(
        self,
        kinds: Sequence[str] = KINDS,
        num_segments: int = 16,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kinds = [kinds] if isinstance(kinds, str) else kinds
        check_list("kinds", kinds, f"Use {list(KINDS)}.")
        for kind in kinds:
            check_one_of("kinds", kind, KINDS)
        if len(set(kinds)) < len(kinds):
            raise ValueError(
                message(
                    "`kinds` must name each kind once.",
                    {"kinds": kinds},
                    f"Use {list(KINDS)}.",
                )
            )
        check_whole("num_segments", num_segments, least=2)
        # Distinct streams, by kind.
        seeds = {
            kind: None if seed is None else seed + 1 + index
            for index, kind in enumerate(KINDS)
        }
        made = {
            "permutation": lambda seed: LongSegmentPermutation(
                num_segments - 1, minimum_length=0, seed=seed
            ),
            "surrogate": lambda seed: PhaseRandomization(seed=seed),
            "shift": lambda seed: ChannelShift(seed=seed),
        }
        augmentations = [made[kind](seeds[kind]) for kind in kinds]
        super().__init__(1, augmentations, seed=seed, **kwargs)
        self.kinds = kinds
        self.num_segments = num_segments

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["num_augmentations"], config["augmentations"]
        return {
            **config,
            "kinds": self.kinds,
            "num_segments": self.num_segments,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_relcon")
class PhaseRandomization(Augmentation):
    """Draws the phase of each frequency anew, the same shift for all channels.

    The surrogate of Prichard and Theiler, Physical Review Letters 73:951, 1994:
    the power of each frequency and the cross-spectra of the channels stay, what
    follows what does not. The mean of each channel stays, and so does the
    highest frequency of an even number of samples.

    Args:
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g. `time` is known.

    Returns:
        `(batch, time, channels)`, g.
    """

    def draw(self, shape: Shape) -> Any:
        """Returns the phases to add, `(batch, 1, frequencies)`, radians."""
        num_phases = (shape[1] - 1) // 2
        phases = keras.random.uniform(
            (shape[0], 1, num_phases),
            0.0,
            2 * math.pi,
            seed=self.seed_generator,
        )
        num_left = shape[1] // 2 - num_phases
        # The others have no phase: a real signal gives real numbers there.
        return ops.pad(phases, ((0, 0), (0, 0), (1, num_left)))

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        x = ops.transpose(x, (0, 2, 1))  # (batch, channels, time)
        real, imaginary = ops.rfft(x)
        cosine, sine = ops.cos(draw), ops.sin(draw)
        turned = (
            real * cosine - imaginary * sine,
            real * sine + imaginary * cosine,
        )
        return ops.transpose(ops.irfft(turned, x.shape[-1]), (0, 2, 1))


@keras.saving.register_keras_serializable(package="keras_relcon")
class ChannelShift(Augmentation):
    """Shifts each channel circularly, by a number of samples of its own.

    Args:
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g.

    Returns:
        `(batch, time, channels)`, g.
    """

    def draw(self, shape: Shape) -> Any:
        """Returns the samples to shift by, `(batch, 1, channels)` int32."""
        share = keras.random.uniform(
            (shape[0], 1, shape[2]), seed=self.seed_generator
        )
        samples = ops.floor(share * ops.cast(shape[1], share.dtype))
        return ops.cast(samples, "int32")

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        length = ops.shape(x)[1]
        sample = ops.arange(length, dtype="int32")[None, :, None]
        return ops.take_along_axis(x, (sample + draw) % length, axis=1)
