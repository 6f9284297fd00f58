"""Probes an encoder on MotionSense with the published folds (Table 4).

python examples/probe_motionsense.py A_DeviceMotion_data.zip \
    --encoder pretrained/encoder.keras --output report

Beside the encoder stand its untrained copy and hand-made features.
"""

import argparse
from pathlib import Path

import keras

import keras_relcon as kr


def main():
    args = parse_args()
    recordings = kr.data.read_motionsense(args.data)
    # Windows as the benchmark cuts them: 200 samples at 100 Hz, side by side.
    windows = kr.evaluation.motionsense_windows(recordings)
    encoder = keras.saving.load_model(args.encoder)
    report = kr.evaluation.cross_validate(
        kr.evaluation.LinearProbe(),
        {args.name: encoder},
        windows,
        kr.evaluation.motionsense_folds(),
        standardize=args.standardize,
        seed=args.seed,
        published=kr.evaluation.published_rows("table4_motionsense"),
        progress=print,
    )
    report.save(args.output)
    print(report.table())


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", help="A_DeviceMotion_data.zip")
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--name", default="RelCon")
    parser.add_argument("--output", type=Path, default=Path("report"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--standardize",
        action="store_true",
        help="scale each axis by the training subjects, as the benchmark does",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
