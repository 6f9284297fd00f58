import gc
from collections.abc import Sequence
from typing import Any, Literal, Self

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_relcon import distributed
from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.representations import untrained_copy
from keras_relcon.evaluation.tasks.fine_tune_network import (
    FineTuneNetwork,
    train_to_best_epoch,
)
from keras_relcon.evaluation.tasks.mlp_probe import MLPProbe
from keras_relcon.evaluation.tasks.task import Task, hidden_widths
from keras_relcon.evaluation.tasks.task_rows import labelled_rows

_PRESETS = {
    "table3": {
        "hidden": (512,),
        "learning_rate": 1e-3,
        "batch_size": 16,
        "epochs": 10,
        "patience": None,
    },
    "yuan2024": {
        "hidden": (512,),
        "learning_rate": 1e-4,
        "batch_size": 100,
        "epochs": 200,
        "patience": 5,
        "amsgrad": True,
        "use_random_axes": True,
    },
}


class FineTune(Task):
    """Trains a copy of the encoder together with a classification head.

    The head is `Dense(units, relu)` for each of `hidden`, then
    `Dense(classes)`; the loss is the cross-entropy of its logits, the
    optimizer is Adam. The weights of the epoch with the lowest mean loss over
    the validation rows are kept; at a tie, the first. Without validation rows
    it trains for exactly `epochs` epochs. The given encoder is copied and
    never changed. `copy.deepcopy` of a fitted task is not fitted; a pickle
    is.

    Args:
        hidden: int or tuple of int, units of the hidden layers; `()` or
            `None` for a class layer directly on the embedding. Defaults to
            `(512,)`.
        learning_rate: float. Defaults to `1e-3`.
        batch_size: int. Windows per step; the last step of an epoch may have
            fewer. Defaults to `16`.
        epochs: int. At most. Defaults to `10`.
        patience: int or None. Training stops after `patience` epochs in a
            row without a lower validation loss. `None` never stops. Defaults
            to `None`.
        class_weight: `"balanced"` or None. With the former the weight of a
            window is the number of training windows over that of its class,
            in both losses, which are weighted means. A class that only
            validation rows have weighs 0. Defaults to `None`.
        freeze_encoder: bool. Whether to train only the head. The encoder then
            stays in inference mode, so that its batch norm statistics do not
            change either. Defaults to `False`.
        amsgrad: bool, of Adam. Defaults to `False`.
        use_random_axes: bool. Whether to reorder and rotate the axes of each
            training window at random, as Yuan et al. (2024) do. It must not
            be used with windows that `cross_validate(standardize=True)`
            scaled: they are no longer vectors that a rotated sensor would
            measure. Defaults to `False`.
        seed: int. Draws the head's weights, the order of the windows, dropout
            and random axes. `fit` passes it to `keras.utils.set_random_seed`,
            which sets the global seeds. Defaults to `0`.

    The preset `"table3"` is that of the [paper](
    https://arxiv.org/abs/2411.18822), and the default. `"yuan2024"` is the
    downstream training of Yuan et al. (2024); they set
    `class_weight="balanced"` for Opportunity alone, and
    `freeze_encoder=True` is their "MLP probe".

    Attributes:
        classes_: `(classes,)`. Labels of the training and validation rows,
            sorted: the order of the columns of `predict_proba`.
        epochs_: int. The epoch whose weights were kept, from 1.
        train_losses_: tuple of floats, mean over the rows of each epoch.
        validation_losses_: tuple of floats, mean over the rows; empty
            without validation rows.

    Raises:
        ValueError: if an argument is out of its range; at `fit`, if there is
            no encoder or it cannot be made from its configuration, only one
            class is present, a value is not finite, the lengths differ, or
            the loss diverges.

    Differs from the released code: its head always has 8 outputs and a
    sigmoid. Differs from Yuan et al.: their frozen encoder returns to training
    mode in each epoch, so its batch norm statistics change; their validation
    loss is the mean over batches. Both draw the head's weights by PyTorch's
    rule; this task uses Glorot's.

    Example:
    ```python
    report = cross_validate(FineTune(), encoder, windows, folds)
    ```
    """

    reads = "windows"
    presets = _PRESETS

    def __init__(
        self,
        hidden: int | Sequence[int] | None = (512,),
        learning_rate: float = 1e-3,
        batch_size: int = 16,
        epochs: int = 10,
        patience: int | None = None,
        class_weight: Literal["balanced"] | None = None,
        freeze_encoder: bool = False,
        amsgrad: bool = False,
        use_random_axes: bool = False,
        seed: int = 0,
    ) -> None:
        self.hidden = hidden_widths(hidden)
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.class_weight = class_weight
        self.freeze_encoder = freeze_encoder
        self.amsgrad = amsgrad
        self.use_random_axes = use_random_axes
        self.seed = seed
        check_number("learning_rate", learning_rate, above=0)
        check_whole("batch_size", batch_size)
        check_whole("epochs", epochs)
        check_one_of("class_weight", class_weight, (None, "balanced"))
        if patience is not None:
            check_number("patience", patience, above=0)

    def __deepcopy__(self, memo):
        # Keras copies a network through a file, which needs registered
        # classes; a fold starts from the settings anyway.
        settings = {
            name: value
            for name, value in vars(self).items()
            if name[0] != "_" and name[-1] != "_"
        }
        return type(self)(**settings)

    def fit(
        self,
        train_x: np.ndarray,
        train_y: ArrayLike,
        validation_x: np.ndarray | None = None,
        validation_y: ArrayLike | None = None,
        encoder: keras.Model | None = None,
    ) -> Self:
        """Trains a copy of the encoder and a head, and keeps the best epoch.

        Args:
            train_x: `(rows, time, 3)`, windows, g.
            train_y: `(rows,)`, labels.
            validation_x: `(rows, time, 3)` or None.
            validation_y: `(rows,)` or None.
            encoder: `keras.Model` from `(batch, time, 3)` to `(batch, dim)`
                that can be made from its configuration.

        Returns:
            The task itself.
        """
        train_x, train_y, validation_x, validation_y = labelled_rows(
            train_x, train_y, validation_x, validation_y, ndim=3
        )
        # A network has reference cycles. Without this, the network of the
        # fold before and its optimizer's memory would wait for the collector.
        self._network = None
        gc.collect()
        self.classes_ = np.unique(train_y)
        if validation_y is not None:
            self.classes_ = np.union1d(train_y, validation_y)
        self._network = self._make_network(encoder, train_x.shape[1])
        weights = self._class_weights(train_y)
        train = self._with_codes(train_x, train_y, weights)
        validation = None
        if validation_x is not None:
            validation = self._with_codes(validation_x, validation_y, weights)
            if not validation[2].any():
                validation = None  # no row by which to choose
        history = train_to_best_epoch(
            self._network,
            train,
            validation,
            batch_size=self.batch_size,
            epochs=self.epochs,
            patience=self.patience,
            seed=self.seed,
        )
        self.epochs_, self.train_losses_, self.validation_losses_ = history
        return self

    @property
    def choice_(self) -> dict[str, Any]:
        """What was chosen on the validation rows, and its loss, for reports."""
        choice = {"epochs": self.epochs_}
        if self.validation_losses_:
            choice["validation_loss"] = self.validation_losses_[
                self.epochs_ - 1
            ]
        return choice

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Returns the label of each window of `x`, `(rows, time, 3)`, g."""
        logits = embed_windows(self.network_, x)
        return self.classes_[logits.argmax(axis=1)]

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Returns `(rows, classes)`, columns in the order of `classes_`."""
        from scipy.special import softmax

        logits = embed_windows(self.network_, x).astype("float64")
        return softmax(logits, axis=1)

    def embed(self, x: np.ndarray) -> np.ndarray:
        """Returns the trained encoder's embeddings, `(rows, dim)`.

        Args:
            x: `(rows, time, 3)`, windows, g.
        """
        return embed_windows(self.network_.encoder, x)

    @property
    def network_(self) -> keras.Model:
        """The trained `FineTuneNetwork`: its `encoder` and its `head`."""
        return self._fitted("_network")

    def for_features(self) -> MLPProbe:
        """Returns the probe for features without an encoder to train."""
        return MLPProbe(hidden=self.hidden, seed=self.seed)

    def _make_network(self, encoder, window_length):
        if not isinstance(encoder, keras.layers.Layer):
            raise ValueError(
                message(
                    f"`{type(self).__name__}` trains an encoder, which must "
                    "be a keras.Model.",
                    {"encoder": encoder},
                    "Pass one, or use `MLPProbe` on features.",
                )
            )
        network = FineTuneNetwork(
            self._start_encoder(encoder, window_length),
            num_classes=len(self.classes_),
            hidden=self.hidden,
            freeze_encoder=self.freeze_encoder,
            axes_seed=self.seed if self.use_random_axes else None,
        )
        logits = network(keras.Input((window_length, 3)))
        if len(logits.shape) != 2:
            raise ValueError(
                message(
                    "The encoder must return one vector per window, "
                    "(batch, dim).",
                    f"an output of {len(logits.shape)} axes",
                    "Pool over time, or pass the encoder without its heads.",
                )
            )
        is_tensorflow = keras.backend.backend() == "tensorflow"
        network.compile(
            optimizer=distributed.sums_replicas_alone(
                keras.optimizers.Adam(
                    self.learning_rate, amsgrad=self.amsgrad, epsilon=1e-8
                )
            ),
            loss=keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, reduction="mean_with_sample_weight"
            ),
            # XLA makes TensorFlow slower here on a CPU, and compiles the
            # last, smaller step of an epoch as well.
            jit_compile=False if is_tensorflow else "auto",
        )
        return network

    def _start_encoder(self, encoder, window_length):
        if not encoder.built:
            encoder(ops.zeros((1, window_length, 3)))
        copy = untrained_copy(encoder, self.seed, window_length)
        copy.set_weights(encoder.get_weights())
        return copy

    def _class_weights(self, train_y):
        if self.class_weight is None:
            return np.ones(len(self.classes_))
        counts = (train_y[:, None] == self.classes_).sum(axis=0)
        # What training never sees must not choose the epoch.
        return np.where(counts, len(train_y) / np.maximum(counts, 1), 0)

    def _with_codes(self, x, y, weights):
        codes = np.searchsorted(self.classes_, y)
        return x, codes.astype("int32"), weights[codes].astype("float32")
