"""Runs Tables 5 and 6 of the paper on labelled recordings, by subject.

python examples/ablation.py wisdm-dataset.zip --preset relcon_small --steps 300

A fifth of the subjects is set aside for a test and never read. Two fifths of
the others are for validation, in five folds. The temperature is 0.1, as in the
released code. A run that was stopped resumes where it ended when it is started
again.
"""

import argparse
import math

import keras_relcon as kr


def main():
    args = parse_args()
    recordings = kr.data.load_recordings(args.data, args.sample_rate_hz)
    store = kr.data.WindowStore.from_recordings(recordings)
    (split,) = kr.evaluation.held_out(store.subjects, validation_fraction=0.4)
    encoder = kr.layers.ResNet1D34()
    if args.preset:
        encoder = kr.presets.from_preset(args.preset, load_weights=False)
    steps_per_epoch = math.gcd(args.steps, 100)
    hyper_model = kr.tuning.AblationHyperModel(
        store.select_subjects(split.train),
        store.windows(stride=256),
        kr.evaluation.validation_folds(split, args.folds),
        cache_dir=f"{args.output}/cache",
        arms=args.arms,
        seeds=args.seeds,
        encoder=lambda: type(encoder).from_config(encoder.get_config()),
        base={"temperature": 0.1, "num_candidates": args.num_candidates},
        batch_size=args.batch_size,
        steps_per_epoch=steps_per_epoch,
        epochs=args.steps // steps_per_epoch,
        distance_windows=args.distance_windows,
    )
    results = kr.tuning.run_ablation(hyper_model, f"{args.output}/search")
    if results is not None:  # a worker of a distributed search has none
        results.save(args.output)
        print(results.to_markdown())


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="<subject>/<name>.csv files, or a zip")
    parser.add_argument("--output", default="ablation")
    parser.add_argument("--sample-rate-hz", type=float)
    parser.add_argument("--preset", help="its encoder, with new weights")
    arms = [*kr.tuning.TABLE_5, *kr.tuning.TABLE_6[1:]]
    parser.add_argument("--arms", nargs="+", default=arms)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument("--distance-windows", type=int, default=10000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
