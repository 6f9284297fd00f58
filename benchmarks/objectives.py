"""Trains one encoder by several objectives on the same windows, and scores it.

    python benchmarks/objectives.py benchmarks/objectives.toml \
        --distance relcon_small --arms nt_xent relative --steps 3000
    python benchmarks/objectives.py --score arms --data data

An arm is the config with the changes of `ARMS`. All arms have the same data,
encoder, schedule and number of windows through the encoder, 128 times
`--steps`: those without copies of the windows take twice as many steps, and
one whose anchors have candidates of their own fewer. The orders of the
candidates are ranked once and kept in the output folder, and so is each
finished arm: a second call goes on where the first was ended. `--score` runs
the suite on the sets to choose by, on all arms of a folder, and writes the
scores and all differences into its folder `scores`, where a row is the mean
over the seeds of an arm; those of each seed are in `scores_of_seeds`.
"""

import argparse
import copy
import math
import time
from pathlib import Path

import keras
from another_rate import AnotherRate
from orders import EuclideanOrder, LabelOrder, RandomOrder
from relative_variants import variant_of

import keras_relcon as kr
from keras_relcon import data, presets
from keras_relcon.recipes.pretraining_config import read_config
from keras_relcon.recipes.pretraining_data import candidate_groups, split_data
from keras_relcon.recipes.pretraining_models import (
    in_float32,
    learning_rate,
    load_distance,
    make_model,
)

FIVE = ["noise", "scaling", "time_flip", "segment_permutation", "time_warp"]
ARMS = {
    # Adam does not see the scale of a loss: this is NT-Xent alone.
    "nt_xent": {"order": "random", "views": {"weight": 1e4}},
    "relative": {"views": {"weight": 0.0}},
    "relative_fifth": {"views": {"weight": 0.0}, "share": 0.2},
    # As published: 20 candidates of its own for each anchor, ranked anew.
    "relative_published": {
        "views": {"weight": 0.0},
        "relcon": {
            "anchors": "one",
            "batch_size": 16,
            "num_candidates": 20,
            "max_blocks": None,
            "ranking": None,
            "ranked_groups": None,
        },
    },
    "relative_nt_xent": {"views": {"weight": 1.0}},
    "relative_nt_xent_4": {"views": {"weight": 4.0}},
    "random_order": {"order": "random", "views": {"weight": 1.0}},
    "euclidean_order": {"order": "euclidean", "views": {"weight": 1.0}},
    "random_order_alone": {"order": "random", "views": {"weight": 0.0}},
    "euclidean_order_alone": {"order": "euclidean", "views": {"weight": 0.0}},
    # An oracle, which knows the activities of WISDM's people.
    "label_order": {"order": "label", "views": {"weight": 1.0}},
    "label_order_alone": {"order": "label", "views": {"weight": 0.0}},
    "rotation": {
        "views": {
            "weight": 1.0,
            "augmentations": ["rotation", *FIVE],
        }
    },
    "no_rotation": {"views": {"weight": 1.0, "augmentations": FIVE}},
    # As far as a sensor slips on the wrist.
    "rotation_30": {
        "views": {
            "weight": 1.0,
            "augmentations": lambda: [
                kr.layers.Rotation(max_angle=math.radians(30)),
                *FIVE,
            ],
        }
    },
    "another_rate": {
        "views": {
            "weight": 1.0,
            "augmentations": lambda: [AnotherRate(), "rotation", *FIVE],
        }
    },
    "gravity": {"views": {"weight": 1.0}, "encoder": {"alignment": "gravity"}},
    "wisdm_watch": {"views": {"weight": 1.0}, "sources": ("wisdm-dataset",)},
    "four_times_the_steps": {"views": {"weight": 1.0}, "share": 4},
    # People come as often as they have hours.
    "by_hours": {"views": {"weight": 1.0}, "relcon": {"max_blocks": None}},
    # Windows of 10.24 s, as many seconds in all: `--score` with this length.
    "nt_xent_ten_seconds": {
        "order": "random",
        "views": {"weight": 1e4},
        "windows": {"window_length": 1024},
        "share": 0.25,
    },
    # Fewer groups, each of them ten times in 1,250 steps.
    "few_groups": {
        "views": {"weight": 1.0},
        "relcon": {"ranked_groups": 125, "steps_per_epoch": 125},
    },
    # What else the relative loss can ask, see `relative_variants.py`.
    "only_nearest": {"views": {"weight": 0.0}, "variant": "only_nearest"},
    "falling_weights": {"views": {"weight": 0.0}, "variant": "falling_weights"},
    "steps_of_eight": {"views": {"weight": 0.0}, "variant": "steps_of_eight"},
    "copy_as_nearest": {"views": {"weight": 1.0}, "variant": "copy_as_nearest"},
    "far_queue": {"views": {"weight": 0.0}, "variant": "far_queue"},
}
# What a ranking is of, beside the order and the sources.
OF_A_RANKING = ("ranked_groups", "max_blocks", "window_length")


