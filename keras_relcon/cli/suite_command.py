import argparse
from pathlib import Path

from keras_relcon import evaluation
from keras_relcon.cli.options import add_output_argument, make_output_folder

NAME = "suite"
HELP = "score encoders and controls on many datasets"
DESCRIPTION = """\
Fits linear heads on the frozen outputs of each encoder, on the labels of 1, 3,
5 and all training people, and scores them on other people, in all datasets of
a role that are in the folder of the data. Beside each encoder stand untrained
and hand-made features and, where aeon is installed, MiniRocket.

PRESET is a preset of `keras-relcon presets`, a directory, or hf://user/repo.
Settings are chosen by the role `choose`. The role `test` is for finished
presets, once each: nothing may be chosen by it.

  keras-relcon suite relcon_small --data data/
  keras-relcon suite relcon_small ./mine --heads ridge --labelled 3 all

The output folder gets table.txt, scores.csv, differences.csv, people.csv and
suite.json.
"""


def add_arguments(parser):
    parser.add_argument("presets", nargs="+", metavar="PRESET")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("."),
        metavar="FOLDER",
        help="where the files of the datasets are (default: this folder)",
    )
    parser.add_argument(
        "--roles",
        nargs="+",
        default=["choose"],
        choices=("choose", "test"),
        help="which datasets are scored (choose)",
    )
    parser.add_argument(
        "--labelled",
        nargs="+",
        type=_people,
        default=[1, 3, 5, None],
        metavar="N",
        help="training people with labels: numbers, or all (1 3 5 all)",
    )
    parser.add_argument(
        "--heads",
        nargs="+",
        default=["ridge", "logistic"],
        choices=("ridge", "logistic"),
        help="linear heads (ridge logistic)",
    )
    parser.add_argument(
        "--outputs",
        nargs="+",
        metavar="OUTPUT",
        help="which outputs of the presets, such as embedding or features "
        "(default: all)",
    )
    parser.add_argument(
        "--rotations",
        type=int,
        default=0,
        metavar="N",
        help="score also N rotated copies of the test windows (0)",
    )
    parser.add_argument(
        "--protocol",
        default="suite",
        choices=("suite", "biopm"),
        help="how people are split (suite)",
    )
    parser.add_argument(
        "--window-length",
        type=int,
        default=256,
        metavar="SAMPLES",
        help="of a window, at 100 Hz (256)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of all draws (0)")
    add_output_argument(parser, "the tables are written", "suite")


def run(args, console):
    make_output_folder(args.output)
    result = evaluation.suite(
        args.presets,
        data=args.data,
        roles=args.roles,
        num_labelled=args.labelled,
        heads=args.heads,
        outputs=args.outputs,
        rotations=args.rotations,
        protocol=args.protocol,
        window_length=args.window_length,
        seed=args.seed,
        progress=console.progress,
    )
    result.save(args.output)
    console.result(f"\n{result.table()}\n")
    console.progress(f"written to {args.output}/")
    console.answer(output=str(args.output), **result.facts())
    return 0


def _people(text):
    if text == "all":
        return None
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number of people nor 'all'"
        )
    return int(text)
