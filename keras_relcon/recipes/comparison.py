"""Pretrains one encoder with every method, at equal cost, and scores all."""

import dataclasses
import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from keras_relcon import (
    baselines,
    data,
    evaluation,
    layers,
    models,
    presets,
    training,
)
from keras_relcon.checks import check_one_of, message
from keras_relcon.evaluation.suite.suite_result import SuiteResult
from keras_relcon.presets.preset_directory import read_preset
from keras_relcon.recipes.pretraining_config import read_config
from keras_relcon.recipes.pretraining_data import data_paths, split_data
from keras_relcon.recipes.pretraining_facts import by_source
from keras_relcon.recipes.pretraining_models import (
    encoder_in_float32,
    load_distance,
    make_encoder,
)
from keras_relcon.types import PathLike

TEMPERATURE = 0.1
# Subjects and windows of each in a batch of RelCon, every window an anchor;
# groups of them, which are ranked once.
SUBJECTS, WINDOWS_OF_EACH, MOST_GROUPS = 8, 8, 1400
# Anchors of a batch of REBAR, and candidates of each.
ANCHORS, CANDIDATES = 16, 8
EPOCHS = 10
CHECKPOINT_STEPS = 200


@dataclasses.dataclass(frozen=True)
class Method:
    """How a comparison trains a method.

    Attributes:
        make: callable, `(encoder, distance, seed)` to the model to compile.
        passes: int. How often each window of a batch passes the encoder with a
            gradient.
        stream: str. `"windows"`; `"ranked"`, groups whose order is stored; or
            `"candidates"`, anchors with candidates of their own.
        weighting: as of `WindowBatches`.
        has_head: bool. Whether the encoder has the dense layer after its
            pooling: a loss of the sequence before it would not train it.
        own_encoder: callable, what makes the encoder of a method that needs
            one of its own; `None` for that of the config.
    """

    make: Callable[..., keras.Model]
    passes: int = 1
    stream: str = "windows"
    weighting: Any = None
    has_head: bool = True
    own_encoder: Callable[[], keras.Model] | None = None


def _method(name, **arguments):
    """A method that takes windows alone, with these arguments."""
    kind = getattr(baselines, name)
    return lambda encoder, _, seed: kind(encoder, seed=seed, **arguments)


def _relcon(views=None):
    def make(encoder, distance, seed):
        return models.RelConModel(
            encoder,
            None,
            TEMPERATURE,
            projector=models.mlp_projector((256, 128)),
            views=views and views(),
            anchors="all",
        )

    return make


