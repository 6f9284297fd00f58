from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from keras_relcon import distributed
from keras_relcon.baselines.taxonomy import COMBINATIONS, Taxonomy
from keras_relcon.checks import check_whole, message
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.window_batches import WindowBatches
from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.protocols.folds import Fold
from keras_relcon.evaluation.tasks.task import AnyTask
from keras_relcon.layers import ResNet1D34
from keras_relcon.tuning.search import check_objective, import_keras_tuner
from keras_relcon.tuning.validation_probe import (
    ValidationProbe,
    mean_scores,
    probed_store,
)


def _taxonomy(weights):
    return lambda encoder, seed: Taxonomy(encoder, **weights, seed=seed)


# The 15 combinations of the taxonomy, by name, as "ce+ae+ad".
TAXONOMY_ARMS: dict[str, Callable[..., keras.Model]] = {
    name: _taxonomy(weights) for name, weights in COMBINATIONS.items()
}


class MethodHyperModel(
    import_keras_tuner().HyperModel  # type: ignore[misc]
):
    """Trains methods that take windows alone, as arms of a search.

    A trial is one method with one seed. All arms of a seed begin with the same
    weights and have the same batches, and are scored with `ValidationProbe`.
    With `keras_tuner.GridSearch` every arm is trained with every seed.

    Args:
        store: `WindowStore` to pretrain on, without validation subjects.
        windows: `Windows` with labels, to probe.
        folds: list of `Fold`. Their test subjects are never read.
        methods: dict of name to a callable, `(encoder, seed)` to the model to
            train, such as `lambda encoder, seed: SimCLR(encoder, seed=seed)`.
            Defaults to `TAXONOMY_ARMS`, the 15 combinations of `Taxonomy`.
        seeds: sequence of int. Defaults to `(0,)`.
        encoder: callable without arguments that makes an encoder. Defaults to
            `ResNet1D34`.
        learning_rate: float. Of Adam. Defaults to `1e-3`.
        task: see `ValidationProbe`. Defaults to `None`.
        batch_size: int. Windows per batch. Defaults to `64`.
        steps_per_epoch: int. Defaults to `100`.
        epochs: int. Defaults to `10`.

    Raises:
        ImportError: if KerasTuner is missing.
        ValueError: if there is no method, the store has validation subjects, or
            a number is not an int of 1 or more; and as `ValidationProbe`.

    Example:

    >>> tuner = keras_tuner.GridSearch(
    ...     kr.tuning.MethodHyperModel(store, windows, folds, seeds=(0, 1, 2)),
    ...     objective=kr.tuning.objective(),
    ... )
    >>> tuner.search()
    >>> print(kr.tuning.search_summary(tuner))
    """

    def __init__(
        self,
        store: WindowStore,
        windows: Windows,
        folds: Sequence[Fold],
        methods: Mapping[str, Callable[..., keras.Model]] | None = None,
        seeds: Sequence[int] = (0,),
        encoder: Callable[[], keras.Model] = ResNet1D34,
        learning_rate: float = 1e-3,
        task: AnyTask | None = None,
        batch_size: int = 64,
        steps_per_epoch: int = 100,
        epochs: int = 10,
    ) -> None:
        super().__init__()
        self.probe = ValidationProbe(windows, folds, task)
        self.store = probed_store(store, self.probe)
        self.methods = dict(TAXONOMY_ARMS if methods is None else methods)
        if not self.methods or not seeds:
            raise ValueError(
                message(
                    "There must be at least one method, and one seed.",
                    {"methods": list(self.methods), "seeds": list(seeds)},
                )
            )
        for name, value in (
            ("batch_size", batch_size),
            ("steps_per_epoch", steps_per_epoch),
            ("epochs", epochs),
        ):
            check_whole(name, value)
        self.seeds = [int(seed) for seed in seeds]
        self.encoder = encoder
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs

    def build(self, hp: Any) -> keras.Model:
        name = hp.Choice("method", list(self.methods))
        seed = hp.Choice("seed", self.seeds)
        keras.utils.set_random_seed(seed)
        encoder = self.encoder()
        # Before the method draws anything: the same weights in every arm.
        encoder.build((None, self.store.window_length, 3))
        model = self.methods[name](encoder, seed)
        model.build((self.batch_size, self.store.window_length, 3))
        model.compile(
            optimizer=distributed.sums_replicas_alone(
                keras.optimizers.Adam(self.learning_rate)
            )
        )
        return model

    def fit(
        self,
        hp: Any,
        model: keras.Model,
        epochs: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: Any = 0,
        initial_epoch: int = 0,
        **kwargs: Any,
    ) -> dict[str, float]:
        """Trains and scores a trial.

        Returns:
            dict of floats, as `RelConHyperModel.fit`, with the `loss` of the
            last epoch.
        """
        check_objective(callbacks, len(self.probe.folds), ("loss",))
        batches = WindowBatches(
            self.store,
            self.batch_size,
            seed=hp.get("seed"),
            steps_per_epoch=self.steps_per_epoch,
        )
        batches.epoch = initial_epoch
        history = model.fit(
            batches,
            epochs=epochs or self.epochs,
            callbacks=list(callbacks),
            shuffle=False,
            verbose=verbose,
            initial_epoch=initial_epoch,
            **kwargs,
        ).history
        return {
            **mean_scores(self.probe.score(model.encoder)),
            "loss": float(history["loss"][-1]),
        }
