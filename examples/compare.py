"""Pretrains one encoder with RelCon and other methods, and compares them.

python examples/compare.py wisdm-dataset.zip A_DeviceMotion_data.zip

A linear probe scores them on the held-out subjects of WISDM and on MotionSense;
see `keras_relcon.recipes.compare_methods`. Finished parts are kept in OUTPUT,
so that a comparison that was stopped resumes.
"""

import argparse

from keras_relcon import recipes


def main():
    reports = recipes.compare_methods(**vars(parse_args()))
    for report in reports:
        print(report.table())
    for name in reports[0].representations:
        mean = sum(report.mean(name) for report in reports) / len(reports)
        print(f"{name}: {100 * mean:.2f}, mean macro-F1 of both")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wisdm", help="wisdm-dataset.zip")
    parser.add_argument("motionsense", help="A_DeviceMotion_data.zip")
    parser.add_argument("--output", default="comparison")
    methods = list(recipes.METHODS)
    parser.add_argument(
        "--methods", nargs="+", choices=methods, default=methods
    )
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch-size", type=int, default=32, help="anchors")
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
