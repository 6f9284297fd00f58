from pathlib import Path

import numpy as np

from keras_relcon import estimators
from keras_relcon.cli.messages import USER_ERRORS, report_error
from keras_relcon.cli.options import (
    add_read_arguments,
    add_subject_pattern,
    make_output_folder,
)
from keras_relcon.cli.recording_jobs import add_files_argument, recording_jobs
from keras_relcon.kept_files import replacing

NAME = "predict"
HELP = "tell what a person does: a page and a table per recording"
DESCRIPTION = """\
Tells what a person does in each window of a recording. Of walk.csv it writes
walk.html, a page to read, and walk.csv, a table with one row per window; of all
recordings summary.csv, minutes of each class.

The model is a directory that `fit` wrote. Without --model it is
activities_wrist, which comes with the package: everyday activities of a device
at the wrist. Of a folder every file that can be read is predicted, as by
`embed`.

  keras-relcon predict monday.cwa
  keras-relcon predict new/ --model my_model --output answers/
"""
READY = "activities_wrist"
SUMMARY = "summary.csv"


def add_arguments(parser):
    add_files_argument(parser)
    parser.add_argument(
        "--model",
        default=READY,
        metavar="NAME",
        help=f"a directory that `fit` wrote (default: {READY})",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("answers"),
        metavar="FOLDER",
        help="where the answers are written (default: answers)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace existing answers"
    )
    parser.add_argument(
        "--no-smoothing",
        action="store_true",
        help="do not smooth predictions over time",
    )
    group = parser.add_argument_group("what is in the files")
    add_read_arguments(group)
    subject = group.add_mutually_exclusive_group()
    subject.add_argument(
        "--subject", help="who wore the device (default: the file's name)"
    )
    add_subject_pattern(subject)


def run(args):
    jobs = recording_jobs(args)
    classifier = estimators.MotionClassifier.load(args.model)
    if args.no_smoothing:
        classifier.smoothing = None
    if args.model == READY:
        print(f"model: {READY}, {classifier.scores_.sentence()}")
    make_output_folder(args.output)
    _check_is_free(args.output / SUMMARY, args)
    rows, failures = [], []
    for job in jobs:
        try:
            rows += _predict(args, classifier, job)
        except USER_ERRORS as error:
            if args.traceback:
                raise
            failures.append((job, error))
            print(f"{job.file}: failed", flush=True)
    if rows:
        _write_summary(rows, args.output / SUMMARY)
        print(f"written to {args.output}/")
    for job, error in failures:
        report_error(error, args, about=str(job.file))
    return 1 if failures else 0


def _predict(args, classifier, job):
    """Writes the answers of a file; returns its rows of the summary."""
    target = args.output / job.name
    paths = [target.with_name(target.name + e) for e in (".html", ".csv")]
    for path in paths:
        _check_is_free(path, args)
        if path.resolve() == job.file.resolve():
            raise FileExistsError(
                f"{path} is the recording itself. Pass another --output."
            )
    found = list(classifier.each_timeline(job.file, job.options))
    rows = []
    for number, timeline in enumerate(found, 1):
        name = job.name if len(found) == 1 else f"{job.name}_{number}"
        target = args.output / name
        target.parent.mkdir(parents=True, exist_ok=True)
        for ending in (".html", ".csv"):
            timeline.save(target.with_name(target.name + ending))
        rows.append(_summary(timeline, name))
        print(f"{job.file}: {_answer(timeline)}", flush=True)
    return rows


def _answer(timeline):
    minutes = timeline.minutes(by="recording").iloc[0]
    longest = minutes[minutes >= 0.05].sort_values(ascending=False)
    return ", ".join(f"{m:.1f} min {name}" for name, m in longest.items())


def _summary(timeline, name):
    times = timeline.table["start"]
    minutes = timeline.minutes(by="recording").iloc[0]
    return {
        "recording": name,
        "subject": timeline.subject,
        "start": times.iloc[0],
        "minutes": timeline.duration / 60,
        "mean probability": float(np.nanmean(timeline.probability))
        if timeline.worn.any()
        else np.nan,
        **{f"{state} (min)": value for state, value in minutes.items()},
    }


def _write_summary(rows, path):
    import pandas as pd

    table = pd.DataFrame(rows).round(4)
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def _check_is_free(path, args):
    if path.exists() and not args.overwrite:
        raise FileExistsError(
            f"{path} exists already. Pass --overwrite, or another --output."
        )
