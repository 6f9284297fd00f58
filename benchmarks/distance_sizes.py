"""Which motif distance ranks best for its time?

    python benchmarks/distance_sizes.py benchmarks/objectives.toml --data data

Each distance is trained as the config says, but for its size, on the people of
the config. Its AUC is the share of pairs in which a window of the anchor's
activity is nearer than one of another, on the sets to choose by, among windows
of other people and of the anchor's own. Seconds are of ranking a group of 64
windows, every window an anchor, the median over `--repeats`. A distance that
is finished is kept in the output folder.
"""

import argparse
import time
from pathlib import Path

import keras
import measuring
import numpy as np

from keras_relcon import data, presets
from keras_relcon.evaluation import euclidean_distance, motif_distance_auc
from keras_relcon.evaluation.suite.load_sets import DataFolder, load_sets
from keras_relcon.evaluation.suite.sets import sets_of
from keras_relcon.recipes.pretraining_config import read_config
from keras_relcon.recipes.pretraining_data import split_data
from keras_relcon.recipes.pretraining_models import (
    learning_rate,
    make_distance,
)

SIZES = {
    "100 Hz, 64 dimensions": {"downsampling": 1, "embedding_dim": 64},
    "50 Hz, 64": {"embedding_dim": 64},
    "50 Hz, 32": {},
    "50 Hz, 16": {"embedding_dim": 16},
    "50 Hz, 32, one block less": {"num_dilated_blocks": 1},
    "50 Hz, 32, no dilated block": {"num_dilated_blocks": 0},
    "25 Hz, 32": {"downsampling": 4},
    "25 Hz, 16": {"downsampling": 4, "embedding_dim": 16},
    "12.5 Hz, 32": {"downsampling": 8},
}
# People of WISDM stand in two of the sets; one is enough.
SETS = ("geotec_sw", "weda_fall", "umafall_wrist", "wisdm_left_out")
GROUP, NUM_ANCHORS = 64, 128


def main(words=None):
    args = parse_args(words)
    config, distances = read_config(args.config), {}
    store = None
    for name in args.sizes:
        path = args.output / name.replace(" ", "_").replace(",", "")
        if not path.exists():
            store = split_data(config)[0] if store is None else store
            train(config, SIZES[name], store, path, args.steps)
        distances[name] = presets.from_preset(path)
    loaded, _ = load_sets(sets_of(("choose",), SETS), DataFolder(args.data))
    seconds = seconds_of_a_group(distances, config["windows"], args.repeats)
    heads = ["seconds of a group", *(one.name for one in loaded), "mean"]
    print_row("distance", *heads)
    print("|---|" + "---:|" * len(heads))
    for name, distance in [*distances.items(), ("Euclidean", None)]:
        pairs = [auc(distance or euclidean_distance, one) for one in loaded]
        means = np.mean(pairs, axis=0)
        cells = [f"{among:.3f}, {own:.3f}" for among, own in [*pairs, means]]
        clock = f"{seconds[name]:.2f}" if name in seconds else ""
        print_row(name, clock, *cells)
    print(f"\n{measuring.machine()}")


def print_row(*cells):
    print("|", " | ".join(cells), "|", flush=True)


def train(config, size, store, path, steps):
    """Trains a distance of another size, and saves it as a preset."""
    settings = {**config["motif_distance"], **size}
    config = {**config, "motif_distance": settings}
    keras.utils.set_random_seed(config["seed"])
    distance = make_distance(config)
    batches = data.WindowBatches(
        store,
        batch_size=settings["batch_size"],
        steps_per_epoch=min(steps, 100),
        seed=config["seed"],
    )
    epochs = -(-steps // len(batches))
    rate = learning_rate(config, "motif_distance", epochs * len(batches))
    distance.compile(optimizer=keras.optimizers.Adam(rate))
    began = time.process_time()
    distance.fit(batches, epochs=epochs, shuffle=False, verbose=2)
    facts = {
        "steps": epochs * len(batches),
        "cpu_seconds": round(time.process_time() - began),
    }
    presets.save_to_preset(distance, path, facts=facts, **config["windows"])


def seconds_of_a_group(distances, windows, repeats):
    group = measuring.candidate_group(GROUP, 1, windows["window_length"])
    anchors, none = group["anchor"], group["candidates"][:, :0]
    calls = {
        name: lambda distance=distance: [
            distance.candidate_distances(anchors, none)
        ]
        for name, distance in distances.items()
    }
    return measuring.median_seconds(calls, repeats)


def auc(distance, loaded):
    """Among windows of other people, and among those of one's own."""
    return [
        motif_distance_auc(
            distance, loaded.windows, NUM_ANCHORS, within_subject=is_own
        )
        for is_own in (False, True)
    ]


def parse_args(words):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=SIZES)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("distances"))
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
