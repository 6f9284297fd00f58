"""What a head is fitted on, and its controls: embeddings of the examples."""

import numpy as np

from keras_relcon.data.large_arrays import empty
from keras_relcon.estimators.encoders import name_of
from keras_relcon.estimators.examples import thin_rows
from keras_relcon.estimators.left_out import num_left_out_folds
from keras_relcon.evaluation.progress_bar import ProgressBar
from keras_relcon.evaluation.representations import make_representations

EMBEDDED_AT_A_TIME = 1024


class Fitting:
    """Embeds examples with the settings of an estimator.

    Args:
        settings: `MotionEstimator` with `encoder_`, which is `None` for rows
            that are embedded already.
        examples: `Examples`.
    """

    def __init__(self, settings, examples):
        self.settings = settings
        self.examples = examples
        self.name = settings.row_name
        self._columns = None

    @property
    def is_scored(self):
        """Whether there are people to leave out, and it is wanted."""
        settings = self.settings
        return settings.num_subjects_ not in (None, 1) and settings.num_folds

    def columns(self):
        """`(rows, columns)`, the embeddings; made once."""
        if not self.examples.are_windows:
            return self.examples.inputs
        if self._columns is None:
            encoder = self.settings.encoder_
            (represent,) = self._representations(encoder, ()).values()
            self._columns = self._embedded(represent, self.name)
        return self._columns

    def controls(self):
        """Yields the name and the columns of each control."""
        settings = self.settings
        if not self.examples.are_windows or not settings.controls:
            return
        found = self._representations(settings.encoder_, settings.controls)
        del found[self.name]
        for name, represent in found.items():
            yield name, self._embedded(represent, name)

    def fold_bar(self, name):
        """`ProgressBar` of the folds in which heads are fitted."""
        return ProgressBar(
            num_left_out_folds(self.examples.groups, self.settings.num_folds),
            self.settings.verbose,
            "fold",
            f"{name}: folds of people left out",
        )

    def thinned(self, rows, codes):
        """Of some rows those to fit on, and their people.

        Args:
            rows: `(any,)` int.
            codes: `(any,)` int, classes from 0 among which they are spread
                evenly; each has a row.

        Returns:
            `(rows, codes, people, weights)`, each `(kept,)`. With these
            weights, of mean 1, classes count as often as in all rows. People
            are `None` without groups, weights where all rows are kept.
        """
        groups = self.examples.groups
        people = None if groups is None else groups[rows]
        kept = thin_rows(codes, people, self.settings.max_windows)
        people = None if people is None else people[kept]
        weights = None
        if len(kept) < len(rows):
            shares = np.bincount(codes) / np.bincount(codes[kept])
            weights = shares[codes[kept]] * len(kept) / len(rows)
        return rows[kept], codes[kept], people, weights

    def _representations(self, encoder, controls):
        return make_representations(
            {name_of(self.settings.encoder): encoder},
            controls,
            self.settings.seed,
            self.settings.batch_size,
            self.examples.inputs.shape[1],
        )

    def _embedded(self, represent, name):
        """`(rows, columns)` float32, on disk if it is large."""
        windows, columns = self.examples.inputs, None
        title = f"{name}: {len(windows):,} windows"
        verbose = self.settings.verbose
        with ProgressBar(len(windows), verbose, title=title) as bar:
            for first in range(0, len(windows), EMBEDDED_AT_A_TIME):
                block = represent(windows[first : first + EMBEDDED_AT_A_TIME])
                if columns is None:
                    shape = len(windows), block.shape[1]
                    columns = empty(shape, "float32")
                columns[first : first + len(block)] = block
                bar.add(len(block))
        return columns
