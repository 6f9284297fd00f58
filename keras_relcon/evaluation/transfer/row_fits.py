"""What is fitted on the labelled windows of a cell, for each row."""

import math

import numpy as np

from keras_relcon.evaluation.ridge import fit_ridge
from keras_relcon.evaluation.side_by_side_fits import each_fit
from keras_relcon.evaluation.tasks.fine_tune import FineTune
from keras_relcon.evaluation.tasks.from_scratch import FromScratch

TASKS = {"fine_tune": FineTune, "scratch": FromScratch}


def fit_direct(features, source, target, num_classes, seed):
    """Fits a head on the source, for both sides.

    Args:
        features: dict of `"source"` and `"target"` to `(windows, columns)`.
        source, target: `Side`.
        num_classes, seed: int.

    Returns:
        `(of_source, of_target)`, each `(1, people, true, predicted)` int.
    """
    rows = source.train
    head = fit_ridge(
        features["source"][rows], source.y[rows], source.subjects[rows], seed
    )
    return tuple(
        side.counts(head.predict(features[name][side.test]), num_classes)[None]
        for name, side in (("source", source), ("target", target))
    )


def fit_heads(features, target, columns, num_classes, num_draws, seed):
    """Fits a ridge classifier on frozen features, for each cell.

    Args:
        features: `(windows, columns)`, of all windows of the target.
        target: `Side`.
        columns: list of `Column`.
        num_classes, num_draws, seed: int.

    Returns:
        dict of name of column to `(draws, people, true, predicted)` int.
    """

    def fit(job):
        column, draw = job
        rows = column.rows(target.train, target.subjects, target.y, seed, draw)
        head = fit_ridge(
            features[rows], target.y[rows], target.subjects[rows], seed
        )
        predicted = head.predict(features[target.test])
        return column.name, target.counts(predicted, num_classes)

    jobs = [
        (column, draw)
        for column in columns
        for draw in range(
            1 if column.is_all(target.num_train_people) else num_draws
        )
    ]
    found: dict[str, list[np.ndarray]] = {each.name: [] for each in columns}
    for name, counts in each_fit(fit, jobs):
        found[name].append(counts)
    return {
        # All draws of everybody are one.
        name: np.stack(counts * (num_draws // len(counts)))
        for name, counts in found.items()
    }


def fit_networks(
    row, encoder, target, columns, num_classes, num_draws, seed, training
):
    """Trains the network of a row, for each cell.

    Args:
        row: str. `"fine_tune"` or `"scratch"`.
        encoder: `keras.Model`; copied.
        target, columns, num_classes, num_draws, seed: as in `fit_heads`.
        training: dict of `steps`, `batch_size` and `learning_rate`.

    Returns:
        dict of name of column to `(draws, people, true, predicted)` int.
    """
    windows = target.windows.acceleration
    found = {}
    for column in columns:
        draws = []
        for draw in range(num_draws):
            rows = column.rows(
                target.train, target.subjects, target.y, seed, draw
            )
            predicted = _train(
                row,
                encoder,
                windows[rows],
                target.y[rows],
                windows[target.test],
                # The same draw has the same order of windows in both rows.
                1000 * seed + draw,
                **training,
            )
            draws.append(target.counts(predicted, num_classes))
        found[column.name] = np.stack(draws)
    return found


def _train(row, encoder, x, y, test_x, seed, steps, batch_size, learning_rate):
    if len(np.unique(y)) == 1:  # nothing to tell apart
        return np.full(len(test_x), y[0])
    # As many steps in each cell, or few windows would be seen a few times.
    steps_per_epoch = math.ceil(len(x) / batch_size)
    task = TASKS[row](
        hidden=(),
        learning_rate=learning_rate,
        batch_size=batch_size,
        epochs=math.ceil(steps / steps_per_epoch),
        seed=seed,
    )
    return task.fit(x, y, encoder=encoder).predict(test_x)
