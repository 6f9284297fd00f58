import warnings
from pathlib import Path

import numpy as np

from keras_relcon import data, evaluation
from keras_relcon.cli.options import (
    add_folder_arguments,
    add_output_argument,
    add_preset_argument,
    labelled_recordings,
    load_preset,
    make_output_folder,
)
from keras_relcon.estimators.encoders import name_of
from keras_relcon.evaluation.embed_input import expected_input
from keras_relcon.evaluation.report.plots.drawing import import_figure

# One to train on, one to choose by, and one to test.
MIN_SUBJECTS = 3

NAME = "probe"
HELP = "probe an encoder on labelled recordings"
DESCRIPTION = """\
Cuts labelled recordings into windows, embeds them with the frozen encoder,
and fits a linear probe. No subject is in two parts of a fold. An untrained
encoder and hand-made features are scored beside the encoder: compare its score
with theirs.

DATA is a MotionSense zip, a WISDM zip, or a folder of recordings, such as
<subject>/<name>.csv with the columns x, y, z, label, and time if there is no
fixed rate. Other files that `embed` reads are read too.

  keras-relcon probe recordings/ --folds 5 --output report/
"""


def add_arguments(parser):
    parser.add_argument("data", metavar="DATA")
    add_preset_argument(parser)
    add_output_argument(parser, "tables and plots are written", "report")
    parser.add_argument(
        "--folds", type=int, default=5, help="number of folds (5)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the untrained encoder (0)"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help="keeps embeddings and folds, so that a stopped run resumes",
    )
    add_folder_arguments(parser)


def run(args, console):
    recordings = labelled_recordings(args)
    encoder = load_preset(args)
    rate, length = expected_input(encoder)
    windows = data.make_windows(recordings, rate, length, stride=length)
    subjects = _probed_subjects(windows)
    folds = _folds(subjects, args.folds)
    source = Path(args.data)
    make_output_folder(args.output)
    figures = _can_draw()
    report = evaluation.cross_validate(
        evaluation.LinearProbe(),
        {name_of(args.preset): encoder},
        windows,
        folds,
        seed=args.seed,
        cache_dir=args.cache,
        progress=console.progress,
        source=source.stem if source.is_file() else None,
    )
    report.save(args.output, figures=figures)
    console.result(f"\n{report.table()}")
    console.progress(f"written to {args.output}/")
    console.answer(output=str(args.output), report=report.to_dict())
    return 0


def _folds(subjects, num_folds):
    """Folds with subjects to test, to choose by and to train on."""
    if len(subjects) < MIN_SUBJECTS:
        raise ValueError(
            f"There must be at least {MIN_SUBJECTS} subjects, to train on, "
            "to choose by and to test. "
            f"Received: {len(subjects)}. Add recordings of more subjects."
        )
    if not 2 <= num_folds <= len(subjects):
        raise ValueError(
            "--folds must be at least 2, and at most the number of subjects. "
            f"Received: {num_folds} folds for {len(subjects)} subjects. Use "
            "fewer folds, or recordings of more subjects."
        )
    try:
        return evaluation.grouped_k_fold(subjects, num_folds=num_folds)
    except ValueError as error:
        raise ValueError(
            "Each fold must have a subject to train on, beside those to test "
            f"and to choose by. Received: {num_folds} folds for "
            f"{len(subjects)} subjects. Use more folds."
        ) from error


def _probed_subjects(windows):
    """Subjects with a window that can be scored; warns about the others."""
    # Without any labels all pass, and `cross_validate` raises the error.
    is_usable = windows.valid & (windows.labels != "")
    subjects = np.unique(windows.select(is_usable).subjects)
    left_out = np.setdiff1d(windows.subjects, subjects)
    if len(left_out):
        warnings.warn(
            f"The subjects {left_out.tolist()} are left out, because they have "
            "no window that is labelled and without missing samples.",
            stacklevel=2,
        )
    return subjects


def _can_draw():
    """Whether there will be figures; warns before the work if not."""
    try:
        import_figure()
    except ImportError:
        warnings.warn(
            "The report will have no figures, because matplotlib is not "
            'installed. Install it with `pip install "keras-relcon[report]"`.',
            stacklevel=2,
        )
        return False
    return True
