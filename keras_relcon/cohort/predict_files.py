import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from keras_relcon import estimators
from keras_relcon.checks import message
from keras_relcon.cohort.answers import ANSWERS
from keras_relcon.cohort.file_work import (
    Done,
    FileWork,
    alone_at,
    check_is_free,
    file_state,
    made_otherwise,
)
from keras_relcon.cohort.jobs import RecordingJob
from keras_relcon.estimators.saved_estimator import directory_of
from keras_relcon.evaluation.report.run_facts import to_plain
from keras_relcon.kept_files import content_key, replacing
from keras_relcon.markup import csv_text
from keras_relcon.types import PathLike

ENDINGS = (".html", ".csv")  # of what is written of a recording
SUMMARY = "summary.csv"
# What was written of a file, and a key of what made it.
FINISHED = ".finished"


@dataclass
class PredictFiles(FileWork):
    """Tells what a person does in a recording; writes a page and a table.

    What is finished of a file of a folder is kept in `.finished/`, and passed
    over in a second run.

    Args:
        model: str or path, as of `estimators.load_estimator`.
        output: str or path. Folder of the answers.
        smoothing: bool. Whether predictions are smoothed over time. Defaults
            to `True`.
        overwrite: bool. Whether files that are there are replaced. Defaults to
            `False`.
        verbose: as of `embed`. Defaults to `False`.

    Call arguments:
        job: `RecordingJob`.

    Returns:
        `Done`, with an answer and a row of `summary.csv` for each recording.

    Raises:
        FileExistsError: if an answer would take the place of a recording, of
            another's answer, or of what is there and may not be replaced.
        ValueError, OSError, ImportError: as `load_estimator` and its `predict`.

    Example:

    >>> work = keras_relcon.cohort.PredictFiles("my_model", "answers/")
    >>> jobs = keras_relcon.cohort.find_jobs("study/")
    >>> work.reserve(jobs)
    >>> done = list(keras_relcon.cohort.run(work, jobs, workers=4))
    """

    model: PathLike
    output: PathLike
    smoothing: bool = True
    overwrite: bool = False
    verbose: bool | str = False
    # Files that no answer may replace: what they are, and whose they are.
    _taken: dict[str, tuple[str, str | None]] = field(
        default_factory=dict, init=False, repr=False
    )

    def reserve(self, jobs: Iterable[RecordingJob]) -> None:
        """Keeps the recordings and each one's answers from being replaced."""
        jobs = list(jobs)
        for job in jobs:
            what = f"the answer of {job.file}"
            for path in self._targets(job.name):
                self._taken[_at(path)] = what, job.name
        summary = Path(self.output) / SUMMARY
        self._taken[_at(summary)] = "the summary of all recordings", None
        for job in jobs:
            self._taken[_at(job.file)] = "a recording that is read", None

    @property
    def kind(self) -> str:
        """`"classifier"` or `"regressor"`."""
        self.prepare()
        return self._model[0].kind

    @property
    def score(self) -> str:
        """How well the model did on people left out, in a sentence."""
        self.prepare()
        return self._model[0].scores_.sentence()

    def _load(self):
        model = estimators.load_estimator(self.model)
        model.verbose = self.verbose
        if not self.smoothing:
            if model.kind != "classifier":
                raise ValueError(
                    message(
                        "`smoothing=False` is for classifiers.",
                        f"a {model.kind}, {str(self.model)!r}",
                        "Leave it out.",
                    )
                )
            model.smoothing = None
        digest = hashlib.sha256()
        for path in sorted(directory_of(self.model).rglob("*")):
            if path.is_file():
                digest.update(path.read_bytes())
        return model, content_key(digest.hexdigest(), self.smoothing)

    def _do(self, job):
        model, settings = self._model
        key = content_key(settings, file_state(job.file), job.options)
        before = self._finished(job, key)
        if before is not None:
            return before
        self._check_targets(self._targets(job.name), job)
        found = list(model.each_timeline(job.file, job.options))
        names = [job.name]
        if len(found) > 1:  # numbered as by `load_recordings`
            names = [f"{job.name}_{number}" for number in range(len(found))]
        targets = [self._targets(name) for name in names]
        for paths in targets:
            self._check_targets(paths, job)
        done = []
        for name, paths, timeline in zip(names, targets, found):
            for path in paths:
                with alone_at(path):
                    timeline.save(path)
            answer = ANSWERS[model.kind](job.file, name, paths, timeline)
            about = job.file if len(found) == 1 else f"{job.file}, {name}"
            line = f"{about}: {answer.words()}"
            facts, row = to_plain(answer.facts()), to_plain(answer.row())
            done.append((facts, line, row))
        answers, lines, rows = zip(*done)
        if job.is_in_folder:
            kept = {"key": key, "answers": answers, "rows": rows}
            path = self._kept(job)
            with alone_at(path), replacing(path) as temporary:
                text = json.dumps(kept, indent=1, allow_nan=False)
                temporary.write_text(text, encoding="utf-8")
        return Done(answers, lines, rows)

    def _finished(self, job, key):
        """What an earlier run has done with this file; `None` if nothing."""
        path = self._kept(job)
        if self.overwrite or not job.is_in_folder or not path.exists():
            return None
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            outputs = [Path(x) for a in kept["answers"] for x in a["outputs"]]
            is_same = kept["key"] == key
            answers, rows = tuple(kept["answers"]), tuple(kept["rows"])
        except (ValueError, KeyError, TypeError):
            return None  # damaged: as if it were not there
        if not all(each.is_file() for each in outputs):
            return None
        if not is_same:
            raise made_otherwise(outputs[0])
        return Done(
            answers,
            (f"{job.file}: finished before",),
            rows,
            finished_before=True,
        )

    def _kept(self, job):
        return Path(self.output) / FINISHED / f"{job.name}.json"

    def _targets(self, name):
        target = Path(self.output) / name
        return [target.with_name(target.name + ending) for ending in ENDINGS]

    def _check_targets(self, paths, job):
        for path in paths:
            what, owner = self._taken.get(_at(path), ("", job.name))
            if owner != job.name:
                raise FileExistsError(
                    f"{path} is {what}. Pass another `output`, or rename the "
                    "recording."
                )
            check_is_free(path, self.overwrite)


def write_summary(rows, path):
    """Writes a table with a row for each recording.

    Args:
        rows: list of dict, as of `Done.rows`.
        path: path.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    rows = [
        {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
        for row in rows
    ]
    with replacing(path) as temporary:
        temporary.write_text(csv_text(rows, names), "utf-8", newline="\n")


def _at(path):
    return str(Path(path).resolve())
