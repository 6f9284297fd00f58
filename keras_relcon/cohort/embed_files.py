import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from keras_relcon import evaluation, presets
from keras_relcon.checks import check_one_of, check_whole
from keras_relcon.cohort.file_work import (
    Done,
    FileWork,
    alone_at,
    check_is_free,
    file_state,
    made_otherwise,
)
from keras_relcon.data.windows import check_stride
from keras_relcon.evaluation.embed_input import expected_input
from keras_relcon.evaluation.embeddings import FORMATS, saved_key
from keras_relcon.kept_files import content_key
from keras_relcon.types import PathLike

# What the encoder is made with.
POLICIES: dict[str, dict[str, str]] = {
    "float32": {},
    "bfloat16": {"dtype": "mixed_bfloat16"},
}


@dataclass
class EmbedFiles(FileWork):
    """Embeds a recording, and writes its embeddings as a file.

    `<name>.embeddings.npz` holds a key of what made it. Of a file of a folder
    it is passed over in a second run; one that was made otherwise is an error,
    unless it may be replaced.

    Args:
        preset: str or path, as of `from_preset`.
        output: str or path. Folder of the embeddings.
        readout: str. `output` of `from_preset`. Defaults to `"embedding"`.
        format: str. `"npz"` or `"parquet"`. Defaults to `"npz"`.
        stride: int or None. See `embed`. Defaults to `None`, no overlap.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        without_gravity: str. See `embed`. Defaults to `"error"`.
        precision: str. `"bfloat16"` computes the encoder in it, which is
            faster on TensorFlow where the processor or the GPU has it; the
            embeddings are float32 all the same. Defaults to `"float32"`.
        overwrite: bool. Whether files that are there are replaced. Defaults to
            `False`.
        verbose: as of `embed`. Defaults to `False`.

    Call arguments:
        job: `RecordingJob`.

    Returns:
        `Done`, whose answer has `file`, `output`, `finished_before`, and of
        new embeddings `windows` and `valid`, their numbers.

    Raises:
        FileExistsError: if the embeddings exist, and as said above.
        ValueError: if a setting is not as said above; and, with OSError and
            ImportError, as `from_preset` and `embed`.

    Example:

    >>> work = keras_relcon.cohort.EmbedFiles("relcon_small", "embeddings/")
    >>> jobs = keras_relcon.cohort.find_jobs("study/")
    >>> for job, done in keras_relcon.cohort.run(work, jobs, workers=4):
    ...     print(job.name, done)
    """

    preset: PathLike
    output: PathLike
    readout: str = "embedding"
    format: Literal["npz", "parquet"] = "npz"
    stride: int | None = None
    batch_size: int = 256
    without_gravity: Literal["error", "accept"] = "error"
    precision: Literal["float32", "bfloat16"] = "float32"
    overwrite: bool = False
    verbose: bool | Literal["auto"] = False

    def _load(self):
        check_one_of("precision", self.precision, list(POLICIES))
        check_one_of("format", self.format, [name[1:] for name in FORMATS])
        check_whole("batch_size", self.batch_size)
        if self.stride is not None:
            check_stride(self.stride)
        encoder = presets.from_preset(
            self.preset, output=self.readout, **POLICIES[self.precision]
        )
        settings = [self.stride, self.without_gravity]
        return encoder, content_key(encoder, settings, expected_input(encoder))

    def _do(self, job):
        encoder, settings = self._model
        key = content_key(settings, file_state(job.file), job.options)
        target = Path(self.output) / f"{job.name}.embeddings.{self.format}"
        facts = {"file": str(job.file), "output": str(target)}
        if target.exists() and not self.overwrite:
            if not job.is_in_folder:
                check_is_free(target, overwrite=False)
            if saved_key(target) != key:
                raise made_otherwise(target)
            return Done(
                ({**facts, "finished_before": True},),
                (f"{target}: finished before",),
                finished_before=True,
            )
        started = time.perf_counter()
        result = evaluation.embed(
            encoder,
            job.file,
            stride=self.stride,
            batch_size=self.batch_size,
            verbose=self.verbose,
            without_gravity=self.without_gravity,
            read_options=job.options,
        )
        with alone_at(target):
            result.save(target, key)
        counts = {"windows": len(result), "valid": int(result.valid.sum())}
        return Done(
            ({**facts, "finished_before": False, **counts},),
            (
                f"{target}: {counts['windows']} windows, {counts['valid']} "
                f"valid, {time.perf_counter() - started:.1f} s",
            ),
        )
