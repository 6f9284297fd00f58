from typing import Any, Literal

import keras
from keras import ops

from keras_relcon.checks import check_number, check_one_of
from keras_relcon.losses.contrastive_base import LARGE_NEGATIVE
from keras_relcon.types import Shape, Tensor

SELECTIONS = ("adaptive", "uniform", "finest", "all")


@keras.saving.register_keras_serializable(package="keras_relcon")
class AdaptiveResolution(keras.layers.Layer):
    """Chooses the resolution of time that `TS2Vec` trains on next.

    The adaptive resolution loss, Eq. 5 to 7: one resolution is trained at a
    time; drawn is preferably one whose loss rises while others are trained:

    ```
    scores = softmax(weight * (loss now - loss before))
    selected ~ scores
    ```

    Resolutions are counted from the coarsest, of 2 or 3 steps, so that one
    number means the same in views of any length. In short views the finest are
    absent. If the selected one is, the finest of the view is trained instead.

    The first is drawn evenly. A resolution that is seen for the first time
    has no loss before, and counts as one that did not change. `entropy` is
    that of the scores, as a share of its maximum: at 1 the choice is uniform
    in all but name. Compare `"adaptive"` to `"uniform"` before you credit it.

    Args:
        selection: str. `"adaptive"`; `"uniform"`, drawn evenly; `"finest"`,
            always that of all samples; `"all"`, the mean over all of them at
            once. Defaults to `"adaptive"`.
        weight: float, above 0. Of the differences. Defaults to `1.0` (Eq. 5);
            code of the same authors for a later paper has 0.1, which is nearly
            `"uniform"`.
        every: str. `"epoch"`, by mean losses of an epoch, or `"step"`.
            Defaults to `"epoch"` (paper).
        absent: str. What an absent resolution is in the scores: `"skip"`, left
            out (appendix B.2), or `"carry"`, there with its last loss, that
            is with a difference of 0 (B.1). Defaults to `"skip"`.
        seed: int or `None`. Defaults to `None`.

    Raises:
        ValueError: if an argument is wrong.

    Differs from the paper: it does not say what is trained in the first two
    epochs, nor in views without the selected resolution. The loss before is
    the last that was recorded of the same resolution, however long ago.

    Example:

    >>> model = keras_relcon.baselines.TS2Vec(
    ...     encoder, resolution=keras_relcon.baselines.AdaptiveResolution()
    ... )
    """

    def __init__(
        self,
        selection: Literal["adaptive", "uniform", "finest", "all"] = "adaptive",
        weight: float = 1.0,
        every: Literal["epoch", "step"] = "epoch",
        absent: Literal["skip", "carry"] = "skip",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        check_one_of("selection", selection, SELECTIONS)
        check_number("weight", weight, above=0)
        check_one_of("every", every, ("epoch", "step"))
        check_one_of("absent", absent, ("skip", "carry"))
        self.selection = selection
        self.weight = weight
        self.every = every
        self.absent = absent
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def is_drawn(self) -> bool:
        """Whether the resolution changes in training."""
        return self.selection in ("adaptive", "uniform")

    @property
    def needs_losses(self) -> bool:
        """Whether `record` needs the losses of all resolutions."""
        return self.selection == "adaptive"

    def build(self, input_shape: Shape) -> None:
        """Makes the state.

        Args:
            input_shape: `(count,)`, of the resolutions of the longest view.
        """
        (count,) = input_shape

        def evenly(shape, dtype=None):
            return keras.random.randint(
                shape, 0, count, dtype=dtype, seed=self.seed
            )

        self.count = count
        self.selected = self._state("selected", (), "int32", evenly)
        self.epoch = self._state("epoch", (), "int32")
        self.epoch.assign(-1)
        self.entropy = self._state("entropy", (), initializer="ones")
        # Not NaN where nothing is known: a checkpoint must be finite.
        self.previous = self._state("previous", (count,))
        self.is_known = self._state("is_known", (count,))
        self.sums = self._state("sums", (count,))
        self.num_steps = self._state("num_steps", (count,))
        self.built = True

    def _state(self, name, shape, dtype="float32", initializer="zeros"):
        return self.add_weight(
            shape,
            initializer=initializer,
            dtype=dtype,
            trainable=False,
            name=name,
            aggregation="only_first_replica",
        )

    def choice(self, training: bool) -> Tensor:
        """The resolution to train on.

        Args:
            training: bool. A validation is over all resolutions, so that its
                losses can be compared.

        Returns:
            int32 scalar, from the coarsest, 0; `count` means all of them.
        """
        if not training or self.selection == "all":
            return ops.convert_to_tensor(self.count, dtype="int32")
        if self.selection == "finest":
            return ops.convert_to_tensor(self.count - 1, dtype="int32")
        # A copy: on PyTorch `record` changes the variable's own tensor.
        return ops.copy(self.selected)

    def record(self, losses: Tensor, num_present: Tensor) -> None:
        """Takes in the losses of a step of training.

        Args:
            losses: `(count,)` float32, coarsest first; any number where the
                resolution is absent.
            num_present: int32 scalar. Number of resolutions in the views.
        """
        if not self.is_drawn:
            return
        is_present = ops.arange(self.count, dtype="int32") < num_present
        losses = ops.stop_gradient(ops.cast(losses, "float32"))
        losses = ops.where(is_present, losses, 0.0)
        if self.every == "step":
            self._select(losses, is_present)
            return
        self.sums.assign(self.sums + losses)
        self.num_steps.assign(self.num_steps + ops.cast(is_present, "float32"))

    def begin_epoch(self, epoch: int) -> None:
        """Selects by the mean losses of the epoch before, once.

        Args:
            epoch: int. A training that is resumed in the middle of an epoch
                begins it again, which changes nothing.
        """
        if int(ops.convert_to_numpy(self.epoch)) == epoch:
            return
        self.epoch.assign(epoch)
        num_steps = ops.convert_to_tensor(self.num_steps)
        mean = self.sums / ops.maximum(num_steps, 1.0)
        self._select(mean, num_steps > 0)
        self.sums.assign(ops.zeros_like(mean))
        self.num_steps.assign(ops.zeros_like(mean))

    def end_training(self) -> None:
        """The next `fit` counts its epochs anew."""
        self.epoch.assign(-1)

    def _select(self, losses, is_present):
        is_known = self.is_known > 0
        previous = ops.convert_to_tensor(self.previous)
        scores = resolution_scores(
            losses,
            previous,
            is_present,
            is_known,
            self.weight if self.selection == "adaptive" else 0.0,
            self.absent,
        )
        logits = ops.log(ops.maximum(scores, 1e-30))
        drawn = keras.random.categorical(
            logits[None], 1, dtype="int32", seed=self.seed_generator
        )
        self.selected.assign(drawn[0, 0])
        self.entropy.assign(entropy_share(scores))
        self.previous.assign(ops.where(is_present, losses, previous))
        is_known = ops.logical_or(is_known, is_present)
        self.is_known.assign(ops.cast(is_known, "float32"))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "selection": self.selection,
            "weight": self.weight,
            "every": self.every,
            "absent": self.absent,
            "seed": self.seed,
        }


