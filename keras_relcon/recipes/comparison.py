"""Pretrains one encoder with every method, at equal cost."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from keras_relcon import (
    data,
    presets,
    training,
)
from keras_relcon.checks import check_one_of, message
from keras_relcon.recipes.compared_methods import METHODS, untrained_encoder
from keras_relcon.recipes.comparison_scores import facts_of
from keras_relcon.recipes.pretraining_config import read_config
from keras_relcon.recipes.pretraining_data import data_paths, split_data
from keras_relcon.recipes.pretraining_facts import by_source
from keras_relcon.recipes.pretraining_models import (
    encoder_in_float32,
    load_distance,
)
from keras_relcon.types import PathLike

# Subjects and windows of each in a batch of RelCon, every window an anchor;
# groups of them, which are ranked once.
SUBJECTS, WINDOWS_OF_EACH, MOST_GROUPS = 8, 8, 1400
# Anchors of a batch of REBAR, and candidates of each.
ANCHORS, CANDIDATES = 16, 8
EPOCHS = 10
CHECKPOINT_STEPS = 200


def compare_methods(
    config: PathLike | Mapping[str, Any],
    output: PathLike,
    methods: Sequence[str] | None = None,
    seeds: Sequence[int] = (0,),
    num_windows: int = 500_000,
    batch_size: int = 64,
    learning_rates: Sequence[float] | Mapping[str, float] = (1e-3,),
    distance: PathLike = "relcon_small",
    max_minutes: float | None = None,
    say: Callable[[str], Any] = print,
) -> list[Path]:
    """Pretrains the encoder of a config with each method, at equal cost.

    Every method has the same people and windows, initial weights of a seed,
    optimizer (Adam with a cosine schedule), and number of windows through the
    encoder with a gradient; candidates and views are counted. What is finished
    is kept in `output`, and what was interrupted goes on from its last
    checkpoint when the call is made again.

    Args:
        config: path of a config of `pretrain`, or the dict that `read_config`
            gives: its data, held-out people, windows, encoder, and of
            `relcon` `minimum_std_g` and `max_blocks`.
        output: str or path. Folder of the presets, `<method>-<rate>-<seed>`.
        methods: sequence of names of `METHODS`. Defaults to all.
        seeds: sequence of int. Of weights, batches and draws. Defaults to
            `(0,)`.
        num_windows: int. Windows through the encoder of each training.
            Defaults to `500_000`.
        batch_size: int. Windows of a batch of the methods that take no
            candidates. Defaults to `64`.
        learning_rates: sequence of float, each to be trained with; or dict of
            method to one, as `best_learning_rates` gives it. Defaults to
            `(1e-3,)`.
        distance: str or path. Preset with the motif distance that ranks.
            Defaults to `"relcon_small"`.
        max_minutes: float. Ends after so long, with what is finished. Defaults
            to `None`.
        say: callable. Called with lines of text. Defaults to `print`.

    Returns:
        list of `Path`: the finished presets, in order.

    Raises:
        ValueError: if a method is not one of `METHODS` or has no rate, or a
            preset in the folder was trained otherwise.
    """
    methods = list(METHODS) if methods is None else methods
    for name in methods:
        check_one_of("methods", name, list(METHODS))
        if isinstance(learning_rates, Mapping):
            check_one_of(
                "methods", name, list(learning_rates), "Give it a rate too."
            )
    if not isinstance(config, Mapping):
        config = read_config(config)
    run = _Run(config, Path(output), num_windows, batch_size, distance)
    deadline = None
    if max_minutes is not None:
        deadline = time.monotonic() + 60 * max_minutes
    finished: list[Path] = []
    for seed in seeds:
        for name in methods:
            rates = learning_rates
            if isinstance(rates, Mapping):
                rates = (rates[name],)
            for rate in rates:
                path = run.train(name, float(rate), seed, deadline, say)
                if path is None:
                    say("The time is over. Run it again to go on.")
                    return finished
                finished.append(path)
    return finished


class _Run:
    """What the trainings of a comparison share; the data are read once."""

    def __init__(self, config, output, num_windows, batch_size, distance):
        self.config = config
        self.output = output
        self.num_windows = num_windows
        self.batch_size = batch_size
        self.distance = distance
        self._store = None
        output.mkdir(parents=True, exist_ok=True)

    @property
    def store(self):
        if self._store is None:
            self._store = split_data(self.config)[0]
        return self._store

    def train(self, name, rate, seed, deadline, say):
        """Trains one method; `None` where the time was over before its end."""
        folder = self.output / f"{name}-{rate:g}-{seed}"
        if folder.exists():
            self._check_is_equal(folder)
            return folder
        method = METHODS[name]
        batches, per_step = self._batches(method, seed)
        steps = len(batches) * EPOCHS
        keras.utils.set_random_seed(seed)
        encoder = untrained_encoder(method, self.config)
        distance = None
        if method.stream == "candidates":
            distance = load_distance(self.distance)
        model = method.make(encoder, distance, seed)
        schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
        model.compile(optimizer=keras.optimizers.Adam(schedule))
        resumable = training.ResumableTraining(
            self.output / "stages" / folder.name,
            batches,
            every=CHECKPOINT_STEPS,
            max_minutes=_minutes_until(deadline),
        )
        say(f"{folder.name}: {steps} steps of {per_step} windows")
        model.fit(
            batches,
            epochs=EPOCHS,
            shuffle=False,
            callbacks=[resumable],
            verbose=2,
        )
        if not resumable.is_finished:
            return None
        facts = {
            "method": name,
            "learning_rate": rate,
            "seed": seed,
            "steps": steps,
            "windows_through_the_encoder": steps * per_step,
            "trained_by": self._settings(),
            "seconds": round(resumable.seconds, 3),
            "subjects": by_source(self.store.subjects, data_paths(self.config)),
        }
        presets.save_to_preset(
            encoder_in_float32(encoder),
            folder,
            facts=facts,
            **self.config["windows"],
        )
        return folder

    def _batches(self, method, seed):
        """The stream of a method, and windows through the encoder a step."""
        rows = {
            "windows": self.batch_size,
            "ranked": SUBJECTS * WINDOWS_OF_EACH,
            "candidates": ANCHORS * (1 + CANDIDATES),
        }[method.stream]
        per_step = rows * method.passes
        shared = {
            "seed": seed,
            "minimum_std_g": self.config["relcon"]["minimum_std_g"],
            "steps_per_epoch": math.ceil(self.num_windows / per_step / EPOCHS),
        }
        if method.stream == "windows":
            return (
                data.WindowBatches(
                    self.store, rows, weighting=method.weighting, **shared
                ),
                per_step,
            )
        if method.stream == "candidates":
            groups = data.CandidateGroups(
                self.store, ANCHORS, CANDIDATES, **shared
            )
            return groups, per_step
        groups = self._ranked_groups(shared, self._ranking())
        return groups, per_step

    def _ranked_groups(self, shared, ranking=None):
        return data.CandidateGroups(
            self.store,
            rows_of_ranked(),
            WINDOWS_OF_EACH - 1,
            anchors="all",
            ranking=ranking,
            max_blocks=self.config["relcon"]["max_blocks"],
            **shared,
        )

    def _ranking(self):
        """The file of the order of the groups, ranked once."""
        to_rank = self._ranked_groups(
            {
                "seed": 0,
                "steps_per_epoch": self._num_groups(),
                "minimum_std_g": self.config["relcon"]["minimum_std_g"],
            }
        )
        return data.rank_groups(
            to_rank, load_distance(self.distance), self.output / "ranking.h5"
        )

    def _num_groups(self):
        """Each group comes at least once in the shortest training."""
        steps = self.num_windows / (2 * rows_of_ranked())
        return max(1, min(MOST_GROUPS, math.ceil(steps)))

    def _settings(self):
        """What all methods share, of which another makes another encoder."""
        settings = {
            "windows_asked_for": self.num_windows,
            "batch_size": self.batch_size,
            "distance": str(self.distance),
            "data": [path.name for path in data_paths(self.config)],
            "minimum_std_g": self.config["relcon"]["minimum_std_g"],
            "max_blocks": self.config["relcon"]["max_blocks"],
        }
        for name in ("held_out_subjects", "windows", "encoder"):
            settings[name] = self.config[name]
        return json.loads(json.dumps(settings, default=str))

    def _check_is_equal(self, folder):
        wanted = self._settings()
        found = facts_of(folder).get("trained_by") or {}
        others = [name for name in wanted if found.get(name) != wanted[name]]
        if others:
            raise ValueError(
                message(
                    f"What is finished in {str(folder)!r} must have been "
                    "trained as is asked for now: with "
                    + ", ".join(f"{name}={wanted[name]}" for name in others)
                    + ".",
                    {name: found.get(name) for name in others},
                    "Choose another output.",
                )
            )


def rows_of_ranked():
    """Windows of a batch in which every window is an anchor."""
    return SUBJECTS * WINDOWS_OF_EACH


def _minutes_until(deadline):
    if deadline is None:
        return None
    return max(0.0, deadline - time.monotonic()) / 60
