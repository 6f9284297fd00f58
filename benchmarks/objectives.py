"""Trains one encoder by several objectives on the same windows, and scores it.

    python benchmarks/objectives.py examples/relcon_small.toml \
        --arms nt_xent relative_nt_xent --seeds 0 1 --steps 3000 --output arms
    python benchmarks/objectives.py --score arms --data data

An arm is the config with the changes of `ARMS`. All arms have the same data,
groups, encoder, schedule and number of windows through the encoder: those
without copies of the windows take twice as many steps. The orders of the
candidates are ranked once and kept in the output folder, and so is each
finished arm: a second call goes on where the first was ended. `--score` runs
the suite on the sets to choose by, on all arms of a folder, and prints the
differences to the first arm with their intervals over people.
"""

import argparse
import copy
import time
from pathlib import Path

import keras
import numpy as np

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

ARMS = {
    # Adam does not see the scale of a loss: this is NT-Xent alone.
    "nt_xent": {"order": "random", "views": {"weight": 1e4}},
    "relative": {"views": {"weight": 0.0}},
    "relative_nt_xent": {"views": {"weight": 1.0}},
    "relative_nt_xent_4": {"views": {"weight": 4.0}},
    "random_order": {"order": "random", "views": {"weight": 1.0}},
    "euclidean_order": {"order": "euclidean", "views": {"weight": 1.0}},
    "random_order_alone": {"order": "random", "views": {"weight": 0.0}},
    "euclidean_order_alone": {"order": "euclidean", "views": {"weight": 0.0}},
    "rotation": {
        "views": {
            "weight": 1.0,
            "augmentations": [
                "rotation",
                "noise",
                "scaling",
                "time_flip",
                "segment_permutation",
                "time_warp",
            ],
        }
    },
    "no_rotation": {
        "views": {
            "weight": 1.0,
            "augmentations": [
                "noise",
                "scaling",
                "time_flip",
                "segment_permutation",
                "time_warp",
            ],
        }
    },
    "gravity": {"views": {"weight": 1.0}, "encoder": {"alignment": "gravity"}},
    "wisdm_watch": {"views": {"weight": 1.0}, "sources": ("wisdm-dataset",)},
}


class EuclideanOrder:
    """Ranks by the mean squared difference of two windows, g**2."""

    def candidate_distances(self, anchors, candidates):
        windows = np.asarray(anchors, "float64").reshape(len(anchors), -1)
        squared = (windows**2).sum(1)
        distances = squared[:, None] + squared - 2 * windows @ windows.T
        return _to_others(distances)


class RandomOrder:
    """Ranks at random, each group of windows always in the same way."""

    def candidate_distances(self, anchors, candidates):
        windows = np.asarray(anchors, "float64")
        seed = np.abs(windows.sum((1, 2)) * 1e6).astype("uint64")
        shape = len(windows), len(windows)
        return _to_others(np.random.default_rng(seed).random(shape))


ORDERS = {"euclidean": EuclideanOrder, "random": RandomOrder}


def _to_others(distances):
    """In the order of `candidate_index`: from each row, the ones after it."""
    count = len(distances)
    rows, steps = np.arange(count)[:, None], np.arange(1, count)
    return np.take_along_axis(distances, (rows + steps) % count, axis=1)


def main():
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
    arguments = parser.parse_args()
    if arguments.score is not None:
        score(arguments.score, arguments.data)
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
    config["views"].update(arm["views"])
    config["encoder"].update(arm.get("encoder", {}))
    has_copies = config["views"]["weight"] > 0
    steps = arguments.steps * (1 if has_copies else 2)
    config["relcon"].update(steps=steps)
    sources = arm.get("sources")
    if sources not in stores:
        stores[sources] = split_data(config)[0]
        if sources is not None:
            subjects = [
                subject
                for subject in stores[sources].subjects
                if subject.split("/")[0] in sources
            ]
            stores[sources] = stores[sources].select_subjects(subjects)
    store = stores[sources]
    groups = candidate_groups(config, store)
    order = arm.get("order", "learned")
    if order == "learned":
        distance = load_distance(arguments.distance)
    else:
        distance = ORDERS[order]()
    of = "" if sources is None else "-".join(("", *sources))
    ranking = data.rank_groups(
        groups, distance, arguments.output / f"{order}{of}.h5"
    )
    groups = candidate_groups(config, store, ranking)
    keras.utils.set_random_seed(seed)
    model = make_model(config, None)
    epochs = -(-steps // len(groups))
    rate = learning_rate(config, "relcon", epochs * len(groups))
    model.compile(optimizer=keras.optimizers.Adam(rate))
    begin = time.process_time()
    model.fit(groups, epochs=epochs, shuffle=False, verbose=2)
    windows = config["relcon"]["batch_size"] * steps * (1 + has_copies)
    presets.save_to_preset(
        in_float32(model).encoder,
        output,
        facts={
            "arm": name,
            "seed": seed,
            "steps": steps,
            "windows_through_the_encoder": windows,
            "cpu_seconds": round(time.process_time() - begin),
        },
        **config["windows"],
    )


def score(folder, data_folder):
    """Scores all arms of a folder, and prints and writes the tables."""
    paths = sorted(path.parent for path in folder.glob("*/metadata.json"))
    result = kr.evaluation.suite(
        paths,
        data_folder,
        num_labelled=(3, None),
        heads=("ridge",),
        controls=(),
        progress=print,
    )
    result.save(folder / "scores")
    print(result.table())


if __name__ == "__main__":
    main()
