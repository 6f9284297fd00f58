"""Two transforms of Apache Beam."""

from typing import Any

from keras_relcon.cohort import EmbedFiles, FileWork, PredictFiles
from keras_relcon.cohort.processes import attempt
from keras_relcon.types import PathLike

try:
    import apache_beam as beam
except ImportError as error:
    raise ImportError(
        "keras_relcon.beam needs `apache-beam`. Install it with "
        '`pip install "keras-relcon[beam]"`, or use `keras_relcon.cohort.run` '
        "on one machine."
    ) from error

DONE, FAILED = "done", "failed"


class _Files(beam.PTransform[Any, Any]):
    """Does something with each recording, wherever there is room."""

    def __init__(self, work: FileWork) -> None:
        super().__init__()
        self.work = work

    def expand(self, jobs: Any) -> Any:
        work = beam.ParDo(_Do(self.work)).with_outputs(FAILED, main=DONE)
        # A recording is hours of signal: spread them over the workers.
        return jobs | "Spread" >> beam.Reshuffle() | "Work" >> work


class _Do(beam.DoFn):
    def __init__(self, work):
        self.work = work

    def setup(self):
        self.work.prepare()

    def process(self, job):
        outcome = attempt(self.work, job)
        if isinstance(outcome, Exception):
            failure = {"file": str(job.file), "error": str(outcome)}
            yield beam.pvalue.TaggedOutput(FAILED, failure)
        else:
            yield from outcome.answers


class Embed(_Files):
    """Embeds each recording, and writes its embeddings as a file.

    Args:
        preset: str or path, as of `from_preset`.
        output: str or path. Folder of the embeddings.
        **settings: as of `cohort.EmbedFiles`.

    Input: a PCollection of `cohort.RecordingJob`, see `cohort.find_jobs`; each
    with a name of its own, for of two with one name one result is lost.

    Returns:
        two PCollections of dict, `done` and `failed`: what
        `cohort.EmbedFiles` answers of each file; and `file` and `error` of
        those that cannot be read. A second run passes over what is finished.

    Raises:
        ValueError: in the pipeline, if there is no such preset.

    Example:

    >>> jobs = keras_relcon.cohort.find_jobs("study/")
    >>> with apache_beam.Pipeline() as pipeline:
    ...     found = (
    ...         pipeline
    ...         | apache_beam.Create(jobs)
    ...         | keras_relcon.beam.Embed("relcon_small", "embeddings/")
    ...     )
    ...     found.failed | apache_beam.Map(print)
    """

    def __init__(
        self, preset: PathLike, output: PathLike, **settings: Any
    ) -> None:
        super().__init__(EmbedFiles(preset, output, **settings))


class Predict(_Files):
    """Tells what a person does in each recording, by a page and a table.

    Args:
        model: str or path, as of `estimators.load_estimator`.
        output: str or path. Folder of the answers.
        **settings: as of `cohort.PredictFiles`.

    Input: a PCollection of `cohort.RecordingJob`, see `cohort.find_jobs`; each
    with a name of its own, for of two with one name one result is lost.

    Returns:
        two PCollections of dict, `done` and `failed`: what
        `cohort.PredictFiles` answers of each recording; and `file` and `error`
        of the files that cannot be read. A second run passes over what is
        finished.

    Raises:
        ValueError: in the pipeline, if there is no such model.

    Example:

    >>> jobs = keras_relcon.cohort.find_jobs("study/")
    >>> with apache_beam.Pipeline() as pipeline:
    ...     found = (
    ...         pipeline
    ...         | apache_beam.Create(jobs)
    ...         | keras_relcon.beam.Predict("activities_wrist", "answers/")
    ...     )
    ...     found.done | apache_beam.Map(print)
    """

    def __init__(
        self, model: PathLike, output: PathLike, **settings: Any
    ) -> None:
        super().__init__(PredictFiles(model, output, **settings))