METHODS: dict[str, Method] = {
    "RelCon": Method(_relcon(), stream="ranked"),
    "RelCon with views": Method(
        _relcon(
            lambda: models.AugmentedViews(
                projector=models.mlp_projector((256, 128)), weight=4
            )
        ),
        passes=2,
        stream="ranked",
    ),
    "REBAR": Method(
        lambda encoder, distance, seed: baselines.REBAR(
            encoder, distance, TEMPERATURE
        ),
        stream="candidates",
    ),
    "SimCLR": Method(_method("SimCLR", temperature=TEMPERATURE), passes=2),
    # It draws windows with movement more often, as its source does.
    "AugPred": Method(_method("AugPred"), weighting="activity"),
    "SimSiam": Method(_method("SimSiam"), passes=2),
    "BYOL": Method(_method("BYOL"), passes=2),
    "Taxonomy": Method(_method("Taxonomy"), passes=2),
    "CPC": Method(_method("CPC"), has_head=False),
    "MaskedReconstruction": Method(
        _method("MaskedReconstruction"), has_head=False
    ),
    "Autoencoder": Method(_method("Autoencoder"), has_head=False),
    "RenyiCL": Method(_method("RenyiCL"), passes=2),
    "SLR": Method(_method("SLR"), passes=3),
    # Two views inside, two outside.
    "OutlierExposure": Method(_method("OutlierExposure"), passes=4),
    # It needs an embedding of each sample.
    "TS2Vec": Method(
        _method("TS2Vec"),
        passes=2,
        own_encoder=lambda: layers.DilatedConvEncoder1D(depth=5),
    ),
}


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
        ValueError: if a method is not one of `METHODS`, or a preset in the
            folder is of another number of windows.
    """
    methods = list(METHODS) if methods is None else methods
    for name in methods:
        check_one_of("methods", name, list(METHODS))
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
            "asked_windows": self.num_windows,
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

    def _check_is_equal(self, folder):
        facts = _facts_of(folder)
        if facts.get("asked_windows") != self.num_windows:
            raise ValueError(
                message(
                    f"`num_windows` must be that of {str(folder)!r}, which has "
                    f"{facts.get('asked_windows')}.",
                    {"num_windows": self.num_windows},
                    "Choose another output.",
                )
            )


def untrained_encoder(method, config):
    """The encoder that a method begins with.

    Args:
        method: `Method`.
        config: dict of `read_config`. Of a preset only its layers are taken.
    """
    if method.own_encoder is not None:
        return method.own_encoder()
    settings = make_encoder(config).get_config()
    if not method.has_head:
        both = 2 if settings["pooling"] == "mean_std" else 1
        settings["embedding_dim"] = both * settings["widths"][-1]
    return layers.ResNet1D34.from_config(settings)


def rows_of_ranked():
    """Windows of a batch in which every window is an anchor."""
    return SUBJECTS * WINDOWS_OF_EACH


def score_methods(
    output: PathLike,
    data_folder: PathLike,
    controls: Sequence[str] = ("untrained", "handmade", "minirocket"),
    say: Callable[[str], Any] = print,
) -> SuiteResult:
    """Scores the encoders of a comparison on the sets to choose by.

    Ridge on all labelled people, beside controls on the same windows, folds
    and people. A row is a method with a learning rate: the mean over its
    seeds. The result is written into `<output>/scores`.

    Args:
        output: str or path. The folder of `compare_methods`.
        data_folder: str or path. As `data` of `keras_relcon.evaluation.suite`.
        controls: as of `suite`. Defaults to untrained, hand-made and
            MiniRocket.
        say: callable. Called with lines of text. Defaults to `print`.

    Returns:
        `SuiteResult`, whose `settings["cost"]` has, for each method and rate,
        `seconds_per_1000_windows` and `windows`.

    Raises:
        FileNotFoundError: if the folder has no finished preset.
    """
    output = Path(output)
    facts = {
        path.parent: _facts_of(path.parent)
        for path in sorted(output.glob("*-*/metadata.json"))
    }
    if not facts:
        raise FileNotFoundError(
            message(
                "`output` must be a folder of `compare_methods`.",
                f"{str(output)!r}, without a finished preset",
                "Train the methods first.",
            )
        )
    members: dict[str, list[str]] = {}
    cost: dict[str, Any] = {}
    for path, fact in facts.items():
        group = f"{fact['method']} {fact['learning_rate']:g}"
        members.setdefault(group, []).append(path.name)
        windows = fact["windows_through_the_encoder"]
        cost.setdefault(group, {"windows": windows, "seeds": []})
        cost[group]["seeds"].append(1000 * fact["seconds"] / windows)
    for each in cost.values():
        seconds = each.pop("seeds")
        each["seconds_per_1000_windows"] = sum(seconds) / len(seconds)
    with warnings.catch_warnings():
        # Of one set, WISDM, some people are in the training: others are tested.
        warnings.simplefilter("ignore")
        result = evaluation.suite(
            {path.name: path for path in facts},
            data_folder,
            num_labelled=None,
            heads=("ridge",),
            controls=tuple(controls),
            progress=say,
        )
    result.settings["cost"] = cost
    result = result.mean_over(members)
    result.save(output / "scores")
    return result


def best_learning_rates(
    result: SuiteResult, output_name: str = "features"
) -> dict[str, float]:
    """The learning rate of each method with the best mean over sets.

    Args:
        result: `SuiteResult` of `score_methods`.
        output_name: str. `"features"` or `"embedding"`. Defaults to
            `"features"`; a method without features goes by its embedding.

    Returns:
        dict of method to float, for `compare_methods`.
    """
    best: dict[str, tuple[float, float]] = {}
    names = {row.representation for row in result.rows}
    for row in result.rows:
        group, _, output = row.representation.rpartition(" ")
        method, _, rate = group.rpartition(" ")
        if method not in METHODS:
            continue  # a control
        wanted = output_name
        if f"{group} {wanted}" not in names:
            wanted = "embedding"
        if output == wanted:
            found = (row.mean(), float(rate))
            best[method] = max(best.get(method, found), found)
    return {method: rate for method, (_, rate) in best.items()}


def _facts_of(folder):
    return read_preset(folder)[1].facts


def _minutes_until(deadline):
    if deadline is None:
        return None
    return max(0.0, deadline - time.monotonic()) / 60
