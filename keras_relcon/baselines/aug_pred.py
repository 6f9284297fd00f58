from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.baselines.predicted_transforms import (
    AxisPermutation,
    LongSegmentPermutation,
    VisibleScaling,
)
from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.checks import check_list, check_number, check_one_of
from keras_relcon.distributed import ReplicaSeedGenerator
from keras_relcon.layers.augmentations import Rotation
from keras_relcon.layers.time_augmentations import TimeFlip, TimeWarp
from keras_relcon.types import Shape, Tensor

# In the order in which they are applied.
TASKS = {
    "arrow_of_time": TimeFlip,
    "scale": VisibleScaling,
    "permutation": LongSegmentPermutation,
    "time_warp": TimeWarp,
}
DEFAULT_TASKS = ("arrow_of_time", "permutation", "time_warp")


@keras.saving.register_keras_serializable(package="keras_relcon")
class AugPred(PretrainingMethod):
    """Pretrains an encoder to tell which transforms a window went through.

    Multi-task self-supervision of
    Yuan et al., npj Digital Medicine 7:91, 2024. Each window
    is transformed by each task's transform or not, by a coin of its own; then
    its axes are permuted and it is rotated, which nobody predicts. A linear
    layer of two classes per task reads the embedding; the loss is the mean of
    their cross-entropies.

    - `arrow_of_time`: time reversed.
    - `permutation`: four segments, longer than 10 samples each, in random
      order, which may be the order before.
    - `time_warp`: as `keras_relcon.layers.TimeWarp`.
    - `scale`: each axis by a factor in [0.5, 0.85] or [1.15, 1.5].

    `fit` takes windows: an array, `keras_relcon.data.WindowBatches`, best with
    `weighting="activity"` as the source does, or a `tf.data.Dataset`.
    Validation draws labels too. Afterwards `encoder` is what was trained.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        tasks: tuple of str, of the four. Defaults to all but `"scale"`, as
            the released models of Yuan et al.
        probability: float in (0, 1). Of each transform. Defaults to `0.5`.
        seed: int or `None`. Of labels and transforms. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g. At least 44 samples with the
            task `permutation`.

    Returns:
        dict of `logits`, `(batch, tasks, 2)`; `labels`, `(batch, tasks)`
        int32, 1 where the transform was applied; and `embedding`, `(batch,
        dim)`, of the transformed windows. Tasks are in the order
        `arrow_of_time`, `scale`, `permutation`, `time_warp`. To embed a window
        as it is, call `encoder`.

    Metrics: `loss`; `accuracy_<task>`, 0.5 is guessing at a probability of
    0.5; `embedding_spread`, 0 is collapse (`EmbeddingSpread`).

    Raises:
        ValueError: if an argument is wrong, or the input is no windows.

    Differs from Yuan et al.: axis permutation and rotation are drawn for each
    window, where they draw once for the windows of a subject. The encoder is
    any; theirs is a ResNet-18.

    Example:

    >>> model = keras_relcon.baselines.AugPred(
    ...     encoder=keras_relcon.layers.ResNet1D34()
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, weighting="activity"))
    """

    def __init__(
        self,
        encoder: keras.Model,
        tasks: Sequence[str] = DEFAULT_TASKS,
        probability: float = 0.5,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        check_list("tasks", tasks, f"Name some of {list(TASKS)}.")
        for task in tasks:
            check_one_of("tasks", task, list(TASKS))
        check_number(
            "probability",
            probability,
            above=0,
            below=1,
            advice="Use 0.5: both classes are needed.",
        )
        self.tasks = tuple(task for task in TASKS if task in tasks)
        self.probability = probability
        seeds = [None if seed is None else seed + 1 + i for i in range(6)]
        self.transforms = [
            TASKS[task](seed=task_seed)
            for task, task_seed in zip(self.tasks, seeds)
        ]
        # Draw, but predict nothing.
        self.orientations = [
            AxisPermutation(seed=seeds[4]),
            Rotation(seed=seeds[5]),
        ]
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.heads = [
            keras.layers.Dense(2, name=f"head_{task}") for task in self.tasks
        ]
        self.accuracies = [
            keras.metrics.Mean(name=f"accuracy_{task}") for task in self.tasks
        ]

    def build_parts(self, window_shape: Shape) -> None:
        for layer in (*self.transforms, *self.orientations):
            layer.build(window_shape)
        for head in self.heads:
            head.build(self.embedding_shape(window_shape))

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        transformed, labels = self.transform(windows)
        for orientation in self.orientations:
            transformed = orientation(transformed, training=True)
        embedding = self.encode(transformed, training)
        logits = ops.stack([head(embedding) for head in self.heads], axis=1)
        return {"logits": logits, "labels": labels, "embedding": embedding}

    def transform(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Draws labels, and applies the transforms of those that are 1.

        Args:
            windows: `(batch, time, channels)`, g.

        Returns:
            `(transformed, labels)`: `(batch, time, channels)`, g, and
            `(batch, tasks)` int32, in the order of `tasks`.
        """
        shape = ops.shape(windows)
        chance = keras.random.uniform(
            (shape[0], len(self.tasks)), seed=self.seed_generator
        )
        is_applied = chance < self.probability
        for index, transform in enumerate(self.transforms):
            windows = ops.where(
                is_applied[:, index, None, None],
                transform(windows, training=True),
                windows,
            )
        return windows, ops.cast(is_applied, "int32")

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        # The mean over (batch, tasks): tasks have equal weights.
        logits = ops.cast(outputs["logits"], "float32")
        return ops.mean(
            keras.losses.sparse_categorical_crossentropy(
                outputs["labels"], logits, from_logits=True
            )
        )

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Any,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        logits = distributed.gather(y_pred["logits"])
        labels = distributed.gather(y_pred["labels"])
        predicted = ops.cast(logits[:, :, 1] > logits[:, :, 0], "int32")
        is_right = ops.cast(predicted == labels, "float32")
        for index, accuracy in enumerate(self.accuracies):
            accuracy.update_state(is_right[:, index])
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "tasks": self.tasks,
            "probability": self.probability,
        }
