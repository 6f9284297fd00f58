"""Fine-tunes a pretrained encoder on a benchmark, beside training from scratch.

python examples/finetune.py motionsense A_DeviceMotion_data.zip

An encoder that pretraining has not helped does no better than a fresh one.
"""

import argparse

import keras_relcon as kr


def main():
    args = parse_args()
    encoder = kr.presets.from_preset(args.preset)
    fresh = kr.presets.from_preset(args.preset, load_weights=False)
    report = kr.evaluation.run_benchmark(
        args.benchmark,
        args.data,
        {"pretrained": encoder, "from scratch": fresh},
        task=kr.evaluation.FineTune.preset("table3"),
    )
    print(report.table())
    report.save(args.output)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("benchmark", help="its name, such as motionsense")
    parser.add_argument("data", help="the archive of the benchmark")
    parser.add_argument("--preset", default="relcon_base")
    parser.add_argument("--output", default="report")
    return parser.parse_args()


if __name__ == "__main__":
    main()
