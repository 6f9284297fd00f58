import time

import keras
import numpy as np

from keras_relcon.data.streams.candidate_groups import CandidateGroups
from keras_relcon.evaluation.result_cache import content_key
from keras_relcon.layers import ResNet1D34
from keras_relcon.tuning.finished_trials import FinishedTrials
from keras_relcon.tuning.keras_tuner_import import (
    hyper_model_class,
    import_keras_tuner,
)
from keras_relcon.tuning.settings import (
    CONDITIONS,
    OF_THE_DISTANCE,
    SPACE,
    complete,
    make_distance,
    make_model,
)
from keras_relcon.tuning.trained_distances import TrainedDistances
from keras_relcon.tuning.validation_probe import OBJECTIVE, ValidationProbe


def objective():
    """What a search maximises: macro-F1 of a probe on validation subjects.

    Never the contrastive loss, which cannot be compared across temperatures,
    numbers of candidates, or losses.
    """
    return import_keras_tuner().Objective(OBJECTIVE, "max")


class RelConHyperModel(hyper_model_class()):
    """Searches the settings of RelCon with KerasTuner.

    A trial trains a motif distance, or takes one that an earlier trial
    trained with the same settings; trains the encoder; and scores it by
    `ValidationProbe`. Works with every tuner of KerasTuner, with several
    workers, and on the three backends. A setting that another one switches off
    is not in the trial, so that no two trials are the same training.

    Args:
        store: `WindowStore` to pretrain on, without validation subjects.
        windows: `Windows` with labels, to probe.
        folds: list of `Fold`. Their test subjects are never read.
        cache_dir: path. Trained distances, finished trials and their encoders
            are kept there, under the SHA-256 of all that they depend on: the
            settings, the data, the backend, versions, and the code of this
            package. May be shared by workers and searches.
        encoder: callable without arguments that makes an encoder. Defaults to
            `ResNet1D34`.
        base: dict. Settings that differ from `settings.DEFAULTS`, for all
            trials; what is searched takes their place. Defaults to none.
        space: dict of setting to a list of values, or to a tuple `(low, high)`
            searched on a logarithmic scale. Defaults to `SPACE`.
        task: see `ValidationProbe`.
        batch_size: int. Anchors per batch. Defaults to `64`.
        steps_per_epoch: int. Defaults to `100`.
        epochs: int. Of the encoder, where the tuner does not say. Defaults to
            `10`.
        distance_epochs: int. Defaults to `10`.
        distance_windows: int. The distance is trained on so many windows at
            most, evenly spaced. Defaults to `None`, all of the store.
        distance_seed: int. One distance for all seeds. Defaults to `None`: the
            seed of the trial, so that an interval over seeds covers both
            trainings.

    Raises:
        ImportError: if KerasTuner is missing.
        ValueError: if the store has validation subjects; and as
            `ValidationProbe` and `settings.complete`.

    Example:

    >>> tuner = keras_tuner.Hyperband(
    ...     kr.tuning.RelConHyperModel(store, windows, folds, "cache"),
    ...     objective=kr.tuning.objective(),
    ...     max_epochs=10,
    ... )
    >>> tuner.search()

    A search that was stopped goes on with `overwrite=False`, but for
    `GridSearch`, whose record does not hold what is left of the grid (as of
    KerasTuner 1.4.8): begin that one anew, with `overwrite=True`, and the
    finished trials are taken from `cache_dir`.
    """

    def __init__(
        self,
        store,
        windows,
        folds,
        cache_dir,
        encoder=ResNet1D34,
        base=None,
        space=None,
        task=None,
        batch_size=64,
        steps_per_epoch=100,
        epochs=10,
        distance_epochs=10,
        distance_windows=None,
        distance_seed=None,
    ):
        super().__init__()
        self.probe = ValidationProbe(windows, folds, task)
        _check_apart(store, self.probe.validation_subjects)
        self.store = store
        self.encoder = encoder
        self.base = dict(base or {})
        self.space = dict(SPACE if space is None else space)
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.distance_epochs = distance_epochs
        self.distance_windows = distance_windows
        self.distance_seed = distance_seed
        self.distances = TrainedDistances(cache_dir)
        self.finished = FinishedTrials(cache_dir)
        _check_space(self.space, complete(self.base))
        self._store_key = self._probe_key = None

    def choose(self, hp):
        """The settings of a trial.

        Args:
            hp: `keras_tuner.HyperParameters`.

        Returns:
            dict of `settings.complete`.
        """
        chosen = {}
        # Parents before the settings that they switch on.
        for name in sorted(self.space, key=lambda name: name in CONDITIONS):
            parent, values = CONDITIONS.get(name, (None, ()))
            if parent in self.space:
                with hp.conditional_scope(parent, list(values)):
                    value = self._declare(hp, name)
                if chosen[parent] in values:
                    chosen[name] = value
            elif parent is None or complete(self.base)[parent] in values:
                chosen[name] = self._declare(hp, name)
        return complete(self.base, chosen)

    def _declare(self, hp, name):
        values, base = self.space[name], complete(self.base)[name]
        if isinstance(values, tuple):
            low, high = values
            default = base if low <= base <= high else None
            return hp.Float(name, low, high, sampling="log", default=default)
        default = base if base in values else None
        return hp.Choice(name, list(values), default=default)

    def build(self, hp):
        settings = self.choose(hp)
        model = make_model(settings, self.encoder)
        window = (self.store.window_length, 3)
        model.build(
            {
                "anchor": (self.batch_size, *window),
                "candidates": (
                    self.batch_size,
                    settings["num_candidates"],
                    *window,
                ),
            }
        )
        # So that Hyperband goes on with the optimizer's state as well.
        model.optimizer.build(model.trainable_variables)
        return model

    def fit(
        self,
        hp,
        model,
        epochs=None,
        initial_epoch=0,
        callbacks=(),
        verbose=0,
    ):
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
        _check_objective(callbacks)
        settings = self.choose(hp)
        epochs = epochs or self.epochs
        key = self.key(settings, epochs)
        # A training that goes on from another one is known by both.
        scores = None if initial_epoch else self.finished.load(key)
        if scores is not None:
            return scores
        started = time.perf_counter()
        model.motif_distance.set_weights(self._distance_weights(settings))
        keras.utils.set_random_seed(settings["seed"] + 1)
        groups = CandidateGroups(
            self.store,
            batch_size=self.batch_size,
            num_candidates=settings["num_candidates"],
            seed=settings["seed"],
            steps_per_epoch=self.steps_per_epoch,
        )
        groups.epoch = initial_epoch
        history = model.fit(
            groups,
            epochs=epochs,
            initial_epoch=initial_epoch,
            callbacks=list(callbacks),
            verbose=verbose,
        ).history
        scores = {
            **_means(self.probe.score(model.encoder)),
            "loss_per_candidate": float(history["loss_per_candidate"][-1]),
            "seconds": time.perf_counter() - started,
        }
        if not initial_epoch:
            self.finished.save(key, settings, scores, model.encoder)
        return scores

    def key(self, settings, epochs=None):
        """SHA-256 of all that the scores of a training depend on."""
        keras.utils.set_random_seed(settings["seed"])
        return content_key(
            "trial",
            settings,
            self.encoder(),
            self._distance_key(settings),
            [self.batch_size, self.steps_per_epoch, epochs or self.epochs],
            self.data_key(),
        )

    def data_key(self):
        """SHA-256 of the windows of the store and of the probe."""
        if self._store_key is None:
            windows = self.store.windows(self.store.window_length)
            self._store_key = content_key(
                windows.acceleration, windows.subjects, windows.recordings
            )
            self._probe_key = content_key(*self.probe.describe())
        return content_key(self._store_key, self._probe_key)

    def _distance_weights(self, settings):
        def train():
            keras.utils.set_random_seed(self._seed_of_distance(settings))
            distance = make_distance(settings)
            distance.compile(optimizer=keras.optimizers.Adam(1e-3))
            distance.fit(
                self._windows_of_distance(),
                batch_size=64,
                epochs=self.distance_epochs,
                verbose=0,
            )
            return distance.get_weights()

        return self.distances.weights(self._distance_key(settings), train)

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
        )

    def _seed_of_distance(self, settings):
        if self.distance_seed is None:
            return settings["seed"]
        return self.distance_seed

    def _windows_of_distance(self):
        windows = self.store.windows(self.store.window_length)
        acceleration = windows.acceleration[windows.valid]
        step = -(-len(acceleration) // (self.distance_windows or 10**12))
        return acceleration[::step]


def _means(folds):
    scores = {
        f"validation_{name}": float(np.mean([fold[name] for fold in folds]))
        for name in folds[0]
    }
    if len(folds) > 1:
        for index, fold in enumerate(folds):
            scores[f"{OBJECTIVE}_fold_{index}"] = fold["macro_f1"]
    return scores


def _check_objective(callbacks):
    """KerasTuner would notice only when the training is over."""
    for callback in callbacks:
        wanted = getattr(callback, "objective", None)
        for part in getattr(wanted, "objectives", [wanted]):
            name = getattr(part, "name", OBJECTIVE)
            if not name.startswith(("validation_", "loss_per_", "seconds")):
                raise import_keras_tuner().errors.FatalValueError(
                    f"The objective must be one that is logged: {OBJECTIVE!r} "
                    f"or another score. Received: objective={name!r}. Pass "
                    "`objective=keras_relcon.tuning.objective()`."
                )


def _check_space(space, base):
    for name, values in space.items():
        for value in values:
            complete(base, {name: value})
        if not values or (isinstance(values, tuple) and len(values) != 2):
            raise ValueError(
                "A space must be a list of values or a tuple (low, high). "
                f"Received: {name}={values!r}."
            )


def _check_apart(store, validation_subjects):
    both = sorted(set(store.subjects) & set(validation_subjects))
    if both:
        raise ValueError(
            "Validation subjects must not be in the store to pretrain on. "
            f"Received: {both} in both. Use `store.select_subjects`."
        )
