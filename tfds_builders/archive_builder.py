"""What the builders of datasets in one archive share."""

import tensorflow_datasets as tfds

from tfds_builders.archives import find_archive


class ArchiveBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Base of the builders whose data come as one archive, of one split.

    `ARCHIVES`, `URL` and `INNER` are the last arguments of `find_archive`;
    `_generate_examples` takes the path that it finds.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    ARCHIVES: tuple[str, ...]
    URL: str
    INNER: str | None = None

    def _split_generators(self, dl_manager):
        archive = find_archive(dl_manager, self.ARCHIVES, self.URL, self.INNER)
        return {"train": self._generate_examples(archive)}


def configs(**descriptions):
    """A configuration of each name, with its description."""
    return [
        tfds.core.BuilderConfig(name=name, description=description)
        for name, description in descriptions.items()
    ]
