"""Scores an encoder on randomly rotated test windows, and by neighbours.

python examples/robustness.py table4_motionsense A_DeviceMotion_data.zip \
    --encoder relcon_small

There are three scores, on windows in g with the folds of the benchmark: a
linear probe on the test windows as recorded, the same probe after a random
rotation of each test window, and the five nearest training windows by cosine.
Each is the macro-F1, as mean and spread over folds.
"""

import argparse

import numpy as np
from evaluate import load_encoder
from scipy.spatial.transform import Rotation
from sklearn.metrics import f1_score
from sklearn.neighbors import KNeighborsClassifier

from keras_relcon import evaluation


def main():
    args = parse_args()
    benchmark = evaluation.BENCHMARKS[args.benchmark]
    windows = benchmark.windows(benchmark.read(args.data))
    windows = windows.select(windows.valid)
    encoder = load_encoder(args.encoder)
    rotations = Rotation.random(
        len(windows), np.random.default_rng(args.seed)
    ).as_matrix()
    rotated = np.einsum("wtc,wdc->wtd", windows.acceleration, rotations)
    x = encoder.predict(windows.acceleration, batch_size=256, verbose=0)
    x_rotated = encoder.predict(
        rotated.astype("float32"), batch_size=256, verbose=0
    )
    scores = {"as recorded": [], "rotated": [], "5 neighbours": []}
    for fold in benchmark.folds(windows):
        train, validation, test = (
            np.isin(windows.subjects, part)
            for part in (fold.train, fold.validation, fold.test)
        )
        y = windows.labels
        probe = evaluation.LinearProbe().fit(
            x[train], y[train], x[validation], y[validation]
        )
        near = KNeighborsClassifier(5, metric="cosine").fit(
            x[train | validation], y[train | validation]
        )
        for name, predicted in (
            ("as recorded", probe.predict(x[test])),
            ("rotated", probe.predict(x_rotated[test])),
            ("5 neighbours", near.predict(x[test])),
        ):
            score = 100 * f1_score(y[test], predicted, average="macro")
            scores[name].append(score)
    for name, values in scores.items():
        folds = " ".join(f"{value:.2f}" for value in values)
        print(f"{name}: {np.mean(values):.2f} ± {np.std(values):.2f} ({folds})")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("benchmark", help="a classification benchmark")
    parser.add_argument("data", help="the archive")
    parser.add_argument("--encoder", required=True, help="a preset or .keras")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
