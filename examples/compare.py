"""Pretrains one encoder by RelCon and by its rivals, and compares them.

python examples/compare.py wisdm-dataset.zip A_DeviceMotion_data.zip

Every method trains the encoder of `relcon_small` from the same weights on the
subjects of pretraining of WISDM, for the same steps of as many windows; where a
distance ranks, it is that of the preset, trained on the same subjects. Then a
linear probe on the held-out subjects of WISDM, and on MotionSense in g. What is
done is kept in OUTPUT: a comparison that was stopped goes on.
"""

import argparse
import math
from pathlib import Path

import keras

import keras_relcon as kr
from keras_relcon import baselines, evaluation

TEMPERATURE = 0.1
METHODS = {
    "RelCon": lambda encoder, distance: kr.RelConModel(
        encoder, distance, TEMPERATURE
    ),
    "RelCon with views": lambda encoder, distance: kr.RelConModel(
        encoder,
        distance,
        TEMPERATURE,
        views=kr.models.AugmentedViews(
            projector=kr.models.mlp_projector((256, 128)), weight=4
        ),
    ),
    "REBAR": lambda encoder, distance: baselines.REBAR(
        encoder, distance, TEMPERATURE
    ),
    "SimCLR": lambda encoder, _: baselines.SimCLR(
        encoder, temperature=TEMPERATURE, seed=0
    ),
    "AugPred": lambda encoder, _: baselines.AugPred(encoder, seed=0),
}


def main():
    args = parse_args()
    recordings = kr.data.read_wisdm_watch(args.wisdm)
    store = kr.data.WindowStore.from_recordings(recordings)
    store = store.select_subjects(
        evaluation.wisdm_watch_pretraining_subjects(store.subjects)
    )
    encoders = {}
    for name in args.methods:
        size = f"{args.steps}x{args.batch_size}x{args.num_candidates}"
        path = args.output / f"{name}-{size}-{args.seed}.keras"
        if not path.exists():
            preset = kr.presets.from_preset("relcon_small", task="pretrain")
            encoder = evaluation.untrained_copy(preset.encoder, args.seed)
            pretrain(name, encoder, preset.motif_distance, store, args)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"part-{path.name}")
            encoder.save(part)
            part.rename(path)
        encoders[name] = keras.saving.load_model(path)
    reports = [
        evaluation.run_benchmark(
            benchmark,
            data,
            encoders,
            standardize=False,
            seed=args.seed,
            cache_dir=args.output / "cache",
            progress=print,
        )
        for benchmark, data in (
            ("wisdm_watch", args.wisdm),
            ("table4_motionsense", args.motionsense),
        )
    ]
    for report in reports:
        benchmark = report.settings["benchmark"]
        report.save(args.output / f"{benchmark}-{args.seed}")
        print(report.table())
    for name in reports[0].representations:
        mean = sum(report.mean(name) for report in reports) / len(reports)
        print(f"{name}: {100 * mean:.2f}, mean macro-F1 of both")


def pretrain(name, encoder, distance, store, args):
    """Trains `encoder` by a method, in place."""
    keras.utils.set_random_seed(args.seed)
    model = METHODS[name](encoder, distance)
    size = {"steps_per_epoch": math.gcd(args.steps, 100), "seed": args.seed}
    if isinstance(model, kr.RelConModel):
        batches = kr.data.CandidateGroups(
            store, args.batch_size, args.num_candidates, **size
        )
    else:
        num_windows = args.batch_size * (1 + args.num_candidates)
        # AugPred draws windows with movement more often, as it asks for.
        weighting = "activity" if name == "AugPred" else None
        batches = kr.data.WindowBatches(
            store, num_windows, weighting=weighting, **size
        )
    rate = keras.optimizers.schedules.CosineDecay(1e-3, args.steps)
    model.compile(optimizer=keras.optimizers.Adam(rate))
    epochs = args.steps // size["steps_per_epoch"]
    print(f"{name}, {args.steps} steps")
    model.fit(batches, epochs=epochs, shuffle=False, verbose=2)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wisdm", help="wisdm-dataset.zip")
    parser.add_argument("motionsense", help="A_DeviceMotion_data.zip")
    parser.add_argument("--output", type=Path, default=Path("comparison"))
    parser.add_argument(
        "--methods", nargs="+", choices=METHODS, default=list(METHODS)
    )
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch-size", type=int, default=32, help="anchors")
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
