from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_relcon import estimators
from keras_relcon.checks import message
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
from keras_relcon.markup import csv_text
from keras_relcon.reprs import duration
from keras_relcon.timeline.timeline_files import clock_texts

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
    if args.no_smoothing and model.kind != "classifier":
        raise ValueError(
            message(
                "--no-smoothing is for classifiers.",
                f"a {model.kind}, {args.model!r}",
                "Leave it out.",
            )
        )
    if args.no_smoothing:
        model.smoothing = None
    if args.model == READY:
        console.progress(f"model: {READY}, {model.scores_.sentence()}")
    make_output_folder(args.output)
    summary = args.output / SUMMARY
    _check_is_free(summary, args)
    # Files that no answer may replace, and what they are.
    taken = {job.file.resolve(): "a recording that is read" for job in jobs}
    taken[summary.resolve()] = "the summary of all recordings"
    console.answer(model=args.model, kind=model.kind, summary=None)
    found, num_failed = run_jobs(
        args,
        console,
        jobs,
        lambda job: _predict(args, console, model, job, taken),
    )
    answers = [answer for part in found for answer in part]
    console.answer(recordings=[facts for facts, _ in answers])
    if answers:
        _write_summary([row for _, row in answers], summary)
        console.progress(f"written to {args.output}/")
        console.answer(summary=str(summary))
    return 1 if num_failed else 0


def _predict(args, console, model, job, taken):
    """Writes the answers of a file.

    Returns:
        list of pairs, one for each recording: what the JSON object and
        `summary.csv` say of it.
    """
    _check_targets(args, _targets(args, job.name), taken)
    found = list(model.each_timeline(job.file, job.options))
    names = [job.name]
    if len(found) > 1:  # numbered as by `load_recordings`
        names = [f"{job.name}_{number}" for number in range(len(found))]
    targets = [_targets(args, name) for name in names]
    for paths in targets:
        _check_targets(args, paths, taken)
    answers = []
    for name, paths, timeline in zip(names, targets, found):
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        for path in paths:
            timeline.save(path)
            taken[path.resolve()] = f"the answer of {job.file}"
        answer = ANSWERS[model.kind](job.file, name, paths, timeline)
        about = job.file if len(found) == 1 else f"{job.file}, {name}"
        console.result(f"{about}: {answer.words()}")
        answers.append((answer.facts(), answer.row()))
    return answers


def _targets(args, name):
    target = args.output / name
    return [target.with_name(target.name + ending) for ending in ENDINGS]


def _check_targets(args, paths, taken):
    for path in paths:
        held = taken.get(path.resolve())
        if held is not None:
            raise FileExistsError(
                f"{path} is {held}. Pass another --output, or rename the "
                "recording."
            )
        _check_is_free(path, args)


@dataclass(frozen=True)
class Answer:
    """What was found in a recording.

    Attributes:
        file: `Path`, which was read.
        name: str, of the recording.
        paths: list of `Path`, which were written.
        timeline: `Timeline` or `NumberTimeline`.
    """

    file: Path
    name: str
    paths: list
    timeline: Any

    def facts(self):
        """For the JSON object."""
        (start,) = clock_texts(self.timeline.table["start"].iloc[:1])
        return {
            "file": str(self.file),
            "outputs": [str(path) for path in self.paths],
            "recording": self.name,
            "subject": self.timeline.subject,
            "start": start,
            "minutes": self.timeline.duration / 60,
        }

    def row(self):
        """Of `summary.csv`."""
        facts = self.facts()
        names = ("recording", "subject", "start", "minutes")
        return {name: facts[name] for name in names}


class ClassAnswer(Answer):
    """What a classifier found."""

    def facts(self):
        return {
            **super().facts(),
            "mean_probability": self._mean_probability(),
            "minutes_of": self._minutes().to_dict(),
        }

    def row(self):
        return {
            **super().row(),
            "mean probability": self._mean_probability(),
            **{f"{state} (min)": m for state, m in self._minutes().items()},
        }

    def words(self):
        seconds = 60 * self._minutes().sort_values(ascending=False)
        return ", ".join(
            f"{duration(each)} {name}"
            for name, each in seconds.items()
            if each >= 0.5
        )

    def _minutes(self):
        return self.timeline.minutes(by="recording").iloc[0]

    def _mean_probability(self):
        if not self.timeline.worn.any():
            return np.nan
        return float(np.nanmean(self.timeline.probability))


class NumberAnswer(Answer):
    """What a regression found."""

    def facts(self):
        whole = self._whole()
        return {
            **super().facts(),
            "mean": whole["mean"],
            "worn_minutes": whole["minutes"],
            "half_width": self.timeline.half_width,
        }

    def row(self):
        whole = self._whole()
        return {
            **super().row(),
            "mean": whole["mean"],
            "worn (min)": whole["minutes"],
        }

    def words(self):
        whole = self._whole()
        return f"mean {whole['mean']:.4g} in {duration(60 * whole['minutes'])}"

    def _whole(self):
        return self.timeline.means(by="recording").iloc[0]


ENDINGS = (".html", ".csv")  # of what is written of a recording
# By what the model is.
ANSWERS = {"classifier": ClassAnswer, "regressor": NumberAnswer}


def _write_summary(rows, path):
    names = list(dict.fromkeys(name for row in rows for name in row))
    rows = [
        {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
        for row in rows
    ]
    with replacing(path) as temporary:
        temporary.write_text(csv_text(rows, names), "utf-8", newline="\n")


def _check_is_free(path, args):
    if path.exists() and not args.overwrite:
        raise FileExistsError(
            f"{path} exists already. Pass --overwrite, or another --output."
        )
