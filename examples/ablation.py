"""Tables 5 and 6 of the paper on labelled recordings, by subject.

python examples/ablation.py wisdm-dataset.zip --steps 1000 --seeds 0 1 2

Stopped, it goes on where it ended when started again. A fifth of the subjects
is set aside for a test and never read.
"""

import argparse

import keras_relcon as kr


def main():
    args = parse_args()
    recordings = kr.data.load_recordings(args.data, args.sample_rate_hz)
    store = kr.data.WindowStore.from_recordings(recordings)
    folds = kr.evaluation.held_out(store.subjects, validation_fraction=0.4)
    hyper_model = kr.tuning.AblationHyperModel(
        store.select_subjects(folds[0].train),
        store.windows(stride=256),
        folds,
        cache_dir=f"{args.output}/cache",
        arms=args.arms,
        seeds=args.seeds,
        base={"temperature": 0.1, "num_candidates": args.num_candidates},
        batch_size=args.batch_size,
        steps_per_epoch=min(args.steps, 100),
        epochs=-(-args.steps // 100),
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
    arms = [*kr.tuning.TABLE_5, *kr.tuning.TABLE_6[1:]]
    parser.add_argument("--arms", nargs="+", default=arms)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument("--distance-windows", type=int, default=10000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
