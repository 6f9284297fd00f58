from keras_relcon import estimators
from keras_relcon.checks import message, some_of
from keras_relcon.cli.options import (
    add_folder_arguments,
    add_output_argument,
    add_overwrite_argument,
    add_preset_argument,
    labelled_recordings,
)
from keras_relcon.estimators.encoders import BEST_FIRST
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
  keras-relcon fit study/ --test other_people/ --output my_model
  keras-relcon fit walks/ --numbers --output speed

With --numbers the labels are numbers, such as 1.25, and a regression is fitted.
With --test it is scored on other people too, on whom nothing is fitted; what
`predict` says of a new person is by them. Choose nothing by that score.
"""


def add_arguments(parser):
    parser.add_argument("data", metavar="DATA")
    add_preset_argument(
        parser, f"the first of {', '.join(BEST_FIRST)} that it has"
    )
    add_output_argument(parser, "the classifier is written")
    add_overwrite_argument(parser, "a classifier there")
    parser.add_argument(
        "--numbers",
        action="store_true",
        help="the labels are numbers, such as a walking speed: fit a "
        "regression",
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
        "--test",
        metavar="DATA",
        help="labelled recordings of other people, to score it on in the end",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="deals people to folds (0)"
    )
    add_folder_arguments(parser)


def run(args, console):
    estimator = _regressor(args) if args.numbers else _classifier(args)
    estimator.check_output(args.output, args.overwrite)
    recordings = labelled_recordings(args)
    others = []
    if args.test is not None:
        others = labelled_recordings(args, args.test)
        _check_are_others(recordings, others)
    estimator.fit(recordings)
    estimator.save(args.output, args.overwrite)
    if others:
        estimator.evaluate(others)
        estimator.save(args.output, overwrite=True)
    found = [estimator.scores_, estimator.test_scores_]
    found = [scores for scores in found if scores is not None]
    if found:
        parts = [text for s in found for text in (s.table(), s.sentence())]
        console.result("\n\n".join(parts))
    else:
        why = "it takes labels of two people or more"
        if args.folds == 0:
            why = "--folds 0 asks for none"
        console.result(f"There is no score: {why}.")
    console.answer(
        scores=_as_dict(estimator.scores_),
        test_scores=_as_dict(estimator.test_scores_),
        sentence=found[-1].sentence() if found else None,
    )
    console.progress(f"written to {args.output}/")
    console.answer(output=str(args.output), kind=estimator.kind)
    return 0


def _check_are_others(recordings, others):
    """Raises a ValueError before the work, where a person is in both."""
    both = {r.subject for r in recordings} & {r.subject for r in others}
    if both:
        raise ValueError(
            message(
                "--test takes people who are not in DATA.",
                f"{some_of(sorted(map(repr, both)))} in both",
                "Take them out of one; where they are others of the same "
                "name, give them another.",
            )
        )


def _as_dict(scores):
    return None if scores is None else scores.to_dict()


def _shared(args):
    return {
        "encoder": args.preset,
        "output": args.readout,
        "num_folds": args.folds,
        "seed": args.seed,
        "verbose": False if args.quiet or args.json else "auto",
    }


def _classifier(args):
    given = {}
    if args.min_probability is not None:
        given["min_probability"] = args.min_probability
    return estimators.MotionClassifier(
        **_shared(args),
        head=args.head,
        class_weight=args.class_weight,
        smoothing=args.smoothing,
        **given,
    )


def _regressor(args):
    of_classes = {
        f"--head {args.head}": args.head != HEADS[0],
        "--balanced": args.class_weight is not None,
        "--no-smoothing": args.smoothing is None,
        "--min-probability": args.min_probability is not None,
    }
    given = [option for option, is_given in of_classes.items() if is_given]
    if given:
        raise ValueError(
            message(
                "--numbers fits a linear regression.",
                " and ".join(given),
                "Leave it out.",
            )
        )
    return estimators.MotionRegressor(**_shared(args))
