from pathlib import Path

from keras_relcon import data, estimators
from keras_relcon.cli.options import (
    add_folder_arguments,
    add_preset_argument,
    read_options,
)
from keras_relcon.estimators.motion_classifier import HEADS, SMOOTHING

NAME = "fit"
HELP = "fit a classifier on labelled recordings"
DESCRIPTION = """\
Fits a classifier on labelled recordings, scores it on people who are left out
in turn, then fits it on everybody and saves it. `predict` uses it.

DATA is a folder of recordings, such as <subject>/<name>.csv with the columns x,
y, z, label, and time if there is no fixed rate; a MotionSense zip or a WISDM
zip. Other files that `embed` reads are read too.

  keras-relcon fit study/ --labels labels.csv --output my_model
"""


def add_arguments(parser):
    parser.add_argument("data", metavar="DATA")
    add_preset_argument(parser)
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where the classifier is written",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a classifier there"
    )
    parser.add_argument(
        "--head",
        choices=HEADS,
        default="linear",
        help="a linear head, or the encoder trained too (linear)",
    )
    parser.add_argument(
        "--balanced",
        dest="class_weight",
        action="store_const",
        const="balanced",
        help="let all classes count alike (default: as they occur)",
    )
    parser.add_argument(
        "--no-smoothing",
        dest="smoothing",
        action="store_const",
        const=None,
        default=SMOOTHING[0],
        help="do not smooth predictions over time",
    )
    parser.add_argument(
        "--min-probability",
        type=float,
        default=0.5,
        metavar="P",
        help="windows below it are `unknown` (0.5)",
    )
    parser.add_argument(
        "--folds",
        type=int,
        default=5,
        help="folds of people for the score, 0 for none (5)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="deals people to folds (0)"
    )
    add_folder_arguments(parser)


def run(args):
    classifier = estimators.MotionClassifier(
        encoder=args.preset,
        output=args.readout,
        head=args.head,
        class_weight=args.class_weight,
        smoothing=args.smoothing,
        min_probability=args.min_probability,
        num_folds=args.folds,
        seed=args.seed,
    )
    classifier.check_output(args.output, args.overwrite)
    recordings = data.load_recordings(
        args.data,
        subject_pattern=args.subject_pattern,
        on_failure=args.on_failure,
        labels=args.labels,
        **read_options(args),
    )
    classifier.fit(recordings)
    if classifier.scores_ is not None:
        print(f"{classifier.scores_.table()}\n")
        print(classifier.scores_.sentence())
    else:
        print("There is no score: it takes labels of two people or more.")
    classifier.save(args.output, args.overwrite)
    print(f"written to {args.output}/")
    return 0
