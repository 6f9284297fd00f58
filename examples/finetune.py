"""Fine-tunes a pretrained encoder on a benchmark, beside training from scratch.

python examples/finetune.py table4_motionsense A_DeviceMotion_data.zip

The untrained control is trained in the same way, from scratch. The difference
of the two scores is the effect of pretraining.
"""

import argparse

import keras_relcon as kr


def main():
    args = parse_args()
    encoder = kr.presets.from_preset(args.preset)
    report = kr.evaluation.run_benchmark(
        args.benchmark,
        args.data,
        {"pretrained": encoder},
        task=kr.evaluation.FineTune.preset("table3"),
        progress=print,
    )
    print(report.table())
    report.save(args.output)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "benchmark", help="its name, such as table4_motionsense"
    )
    parser.add_argument("data", help="the archive of the benchmark")
    parser.add_argument("--preset", default="relcon_small")
    parser.add_argument("--output", default="report")
    return parser.parse_args()


if __name__ == "__main__":
    main()
