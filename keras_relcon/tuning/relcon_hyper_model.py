import dataclasses
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from keras_relcon.checks import check_whole
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.candidate_groups import CandidateGroups
from keras_relcon.data.windows import Windows, make_windows
from keras_relcon.evaluation.protocols.folds import Fold
from keras_relcon.evaluation.tasks.task import AnyTask
from keras_relcon.kept_files import content_key
from keras_relcon.layers import ResNet1D34
from keras_relcon.models import RelConModel
from keras_relcon.tuning.kept_trials import KeptTrials
from keras_relcon.tuning.search import check_objective, import_keras_tuner
from keras_relcon.tuning.settings import (
    CANDIDATE_POLICIES,
    OF_THE_DISTANCE,
    SPACE,
    check_space,
    complete,
    declare,
    make_model,
    train_distance,
)
from keras_relcon.tuning.validation_probe import (
    ValidationProbe,
    mean_scores,
    probed_store,
)
from keras_relcon.types import PathLike


class RelConHyperModel(
    import_keras_tuner().HyperModel  # type: ignore[misc]
):
    """Searches the settings of RelCon with KerasTuner.

    A trial trains a motif distance, or reuses one that an earlier trial trained
    with the same settings. Then it trains the encoder and scores it with
    `ValidationProbe`. It works with every tuner of KerasTuner, with several
    workers, and on the three backends. A setting that another one switches off
    is not in the trial, so that no two trials are the same training. Trials
    that an earlier search finished are read from `cache_dir`, except with
    Hyperband, which continues its own trials.

    Args:
        store: `WindowStore` to pretrain on, without validation subjects.
        windows: `Windows` with labels, to probe.
        folds: list of `Fold`. Their test subjects are never read.
        cache_dir: str or path. Trained distances, finished trials with their
            encoders, and the reasons of failed trials are kept there, under
            the SHA-256 of everything that they depend on: the settings, the
            data, the backend, versions, and the code of this package. Workers
            and searches may share it.
        encoder: callable without arguments that makes an encoder. Defaults to
            `ResNet1D34`.
        base: dict. Settings of all trials that differ from `DEFAULTS` of
            `keras_relcon.tuning.settings`. Settings that are searched replace
            them. Defaults to none.
        space: dict of setting to a list of values, or to a range
            `(low, high)`, a tuple, which is searched on a logarithmic scale;
            in whole numbers if the default is one. Defaults to `SPACE` of the
            same module.
        task: see `ValidationProbe`. Defaults to `None`.
        batch_size: int, at least 2. Anchors per batch. Defaults to `64`.
        steps_per_epoch: int. Of the encoder. Defaults to `100`.
        epochs: int. Of the encoder, if the tuner does not set them. Defaults
            to `10`.
        distance_epochs: int. Of the motif distance. Defaults to `10`.
        distance_windows: int. Largest number of windows, evenly spaced, on
            which the distance is trained. Defaults to `None`, all windows of
            the store.
        distance_seed: int. Seed of the distance, so that all seeds share one
            distance. Defaults to `None`: the seed of the trial, so that an
            interval over seeds covers both trainings.

    Raises:
        ImportError: if KerasTuner is missing.
        ValueError: if the store has validation subjects; if a setting of
            `base` or `space`, or a named value of it, is unknown; if a setting
            has no values, or a tuple that is not a range; if a number of
            windows, steps or epochs is not an int of 1 or more (anchors: 2);
            and as `ValidationProbe`.

    Example:

    >>> tuner = keras_tuner.Hyperband(
    ...     kr.tuning.RelConHyperModel(store, windows, folds, "cache"),
    ...     objective=kr.tuning.objective(),
    ...     max_epochs=10,
    ...     max_consecutive_failed_trials=100,
    ... )
    >>> tuner.search()
    >>> print(kr.tuning.search_summary(tuner))

    KerasTuner ends a search after three failed trials in a row, unless
    `max_consecutive_failed_trials` is more.

    A search that was stopped resumes with `overwrite=False`. The exception is
    `GridSearch`, whose record does not have the rest of the grid (as of
    KerasTuner 1.4.8): start it again with `overwrite=True`, and the finished
    trials are read from `cache_dir`.
    """

    def __init__(
        self,
        store: WindowStore,
        windows: Windows,
        folds: Sequence[Fold],
        cache_dir: PathLike,
        encoder: Callable[[], keras.Model] = ResNet1D34,
        base: Mapping[str, Any] | None = None,
        space: Mapping[str, Any] | None = None,
        task: AnyTask | None = None,
        batch_size: int = 64,
        steps_per_epoch: int = 100,
        epochs: int = 10,
        distance_epochs: int = 10,
        distance_windows: int | None = None,
        distance_seed: int | None = None,
    ) -> None:
        super().__init__()
        self.probe = ValidationProbe(windows, folds, task)
        self.store = probed_store(store, self.probe)
        self.encoder = encoder
        self.base = dict(base or {})
        self.space = dict(SPACE if space is None else space)
        check_whole("batch_size", batch_size, least=2)
        check_whole("steps_per_epoch", steps_per_epoch)
        check_whole("epochs", epochs)
        check_whole("distance_epochs", distance_epochs)
        if distance_windows is not None:
            check_whole("distance_windows", distance_windows)
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.distance_epochs = distance_epochs
        self.distance_windows = distance_windows
        self.distance_seed = distance_seed
        self.kept = KeptTrials(cache_dir)
        check_space(self.space, complete(self.base))
        self._store_key = self._probe_key = None

    def choose(self, hp: Any) -> dict[str, Any]:
        """The settings of a trial.

        Args:
            hp: `keras_tuner.HyperParameters`.

        Returns:
            dict, see `settings.complete`.
        """
        base = complete(self.base)
        return complete(base, declare(hp, self.space, base))

    def build(self, hp: Any) -> RelConModel:
        settings = self.choose(hp)
        failure = self._failure_key(settings)
        window = (self.store.window_length, 3)
        size = (self.batch_size, settings["num_candidates"])
        with self.kept.keeping_reason(failure, settings):
            model = make_model(settings, self.encoder, window[0])
            model.build(
                {
                    "anchor": (self.batch_size, *window),
                    "candidates": (*size, *window),
                }
            )
            # So that Hyperband also continues with the optimizer's state.
            model.optimizer.build(model.trainable_variables)
        return model

    def fit(
        self,
        hp: Any,
        model: keras.Model,
        epochs: int | None = None,
        initial_epoch: int = 0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: Any = 0,
    ) -> dict[str, float]:
        """Trains and scores a trial.

        Returns:
            dict of floats: `validation_macro_f1`, `validation_accuracy`,
            `validation_kappa` and `validation_macro_auc`, means over the
            folds; `validation_macro_f1_fold_0`, ... where there are several;
            `loss_per_candidate` of the last epoch; and `seconds`.

        Raises:
            keras_tuner.errors.FatalValueError: if the tuner's objective is
                none of these. It ends the search.
        """
        logged = ("loss_per_candidate", "seconds")
        check_objective(callbacks, len(self.probe.folds), logged)
        settings, epochs = self.choose(hp), epochs or self.epochs
        failure = self._failure_key(settings)
        with self.kept.keeping_reason(failure, settings):
            # Hyperband continues from the checkpoints of a search, which have
            # the optimizer's state too: there each trial is trained.
            key, scores = self.key(settings, epochs), None
            if "tuner/epochs" not in hp.values and not initial_epoch:
                scores = self.kept.scores(key)
            if scores is not None:
                weights = self._distance_weights(settings)
                model.motif_distance.set_weights(weights)
                model.encoder.load_weights(self.kept.encoder_path(key))
                _tell(callbacks, model, epochs, scores)
            else:
                scores = self._train(
                    key,
                    model,
                    settings,
                    epochs=epochs,
                    initial_epoch=initial_epoch,
                    callbacks=list(callbacks),
                    verbose=verbose,
                )
        self.kept.forget_reason(failure)
        return scores

    def _train(self, key, model, settings, epochs, initial_epoch, **kwargs):
        started = time.perf_counter()
        model.motif_distance.set_weights(self._distance_weights(settings))
        keras.utils.set_random_seed(settings["seed"] + 1)
        groups = CandidateGroups(
            self.store,
            batch_size=self.batch_size,
            num_candidates=settings["num_candidates"],
            # An augmented copy replaces these candidates, whatever they are.
            policy=CANDIDATE_POLICIES.get(settings["candidates"], "subject"),
            seed=settings["seed"],
            steps_per_epoch=self.steps_per_epoch,
        )
        groups.epoch = initial_epoch
        history = model.fit(
            groups, epochs=epochs, initial_epoch=initial_epoch, **kwargs
        ).history
        scores = {
            **mean_scores(self.probe.score(model.encoder)),
            "loss_per_candidate": float(history["loss_per_candidate"][-1]),
            "seconds": time.perf_counter() - started,
        }
        # A training that continues another one depends on both.
        if not initial_epoch:
            self.kept.keep(key, settings, scores, model.encoder)
        return scores

    def failure_reason(self, hp: Any) -> str | None:
        """Why the last trial of these parameters failed, or `None`."""
        return self.kept.reason(self._failure_key(self.choose(hp)))

    def _failure_key(self, settings):
        sizes = [self.batch_size, self.steps_per_epoch, self.epochs]
        return content_key("failure", settings, sizes)

    def key(self, settings: dict[str, Any], epochs: int | None = None) -> str:
        """SHA-256 of everything that the scores of a training depend on."""
        keras.utils.set_random_seed(settings["seed"])
        return content_key(
            "trial",
            settings,
            self.encoder(),
            self._distance_key(settings),
            [self.batch_size, self.steps_per_epoch, epochs or self.epochs],
            self.data_key(),
        )

    def data_key(self) -> str:
        """SHA-256 of the windows of the store and of the probe."""
        if self._store_key is None:
            windows = self._windows()
            self._store_key = content_key(
                windows.acceleration, windows.subjects, windows.recordings
            )
            self._probe_key = content_key(*self.probe.describe())
        return content_key(self._store_key, self._probe_key)

    def _distance_weights(self, settings):
        return self.kept.distance_weights(
            self._distance_key(settings),
            lambda: train_distance(
                settings,
                self._windows_of_distance(),
                self.distance_epochs,
                self._seed_of_distance(settings),
            ).get_weights(),
        )

    def _distance_key(self, settings):
        relevant = {name: settings[name] for name in OF_THE_DISTANCE}
        if relevant["augmentation"] != "random":
            del relevant["num_augmentations"]
        self.data_key()
        return content_key(
            "motif distance",
            relevant,
            [self.distance_epochs, self.distance_windows],
            self._seed_of_distance(settings),
            self._store_key,
            keras.config.dtype_policy().name,
        )

    def _seed_of_distance(self, settings):
        if self.distance_seed is None:
            return settings["seed"]
        return self.distance_seed

    def _windows(self):
        """Those of the store, without labels: some may have none."""
        with warnings.catch_warnings():
            # Said when the store was made.
            warnings.filterwarnings("ignore", message=".*are not finite")
            recordings = [
                dataclasses.replace(recording, labels=None)
                for recording in self.store.recordings()
            ]
        length = self.store.window_length
        return make_windows(
            recordings, self.store.sample_rate_hz, length, length
        )

    def _windows_of_distance(self):
        windows = self._windows()
        acceleration = windows.acceleration[windows.valid]
        step = -(-len(acceleration) // (self.distance_windows or 10**12))
        return acceleration[::step]


def _tell(callbacks, model, epochs, scores):
    """Lets KerasTuner save the weights of a trial that was not trained.

    The callback of KerasTuner that does so is one with an objective.
    """
    for callback in callbacks:
        if hasattr(callback, "objective"):
            callback.set_model(model)
            callback.on_epoch_end(epochs - 1, scores)
