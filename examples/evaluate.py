"""Evaluates an encoder and its controls on a named benchmark.

python examples/evaluate.py table4_motionsense A_DeviceMotion_data.zip \
    --encoder my_preset --output report
python examples/evaluate.py wisdm_watch wisdm-dataset.zip --encoder ...
python examples/evaluate.py ipol_gait_stride_time_s ipol_gait.zip --encoder ...

Without --encoder only the controls are scored: an untrained encoder of the
released layout, and hand-made features. Results are kept in OUTPUT/cache: a run
that was stopped resumes, and a second run takes seconds.
"""

import argparse
from pathlib import Path

import keras_relcon as kr  # first: it chooses the backend

# isort: split
import keras

from keras_relcon import evaluation

TASKS = {
    "linear": (evaluation.LinearProbe, "table4"),
    "mlp": (evaluation.MLPProbe, "table3"),
    "finetune": (evaluation.FineTune, "table3"),
    "scratch": (evaluation.FromScratch, "table3"),
}


def main():
    args = parse_args()
    if args.encoder:
        encoder = {args.name: load_encoder(args.encoder)}
        controls = ("untrained", "handmade")
        if args.task == "scratch":  # its weights are not used
            encoder = {"from scratch": encoder[args.name]}
            controls = ("handmade",)
    else:
        untrained = evaluation.untrained_copy(released_layout(), args.seed)
        encoder = {"untrained encoder": untrained}
        controls = ("handmade",)
    task = None
    if args.task:
        task_class, preset = TASKS[args.task]
        settings = {} if args.task == "linear" else {"seed": args.seed}
        task = task_class.preset(preset, **settings)
    report = evaluation.run_benchmark(
        args.benchmark,
        args.data,
        encoder,
        task=task,
        standardize=False if args.in_g else None,
        variant=args.variant,
        label_fraction=args.label_fraction,
        controls=controls,
        seed=args.seed,
        cache_dir=args.output / "cache",
        progress=print,
    )
    report.save(args.output)
    print(report.table())
    print(f"written to {args.output}/report.html")


def load_encoder(name):
    """Loads a `.keras` file, or a preset by its directory or name."""
    if name.endswith(".keras"):
        return keras.saving.load_model(name)
    return kr.presets.from_preset(name)


def released_layout():
    """The encoder of the authors' released code."""
    return kr.layers.ResNet1D34(
        num_blocks=(3, 4, 6),
        widths=(64, 128, 256),
        kernel_sizes=(3, 4, 4),
        strides=(1, 1, 1),
    )


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("benchmark", choices=sorted(evaluation.BENCHMARKS))
    parser.add_argument("data", help="the archive, or TFDS's data_dir")
    parser.add_argument(
        "--encoder", help="a preset, its directory, or a .keras file"
    )
    parser.add_argument("--name", default="RelCon", help="name of the encoder")
    parser.add_argument("--task", choices=sorted(TASKS))
    parser.add_argument(
        "--in-g",
        action="store_true",
        help="do not scale the axes, even if the protocol does",
    )
    parser.add_argument(
        "--variant", choices=("corrected", "released"), default="corrected"
    )
    parser.add_argument("--label-fraction", type=float, default=1.0)
    parser.add_argument("--output", type=Path, default=Path("report"))
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
