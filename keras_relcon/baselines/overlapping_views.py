from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.checks import check_whole, message
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class OverlappingViews(keras.layers.Layer):
    """Cuts two views out of each window, the second begins in the first.

    Section 3.2 of [TS2Vec](https://arxiv.org/abs/2106.10466), random cropping:
    the end of the first view is the beginning of the second.

    Args:
        view_length: int, samples, or `None`. Of each view. Defaults to `None`:
            five eighths of the window, the mean of the paper, or fewer where
            the shortest overlap asks for it.
        overlap_lengths: sequence of int, samples, or `None`. One of them is
            drawn for each batch. Defaults to `None`: 2, 3 and 4 eighths of the
            window.
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g. `time` is known.

    Returns:
        `(first, second, place)`: the views, `(batch, view_length, channels)`,
        g, and the place in `overlap_lengths`, int32 scalar.

    Raises:
        ValueError: if an argument is wrong, or the views do not fit into the
            window.

    Differs from the paper: both views have one length, and their overlap one
    of a few; there, four random bounds are drawn for each batch. So a step is
    one program with shapes that do not change. Where a pair of views lies in
    its window is drawn for each window, as there.
    """

    def __init__(
        self,
        view_length: int | None = None,
        overlap_lengths: Sequence[int] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        if view_length is not None:
            check_whole("view_length", view_length, least=2)
        if overlap_lengths is not None:
            if not hasattr(overlap_lengths, "__len__") or not overlap_lengths:
                raise ValueError(
                    message(
                        "`overlap_lengths` must be a list of lengths.",
                        {"overlap_lengths": overlap_lengths},
                        "Leave it out for the default.",
                    )
                )
            overlap_lengths = tuple(overlap_lengths)
            for length in overlap_lengths:
                check_whole("overlap_lengths", length, least=2)
        self.view_length = view_length
        self.overlap_lengths = overlap_lengths
        self.seed = seed
        self.place_seed = distributed.ReplicaSeedGenerator(seed)
        # The length is that of the global batch.
        self.length_seed = keras.random.SeedGenerator(
            None if seed is None else seed + 1
        )

    def build(self, input_shape: Shape) -> None:
        time = input_shape[1]
        if time is None:
            raise ValueError(
                message(
                    "`windows` must have a known length.",
                    f"shape={tuple(input_shape)}",
                    "Give batches a static shape.",
                )
            )
        self.lengths = self.overlap_lengths or tuple(
            eighths * time // 8 for eighths in (2, 3, 4)
        )
        shortest, self.longest = min(self.lengths), max(self.lengths)
        fitting = min(5 * time // 8, (time + shortest) // 2)
        self.view = self.view_length or fitting
        is_inside = 2 * self.view - shortest <= time
        if not (2 <= shortest and self.longest <= self.view and is_inside):
            raise ValueError(
                message(
                    "Two views must fit into a window, and overlap by 2 "
                    "samples or more, up to the whole of a view.",
                    f"views of {self.view} samples with overlaps of "
                    f"{self.lengths} in windows of {time} samples",
                    "Use longer windows, shorter views or longer overlaps.",
                )
            )
        self.built = True

    def call(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        num_windows, time, _ = ops.shape(windows)
        least = 2 * self.view - min(self.lengths)
        if isinstance(time, int) and time < least:
            raise ValueError(
                message(
                    "Windows must be no shorter than what the views were made "
                    f"for: {least} samples.",
                    f"shape={tuple(windows.shape)}",
                    "Make another model for these windows.",
                )
            )
        place = keras.random.randint(
            (1,), 0, len(self.lengths), dtype="int32", seed=self.length_seed
        )[0]
        shift = self.shift(place)
        share = keras.random.uniform(
            (num_windows,), dtype="float32", seed=self.place_seed
        )
        room = ops.cast(time - self.view - shift, "float32")
        start = ops.cast(ops.floor(share * (room + 1)), "int32")
        first = _cut(windows, start, self.view)
        return first, _cut(windows, start + shift, self.view), place

    def shift(self, place: Tensor) -> Tensor:
        """Samples from the start of the first view to that of the second."""
        lengths = ops.convert_to_tensor(self.lengths, dtype="int32")
        return self.view - lengths[place]

    def overlap(self, first: Tensor, second: Tensor, place: Tensor) -> Tensor:
        """What is in both views, beside each other.

        Args:
            first, second: `(batch, view_length, any)`. Of each sample.
            place: int32 scalar, as `call` returned it.

        Returns:
            `(batch, 2, longest, any)`. After as many samples as the overlap
            has comes what does not count.
        """
        index = self.shift(place) + ops.arange(self.longest, dtype="int32")
        index = ops.minimum(index, self.view - 1)
        return ops.stack(
            [ops.take(first, index, axis=1), second[:, : self.longest]], axis=1
        )

    def apply(
        self,
        function: Callable[[Tensor, Tensor], Tensor],
        overlap: Tensor,
        place: Tensor,
    ) -> Tensor:
        """A function of the overlap of both views, with its known length.

        Args:
            function: callable of two tensors, `(batch, overlap, any)`. Its
                result has one shape for every length.
            overlap: `(batch, 2, longest, any)`, as `overlap` returns it.
            place: int32 scalar, as `call` returned it.
        """

        def branch(length):
            return function(overlap[:, 0, :length], overlap[:, 1, :length])

        branches = [partial(branch, length) for length in self.lengths]
        if len(branches) == 1:
            return branches[0]()
        return ops.switch(place, branches)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "view_length": self.view_length,
            "overlap_lengths": self.overlap_lengths,
            "seed": self.seed,
        }


def _cut(windows, start, length):
    """From each window `length` samples, the first one at `start`."""
    index = start[:, None] + ops.arange(length, dtype="int32")
    index = ops.repeat(index[:, :, None], windows.shape[-1], axis=2)
    return ops.take_along_axis(windows, index, axis=1)
