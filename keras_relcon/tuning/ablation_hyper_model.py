from keras_relcon.tuning.arms import TABLE_5, TABLE_6, named_arms
from keras_relcon.tuning.relcon_hyper_model import RelConHyperModel
from keras_relcon.tuning.settings import complete


class AblationHyperModel(RelConHyperModel):
    """Trains the arms of an ablation, each with every seed.

    The arms of Tables 5, 6 and 7 of
    [RelCon](https://arxiv.org/abs/2411.18822), on the real classes: every arm
    is a change of settings, see `ARMS`. All arms of a seed see the same
    anchors, steps, probe and validation subjects, but for `within_recording`,
    whose anchors are of recordings with enough windows. With
    `keras_tuner.GridSearch` a trial is one arm with one seed; see
    `run_ablation`.

    Differs from the paper: it scores on tasks of its own, here the arms are
    scored on validation subjects. What trains a distance without augmentations
    it does not say: `ARMS` has two readings.

    Args:
        store, windows, folds, cache_dir: as of `RelConHyperModel`.
        arms: sequence of names of `ARMS`, or dict of name to settings that
            differ from `base`. Defaults to the arms of Tables 5 and 6.
        seeds: sequence of int. Defaults to `(0, 1, 2)`.
        **kwargs: as of `RelConHyperModel`.

    Raises:
        ImportError: if KerasTuner is missing.
        ValueError: if an arm or one of its settings is unknown, or there is no
            arm or seed; and as `RelConHyperModel`.
    """

    def __init__(
        self,
        store,
        windows,
        folds,
        cache_dir,
        arms=(*TABLE_5, *TABLE_6[1:]),
        seeds=(0, 1, 2),
        **kwargs,
    ):
        super().__init__(store, windows, folds, cache_dir, **kwargs)
        self.arms = named_arms(arms)
        self.seeds = tuple(int(seed) for seed in seeds)
        if not self.seeds:
            raise ValueError(
                "There must be at least one seed. Received: none. Use "
                "(0, 1, 2)."
            )
        for arm in self.arms:
            self.settings_of(arm, self.seeds[0])

    def settings_of(self, arm, seed):
        """The settings of an arm, a dict."""
        return complete(self.base, self.arms[arm], {"seed": seed})

    def choose(self, hp):
        arm = hp.Choice("arm", list(self.arms))
        return self.settings_of(arm, hp.Choice("seed", list(self.seeds)))

    def scores_of(self, arm, seed):
        """The scores of a finished trial, or `None`."""
        return self.finished.load(self.key(self.settings_of(arm, seed)))

    def encoder_path(self, arm, seed):
        """Where the trained encoder of an arm is, for `load_model`."""
        key = self.key(self.settings_of(arm, seed))
        return self.finished.encoder_path(key)
