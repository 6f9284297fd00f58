"""Trains the supervised references of Table 4 from scratch.

python examples/supervised.py table4_motionsense A_DeviceMotion_data.zip

DeepConvLSTM, a convolutional and an LSTM classifier are trained on the folds of
the benchmark and shown beside the published rows. Finished folds are kept in
OUTPUT/cache, so `--networks` can train the networks one by one.
"""

import argparse
from pathlib import Path

import keras_relcon as kr  # first: it chooses the backend

# isort: split
import keras

from keras_relcon import evaluation

NETWORKS = {
    "Conv classifier": kr.baselines.conv_classifier,
    "DeepConvLSTM": kr.baselines.deep_conv_lstm,
    "LSTM classifier": kr.baselines.lstm_classifier,
}


def main():
    args = parse_args()
    keras.utils.set_random_seed(args.seed)
    report = evaluation.run_benchmark(
        args.benchmark,
        args.data,
        {name: NETWORKS[name]() for name in args.networks},
        task=evaluation.FromScratch(
            hidden=(),
            learning_rate=1e-3,
            batch_size=128,
            epochs=args.epochs,
            patience=5,
            seed=args.seed,
        ),
        controls=("handmade",),
        seed=args.seed,
        cache_dir=args.output / "cache",
        progress=print,
    )
    report.save(args.output)
    print(report.table())
    print(f"written to {args.output}/report.html")


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("benchmark", choices=sorted(evaluation.BENCHMARKS))
    parser.add_argument("data", help="the archive, or TFDS's data_dir")
    parser.add_argument(
        "--networks", nargs="+", choices=sorted(NETWORKS), default=NETWORKS
    )
    parser.add_argument("--epochs", type=int, default=30, help="at most")
    parser.add_argument("--output", type=Path, default=Path("report"))
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
