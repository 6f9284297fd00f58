"""Pretrains one encoder with RelCon and other methods, and compares them.

python examples/compare.py examples/relcon_small.toml --data data

The config says which recordings train, and which encoder. Every method has the
same number of windows through the encoder. The sets to choose by, those of
`keras-relcon suite`, are read from the folder of `--data`. Several learning
rates are tried with few windows; then

python examples/compare.py examples/relcon_small.toml --data data \\
    --output trials --windows 150000 --learning-rates 3e-4 1e-3 3e-3
python examples/compare.py examples/relcon_small.toml --data data \\
    --best-of trials --seeds 0 1 2

trains each method with its best one; `--outputs embedding` scores no features,
which takes less time. What is finished is kept in OUTPUT, and a comparison that
was stopped goes on; see `keras_relcon.recipes.compare_methods`.
"""

import argparse

from keras_relcon import recipes


def main():
    arguments = vars(parse_args())
    data, trials = arguments.pop("data"), arguments.pop("best_of")
    outputs = arguments.pop("outputs")
    if trials is not None:
        scored = recipes.score_methods(
            trials, data, controls=(), outputs=outputs
        )
        arguments["learning_rates"] = recipes.best_learning_rates(scored)
    arguments["num_windows"] = arguments.pop("windows")
    recipes.compare_methods(**arguments)
    result = recipes.score_methods(arguments["output"], data, outputs=outputs)
    print(result.table())
    shown = "features" if outputs == ["features"] else "embedding"
    print(recipes.methods_table(result, shown))


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("config", help="a config of `keras-relcon pretrain`")
    parser.add_argument("--data", required=True, help="folder of the sets")
    parser.add_argument("--output", default="comparison")
    methods = list(recipes.METHODS)
    parser.add_argument(
        "--methods", nargs="+", choices=methods, default=methods
    )
    parser.add_argument("--windows", type=int, default=500_000)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument(
        "--learning-rates", nargs="+", type=float, default=[1e-3]
    )
    parser.add_argument("--best-of", metavar="TRIALS")
    parser.add_argument(
        "--outputs",
        nargs="+",
        choices=("embedding", "features"),
        help="what is scored; features take most of the time (both)",
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--max-minutes", type=float)
    return parser.parse_args()


if __name__ == "__main__":
    main()
