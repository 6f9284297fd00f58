import numpy as np

from keras_relcon import estimators
from keras_relcon.cli.options import (
    add_output_argument,
    add_overwrite_argument,
    add_read_arguments,
    add_subject_pattern,
    make_output_folder,
)
from keras_relcon.cli.recording_jobs import (
    add_files_argument,
    recording_jobs,
    run_jobs,
)
from keras_relcon.kept_files import replacing

NAME = "predict"
HELP = "tell what a person does: a page and a table per recording"
DESCRIPTION = """\
Tells what a person does in each window of a recording. Of walk.csv it writes
walk.html, a page to read, and walk.csv, a table with one row per window; of all
recordings summary.csv, minutes of each class.

The model is a directory that `fit` wrote; of one that tells numbers there is
the table alone, and summary.csv has the means. Without --model it is
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
    add_output_argument(parser, "the answers are written", "answers")
    add_overwrite_argument(parser, "existing answers")
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


def run(args, console):
    jobs = recording_jobs(args)
    model = estimators.load_estimator(args.model)
    model.verbose = False if args.quiet or args.json else "auto"
    if args.no_smoothing:
        model.smoothing = None
    if args.model == READY:
        console.progress(f"model: {READY}, {model.scores_.sentence()}")
    make_output_folder(args.output)
    summary = args.output / SUMMARY
    _check_is_free(summary, args)
    found, num_failed = run_jobs(
        args, console, jobs, lambda job: _predict(args, console, model, job)
    )
    rows = [row for part in found for row in part]
    console.answer(model=args.model, recordings=rows)
    if rows:
        _write_summary(rows, summary)
        console.progress(f"written to {args.output}/")
        console.answer(summary=str(summary))
    return 1 if num_failed else 0


def _predict(args, console, model, job):
    """Writes the answers of a file; returns its rows of the summary."""
    endings = ENDINGS[model.kind]
    target = args.output / job.name
    for path in [target.with_name(target.name + e) for e in endings]:
        _check_is_free(path, args)
        if path.resolve() == job.file.resolve():
            raise FileExistsError(
                f"{path} is the recording itself. Pass another --output."
            )
    found = list(model.each_timeline(job.file, job.options))
    rows = []
    for number, timeline in enumerate(found, 1):
        name = job.name if len(found) == 1 else f"{job.name}_{number}"
        target = args.output / name
        target.parent.mkdir(parents=True, exist_ok=True)
        for ending in endings:
            timeline.save(target.with_name(target.name + ending))
        summary, answer = SUMMARIES[model.kind](timeline)
        start = timeline.table["start"].iloc[0]
        rows.append(
            {
                "recording": name,
                "subject": timeline.subject,
                "start": start,
                "minutes": timeline.duration / 60,
                **summary,
            }
        )
        console.result(f"{job.file}: {answer}")
    return rows


def _minutes_of_classes(timeline):
    minutes = timeline.minutes(by="recording").iloc[0]
    longest = minutes[minutes >= 0.05].sort_values(ascending=False)
    mean = np.nan
    if timeline.worn.any():
        mean = float(np.nanmean(timeline.probability))
    summary = {
        "mean probability": mean,
        **{f"{state} (min)": value for state, value in minutes.items()},
    }
    answer = ", ".join(f"{m:.1f} min {name}" for name, m in longest.items())
    return summary, answer


def _mean_of_numbers(timeline):
    whole = timeline.means(by="recording").iloc[0]
    summary = {"mean": whole["mean"], "worn (min)": whole["minutes"]}
    return summary, f"mean {whole['mean']:.4g} in {whole['minutes']:.1f} min"


# By what the model is: what is written of a recording, and its summary.
ENDINGS = {"classifier": (".html", ".csv"), "regressor": (".csv",)}
SUMMARIES = {"classifier": _minutes_of_classes, "regressor": _mean_of_numbers}


def _write_summary(rows, path):
    import pandas as pd

    table = pd.DataFrame(rows)
    numbers = table.select_dtypes("float").columns
    table[numbers] = table[numbers].round(4)
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def _check_is_free(path, args):
    if path.exists() and not args.overwrite:
        raise FileExistsError(
            f"{path} exists already. Pass --overwrite, or another --output."
        )