def main(words=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", nargs="?")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=[])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--output", type=Path, default=Path("arms"))
    parser.add_argument("--distance", default="relcon_small")
    parser.add_argument("--score", type=Path, metavar="FOLDER")
    parser.add_argument("--data", default=".")
    parser.add_argument(
        "--outputs", nargs="+", choices=("embedding", "features")
    )
    parser.add_argument(
        "--window-length", type=int, default=256, metavar="SAMPLES"
    )
    arguments = parser.parse_args(words)
    if arguments.score is not None:
        score(
            arguments.score,
            arguments.data,
            arguments.outputs,
            arguments.window_length,
        )
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    config = read_config(arguments.config)
    stores = {}
    for seed in arguments.seeds:
        for name in arguments.arms:
            train_arm(config, name, seed, arguments, stores)


def train_arm(config, name, seed, arguments, stores):
    """Trains an arm, unless it is finished, and saves its encoder."""
    output = arguments.output / f"{name}-{seed}"
    if output.exists():
        return
    arm = ARMS[name]
    config = copy.deepcopy(config)
    for section in ("windows", "views", "encoder", "relcon"):
        config[section].update(arm.get(section, {}))
    windows = config["relcon"]["batch_size"]
    if config["relcon"]["anchors"] == "one":
        windows *= 1 + config["relcon"]["num_candidates"]
    if config["views"]["weight"] > 0:
        windows *= 2
    steps = round(arm.get("share", 1) * 128 * arguments.steps / windows)
    config["relcon"].update(steps=steps)
    store = _store(config, arm.get("sources"), stores)
    groups, distance = _groups(config, store, arm, arguments)
    keras.utils.set_random_seed(seed)
    if callable(config["views"]["augmentations"]):
        # Layers, made after the seed is set.
        config["views"]["augmentations"] = config["views"]["augmentations"]()
    model, loss = make_model(config, distance), None
    if "variant" in arm:
        model, loss = variant_of(arm["variant"], model)
    epochs = -(-steps // len(groups))
    rate = learning_rate(config, "relcon", epochs * len(groups))
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
    begin = time.process_time()
    model.fit(groups, epochs=epochs, shuffle=False, verbose=2)
    presets.save_to_preset(
        in_float32(model).encoder,
        output,
        facts={
            "arm": name,
            "seed": seed,
            "steps": epochs * len(groups),
            "windows_through_the_encoder": windows * epochs * len(groups),
            "cpu_seconds": round(time.process_time() - begin),
        },
        **config["windows"],
    )


def _store(config, sources, stores):
    """The store of all sources of the config, or of some; read once."""
    key = sources, config["windows"]["window_length"]
    if key not in stores:
        store = split_data(config)[0]
        if sources is not None:
            subjects = [
                subject
                for subject in store.subjects
                if subject.split("/")[0] in sources
            ]
            store = store.select_subjects(subjects)
        stores[key] = store
    return stores[key]


def _groups(config, store, arm, arguments):
    """The groups, and the distance unless their order is stored."""
    groups = candidate_groups(config, store)
    order = arm.get("order", "learned")
    if order in ("learned", "label"):
        distance = load_distance(arguments.distance)
        if order == "label":
            distance = LabelOrder(groups, distance)
    else:
        distance = {"euclidean": EuclideanOrder, "random": RandomOrder}[order]()
    if config["relcon"]["anchors"] == "one":
        return groups, distance
    own = {**arm.get("relcon", {}), **arm.get("windows", {})}
    settings = [f"{k}-{own[k]}" for k in OF_A_RANKING if k in own]
    name = "-".join((order, *arm.get("sources", ()), *settings))
    path = arguments.output / f"{name}.h5"
    ranking = data.rank_groups(groups, distance, path)
    return candidate_groups(config, store, ranking), None


def score(folder, data_folder, outputs=None, window_length=256):
    """Scores all arms of a folder, and prints and writes the tables."""
    paths = sorted(path.parent for path in folder.glob("*/metadata.json"))
    seeds = {}
    for path in paths:
        seeds.setdefault(path.name.rpartition("-")[0], []).append(path.name)
    of_seeds = kr.evaluation.suite(
        paths,
        data_folder,
        num_labelled=None,
        heads=("ridge",),
        controls=(),
        outputs=outputs,
        window_length=window_length,
        progress=print,
    )
    of_seeds.save(folder / "scores_of_seeds")
    result = of_seeds.mean_over(seeds)
    result.save(folder / "scores")
    print(result.table())


if __name__ == "__main__":
    main()
