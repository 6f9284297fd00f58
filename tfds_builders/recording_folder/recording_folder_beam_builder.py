"""Prepares your own recordings with Beam: a file at a time, on any runner."""

import functools

import tensorflow_datasets as tfds

from tfds_builders.beam import beam_examples
from tfds_builders.recording_folder import (
    recording_folder_dataset_builder as recording_folder,
)


class BeamBuilder(
    tfds.core.BeamBasedBuilder,
    recording_folder.Builder,
    skip_registration=True,
):
    """Writes what `Builder` writes, to the same place.

    Once prepared, the data are read by `tfds.load("recording_folder")`.
    """

    name = "recording_folder"

    def _build_pcollection(self, folder):
        members = recording_folder.list_files(folder)
        read = functools.partial(
            recording_folder.read_file,
            folder=str(folder),
            num_members=len(members),
            config=self.builder_config,
        )
        return beam_examples(members, read)
