import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_relcon import estimators
from keras_relcon.checks import message
from keras_relcon.cohort.answers import ANSWERS
from keras_relcon.cohort.file_work import (
    FAILURES_TABLE,
    Done,
    FileWork,
    alone_at,
    check_is_free,
    check_is_own_table,
    file_state,
    made_otherwise,
)
from keras_relcon.cohort.jobs import RecordingJob
from keras_relcon.data.readers import written_tables
from keras_relcon.estimators.saved_estimator import directory_of
from keras_relcon.evaluation.report.run_facts import to_plain
from keras_relcon.kept_files import content_key, write_file
from keras_relcon.markup import csv_text
from keras_relcon.presets.preset_directory import CARD, OF_THE_SYSTEM
from keras_relcon.types import PathLike

ENDINGS = (".html", ".csv")  # of what is written of a recording
SUMMARY = "summary.csv"
# What was written of a file, and a key of what made it.
FINISHED = ".finished"


@dataclass
class PredictFiles(FileWork):
    """Tells what a person does in a recording; writes a page and a table.

    What is finished of a file of a folder is kept in `.finished/`, and passed
    over in a second run, also where the output was moved; what a killed run
    left unfinished is done again.

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
            another's answer, of a `.csv` that is no answer, or of what is
            there and may not be replaced.
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
        failures = Path(self.output) / FAILURES_TABLE
        self._taken[_at(failures)] = "the table of what failed", None
        for job in jobs:
            self._taken[_at(job.file)] = "a recording that is read", None

    @property
    def kind(self) -> str:
        """`"classifier"` or `"regressor"`."""
        self.prepare()
        return self._model[0].kind

    @property
    def score(self) -> str:
        """How well the model does on a new person, in a sentence."""
        self.prepare()
        return self._model[0].facts()["What to expect"]

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
            if path.is_file() and path.name not in (CARD, *OF_THE_SYSTEM):
                digest.update(path.read_bytes())
        return model, content_key(digest.hexdigest(), self.smoothing)

    def finished_rows(self) -> list[dict[str, Any]]:
        """Rows of all that this run and earlier ones have finished.

        Returns:
            list of dict, as of `Done.rows`. Of a note that is damaged, or
            whose answers are no longer there, none.
        """
        folder = Path(self.output) / FINISHED
        rows = []
        for path in folder.rglob("*.json"):
            kept = _read(path)
            if self._is_finished(kept):
                rows += kept["rows"]
        return rows

    def _do(self, job):
        model, settings = self._model
        key = content_key(settings, file_state(job.file), job.options)
        kept = _read(self._kept(job)) if job.is_in_folder else None
        if not self.overwrite and self._is_finished(kept):
            return self._finished(job, key, kept)
        own = ()
        if kept is not None and (kept["answers"] is None or kept["key"] == key):
            own = kept["recordings"]
        self._check_targets([job.name], job, own)
        found = list(model.each_timeline(job.file, job.options))
        names = [job.name]
        if len(found) > 1:  # numbered as by `read_recordings`
            numbers = [each.name.rsplit("_", 1)[1] for each in found]
            names = [f"{job.name}_{number}" for number in numbers]
        self._check_targets(names, job, own)
        # So that a second run knows what a killed one was writing.
        self._keep(job, key, names)
        done = []
        for name, timeline in zip(names, found):
            paths = self._targets(name)
            for path in paths:
                with alone_at(path):
                    timeline.save(path)
            answer = ANSWERS[model.kind](job.file, name, paths, timeline)
            about = job.file if len(found) == 1 else f"{job.file}, {name}"
            line = f"{about}: {answer.words()}"
            facts, row = to_plain(answer.facts()), to_plain(answer.row())
            done.append((facts, line, row))
        answers, lines, rows = zip(*done)
        self._keep(job, key, names, answers, rows)
        return Done(answers, lines, rows)

    def _keep(self, job, key, names, answers=None, rows=None):
        """Notes what is finished or, without answers, what is begun."""
        kept = {"key": key, "recordings": names}
        kept |= {"answers": answers, "rows": rows}
        path = self._kept(job)
        with alone_at(path):
            write_file(path, json.dumps(kept, indent=1, allow_nan=False))

    def _is_finished(self, kept):
        """Whether all that a note speaks of is there."""
        return (
            kept is not None
            and kept["answers"] is not None
            and all(
                path.is_file()
                for name in kept["recordings"]
                for path in self._targets(name)
            )
        )

    def _finished(self, job, key, kept):
        """What an earlier run has done with this file."""
        paths = [self._targets(name) for name in kept["recordings"]]
        if kept["key"] != key:
            raise made_otherwise(paths[0][0])
        answers = tuple(
            {**answer, "file": str(job.file), "outputs": [str(x) for x in each]}
            for answer, each in zip(kept["answers"], paths)
        )
        return Done(
            answers,
            (f"{job.file}: finished before",),
            tuple(kept["rows"]),
            finished_before=True,
        )

    def _kept(self, job):
        return Path(self.output) / FINISHED / f"{job.name}.json"

    def _targets(self, name):
        target = Path(self.output) / name
        return [target.with_name(target.name + ending) for ending in ENDINGS]

    def _check_targets(self, names, job, own):
        """Raises where the answers of a job may not be written.

        Args:
            names: list of str. Of the recordings.
            job: `RecordingJob`.
            own: sequence of str. Recordings whose answers are this job's.
        """
        for name in names:
            for path in self._targets(name):
                what, owner = self._taken.get(_at(path), ("", job.name))
                if _at(path) == _at(job.file):
                    what, owner = "a recording that is read", None
                if owner != job.name:
                    raise FileExistsError(
                        f"{path} is {what}. Pass another `output`, or rename "
                        "the recording."
                    )
                if name not in own:
                    check_is_free(path, self.overwrite)
                if path.suffix == ".csv":
                    check_is_own_table(
                        path, written_tables.ANSWERS, "of answers"
                    )


def _read(path):
    """The note of a file: what is finished or begun; `None` if damaged."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        answers, rows = kept["answers"], kept["rows"]
        names = kept.get("recordings")
        if names is None:  # of an earlier version
            names = [answer["recording"] for answer in answers]
        return {
            "key": kept["key"],
            "recordings": names,
            "answers": answers,
            "rows": rows,
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # as if it were not there


def write_summary(rows, path):
    """Writes a table with a row for each recording, to eight digits.

    Args:
        rows: list of dict, as of `Done.rows`.
        path: path.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    rows = [
        {
            k: float(f"{v:.8g}") if isinstance(v, float) else v
            for k, v in row.items()
        }
        for row in rows
    ]
    write_file(path, csv_text(rows, names))


def _at(path):
    return str(Path(path).resolve())
