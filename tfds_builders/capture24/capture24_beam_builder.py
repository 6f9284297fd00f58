"""Prepares Capture-24 with Beam: a subject at a time, on any runner."""

import functools

import tensorflow_datasets as tfds

from tfds_builders.beam import beam_examples
from tfds_builders.capture24 import capture24_dataset_builder as capture24


class BeamBuilder(
    tfds.core.BeamBasedBuilder, capture24.Builder, skip_registration=True
):
    """Writes what `Builder` writes, to the same place.

    Once prepared, the data are read by `tfds.load("capture24")`.

    Example:

    >>> builder = BeamBuilder(config="willetts2018", data_dir=data_dir)
    >>> options = apache_beam.options.pipeline_options.PipelineOptions()
    >>> builder.download_and_prepare(
    ...     download_config=tfds.download.DownloadConfig(beam_options=options)
    ... )
    """

    name = "capture24"

    def _build_pcollection(self, archive):
        members = capture24.list_subjects(archive)
        read = functools.partial(
            capture24.read_subject,
            archive=str(archive),
            num_members=len(members),
            scheme=self.builder_config.name,
        )
        return beam_examples(members, read)
