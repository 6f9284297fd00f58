"""Pretrains one encoder with every method, at equal cost."""

import functools
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_relcon import (
    data,
)
from keras_relcon.checks import check_one_of
from keras_relcon.recipes.compared_methods import METHODS
from keras_relcon.recipes.compared_training import ComparedTraining
from keras_relcon.recipes.pretraining_config import read_config
from keras_relcon.recipes.pretraining_data import (
    data_files,
    data_paths,
    split_data,
)
from keras_relcon.recipes.pretraining_models import (
    load_distance,
)
from keras_relcon.types import PathLike

# Subjects and windows of each in a batch of RelCon, every window an anchor;
# groups of them, which are ranked once.
SUBJECTS, WINDOWS_OF_EACH, MOST_GROUPS = 8, 8, 1400
# Anchors of a batch of REBAR, and candidates of each.
ANCHORS, CANDIDATES = 16, 8
EPOCHS = 10


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
    checkpoint when the call is made again. Several processes may share
    `output`: each passes over what another one trains.

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
        list of `Path`: the finished presets, in order; none of a training that
        diverged, which is told and not begun again, or that another process
        does.

    Raises:
        ValueError: if a method is not one of `METHODS` or has no rate, or what
            is in the folder, finished or begun, was trained otherwise.
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
                training = ComparedTraining(run, name, float(rate), seed)
                if not training.finish(deadline, say):
                    say("The time is over. Run it again to go on.")
                    return finished
                if training.folder.exists():
                    finished.append(training.folder)
    return finished


class _Run:
    """What the trainings of a comparison share; the data are read once."""

    def __init__(self, config, output, num_windows, batch_size, distance):
        self.config = config
        self.output = output
        self.num_windows = num_windows
        self.batch_size = batch_size
        self.distance = distance
        self.epochs = EPOCHS
        self._store = None
        output.mkdir(parents=True, exist_ok=True)

    @property
    def store(self):
        if self._store is None:
            self._store = split_data(self.config)[0]
        return self._store

    def batches(self, method, seed):
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

    @functools.cached_property
    def _data_sha256(self):
        try:
            files = data_files(self.config)
        except FileNotFoundError:  # what is finished needs none
            return None
        return hashlib.sha256(json.dumps(files).encode()).hexdigest()

    def settings(self):
        """What all methods share, of which another makes another encoder."""
        settings = {
            "windows_asked_for": self.num_windows,
            "batch_size": self.batch_size,
            "distance": str(self.distance),
            "data": [path.name for path in data_paths(self.config)],
            "data_sha256": self._data_sha256,
            "minimum_std_g": self.config["relcon"]["minimum_std_g"],
            "max_blocks": self.config["relcon"]["max_blocks"],
        }
        for name in ("recordings", "held_out_subjects", "windows", "encoder"):
            settings[name] = self.config[name]
        if not self.config["held_out_subjects"]:  # then they are drawn
            settings["held_out_share"] = self.config["held_out_share"]
            settings["split_seed"] = self.config["seed"]
        return json.loads(json.dumps(settings, default=str))


def rows_of_ranked():
    """Windows of a batch in which every window is an anchor."""
    return SUBJECTS * WINDOWS_OF_EACH
