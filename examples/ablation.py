"""Tables 5 and 6 of the paper on labelled recordings, by subject.

python examples/ablation.py wisdm-dataset.zip --steps 1000 --seeds 0 1 2

Stopped, it goes on where it ended when started again. Test subjects are set
aside and not looked at.
"""

import argparse

import keras_relcon as kr


def main():
    args = parse_args()
    recordings = kr.data.load_recordings(args.data, args.sample_rate_hz)
    store = kr.data.WindowStore.from_recordings(recordings)
    folds = kr.evaluation.held_out(store.subjects, validation_fraction=0.4)
    results = kr.tuning.run_ablation(
        kr.tuning.AblationHyperModel(
            store.select_subjects(folds[0].train),
            store.windows(stride=256),
            folds,
            cache_dir=f"{args.output}/cache",
            arms=args.arms,
            seeds=args.seeds,
            base={"temperature": 0.1, "num_candidates": args.num_candidates},
            encoder=kr.layers.ResNet1D34 if args.large else small_encoder,
            batch_size=args.batch_size,
            steps_per_epoch=min(args.steps, 100),
            epochs=-(-args.steps // 100),
            distance_epochs=args.distance_epochs,
            distance_windows=args.distance_windows,
        ),
        directory=f"{args.output}/search",
        verbose=1,
    )
    if results is not None:  # a worker of a distributed search has none
        results.save(args.output)
        print(results.to_markdown())


def small_encoder():
    return kr.layers.ResNet1D34(widths=(32, 64, 128, 256), strides=(1, 2, 2, 2))


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", help="<subject>/<name>.csv files, or a zip")
    parser.add_argument("--output", default="ablation")
    parser.add_argument("--sample-rate-hz", type=float)
    table = [*kr.tuning.TABLE_5, *kr.tuning.TABLE_6[1:]]
    parser.add_argument("--arms", nargs="+", default=table)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument("--distance-epochs", type=int, default=3)
    parser.add_argument("--distance-windows", type=int, default=10000)
    parser.add_argument("--large", action="store_true", help="ResNet1D34")
    return parser.parse_args()


if __name__ == "__main__":
    main()