class SelectionByEpoch(keras.callbacks.Callback):
    """Tells an `AdaptiveResolution` that an epoch begins.

    `TS2Vec.fit` adds it.

    Args:
        resolution: `AdaptiveResolution`.
    """

    def __init__(self, resolution: AdaptiveResolution) -> None:
        super().__init__()
        self.resolution = resolution

    def on_epoch_begin(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        self.resolution.begin_epoch(epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.resolution.end_training()


def resolution_scores(
    current: Tensor,
    previous: Tensor,
    is_present: Tensor,
    is_known: Tensor,
    weight: float = 1.0,
    absent: Literal["skip", "carry"] = "skip",
) -> Tensor:
    """The probability of each resolution to be trained next.

    Args:
        current, previous: `(count,)` float32, losses.
        is_present: `(count,)` bool, where `current` holds one.
        is_known: `(count,)` bool, where `previous` holds one.
        weight: float. Of the differences. Defaults to `1.0`.
        absent: `"skip"` or `"carry"`, see `AdaptiveResolution`. Defaults to
            `"skip"`.

    Returns:
        `(count,)` float32, whose sum is 1; even where no loss is there at all.
    """
    has_trend = ops.logical_and(is_present, is_known)
    difference = ops.where(has_trend, current - previous, 0.0)
    is_scored = is_present
    if absent == "carry":
        is_scored = ops.logical_or(is_present, is_known)
    logits = ops.where(is_scored, weight * difference, LARGE_NEGATIVE)
    return ops.softmax(logits)


def entropy_share(scores: Tensor) -> Tensor:
    """Entropy of probabilities, as a share of that of even ones.

    Args:
        scores: `(count,)` float32. Those that are 0 do not count.

    Returns:
        float32 scalar in [0, 1]; 1 where there is one resolution alone.
    """
    is_scored = scores > 0
    safe = ops.where(is_scored, scores, 1.0)
    entropy = -ops.sum(safe * ops.log(safe))
    count = ops.sum(ops.cast(is_scored, "float32"))
    most = ops.log(ops.maximum(count, 2.0))
    return ops.where(count > 1, entropy / most, 1.0)
