"""Scores of unfamiliarity: higher means less like the training data."""

import os
from typing import Any

import keras
import numpy as np

from keras_relcon.checks import check_whole, message
from keras_relcon.evaluation.embed_windows import (
    check_acceleration,
    embed_windows,
)
from keras_relcon.evaluation.ranking import pair_distances
from keras_relcon.evaluation.view_norms import (
    encoder_and_head,
    head_outputs,
    view_norm_scores,
)
from keras_relcon.models.chain import chain
from keras_relcon.presets.from_preset import encoder_and_projector
from keras_relcon.types import PathLike

NUM_VIEWS = 32  # of the released code of Le-Gia and Ahn


def norm_scores(embeddings):
    """Minus the l2-norm of the embedding.

    [Le-Gia and Ahn, 2023](https://arxiv.org/abs/2312.15288): contrastive
    training increases the norm of the features of its training data.

    Args:
        embeddings: `(windows, dim)`, not normalised.

    Returns:
        `(windows,)`, unitless.

    Differs from the paper: no augmented views are averaged, and it takes the
    head's output instead: see `view_norms`. RelCon's encoder sees raw
    acceleration, so the norm depends in part on the amplitude. Compare with
    `std_scores`, and on `amplitude_matched` windows.
    """
    return -np.linalg.norm(np.asarray(embeddings, "float64"), axis=-1)


def neighbor_scores(embeddings, bank, num_neighbors=5):
    """Mean cosine distance to the nearest embeddings of a bank.

    Args:
        embeddings: `(windows, dim)`.
        bank: `(bank_windows, dim)`. Embeddings of training windows.
        num_neighbors: int. Defaults to `5`.

    Returns:
        `(windows,)` in `[0, 2]`.

    Raises:
        ValueError: if the bank has fewer windows than `num_neighbors`.
    """
    from sklearn.neighbors import NearestNeighbors

    if not 1 <= num_neighbors <= len(bank):
        raise ValueError(
            message(
                "`num_neighbors` must be between 1 and the number of windows "
                f"in the bank, {len(bank)}.",
                {"num_neighbors": num_neighbors},
                "Use fewer neighbours or a larger bank.",
            )
        )
    nearest = NearestNeighbors(n_neighbors=num_neighbors, metric="cosine")
    distances, _ = nearest.fit(bank).kneighbors(embeddings)
    return distances.mean(axis=1)


def motif_scores(motif_distance, acceleration, bank, batch_size=256):
    """Smallest motif distance to a window of a bank.

    Args:
        motif_distance: `MotifDistance`, or an object with
            `distance(anchors, candidates)`.
        acceleration: `(windows, time, 3)`, g. The anchors.
        bank: `(bank_windows, time, 3)`, g. The candidates. Every window is
            compared with all of them, so a few dozen are enough.
        batch_size: int. Pairs per call. Defaults to `256`.

    Returns:
        `(windows,)`, g**2.

    Raises:
        ValueError: if one of the two has no window, or `batch_size` is below
            1.
    """
    check_acceleration("acceleration", acceleration)
    check_acceleration("bank", bank)
    num_windows, num_bank = len(acceleration), len(bank)
    pairs = np.indices((num_windows, num_bank)).reshape(2, -1).T
    distances = pair_distances(
        motif_distance, acceleration, bank, pairs, batch_size
    )
    return distances.reshape(num_windows, num_bank).min(axis=1)


def std_scores(acceleration):
    """Standard deviation of the window, a baseline without training.

    Args:
        acceleration: `(windows, time, 3)`, g.

    Returns:
        `(windows,)`, g: root of the mean variance over the three axes.
    """
    variance = np.asarray(acceleration, "float64").var(axis=1)
    return np.sqrt(variance.mean(axis=-1))


def amplitude_matched(
    acceleration: np.ndarray, reference: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Scales windows so that their standard deviation reveals nothing.

    Each window gets the standard deviation of a window that is drawn at random
    from the reference.

    Args:
        acceleration: `(windows, time, 3)`, g.
        reference: `(reference_windows, time, 3)`, g.
        seed: int. Defaults to `0`.

    Returns:
        `(windows, time, 3)` float32, g. Windows that do not move stay as
        they are.
    """
    generator = np.random.default_rng(seed)
    wanted = generator.choice(std_scores(reference), len(acceleration))
    present = std_scores(acceleration)
    factor = np.where(
        present > 0, wanted / np.where(present > 0, present, 1), 1
    )
    mean = acceleration.mean(axis=1, keepdims=True)
    matched = mean + (acceleration - mean) * factor[:, None, None]
    return matched.astype("float32")


def out_of_distribution_auroc(
    encoder: keras.Model | PathLike,
    inside: np.ndarray,
    outside: np.ndarray,
    bank: np.ndarray,
    motif_distance: Any = None,
    num_neighbors: int = 5,
    max_motif_bank: int = 64,
    seed: int = 0,
    batch_size: int = 256,
    num_views: int | None = None,
    views: keras.Layer | None = None,
) -> dict[str, float]:
    """Measures how well each score detects windows of another distribution.

    Args:
        encoder: `keras.Model` from `(batch, time, 3)`, g, to
            `(batch, dim)`; a `RelConModel` or a method of
            `keras_relcon.baselines`, with the head that it was trained with;
            or a preset, as of `from_preset`, with the head that it keeps.
        inside: `(windows, time, 3)`, g. Held-out windows of the training
            distribution.
        outside: `(windows, time, 3)`, g. Windows of another one.
        bank: `(windows, time, 3)`, g. Training windows.
        motif_distance: `MotifDistance` or `None`, for no such score. Defaults
            to `None`.
        num_neighbors: int. Nearest embeddings of the bank, whose mean cosine
            distance is a score. Defaults to `5`.
        max_motif_bank: int. Largest number of windows of the bank, drawn by
            `seed`, that the motif distance compares with. Defaults to `64`.
        seed: int. Defaults to `0`.
        batch_size: int. Windows, or pairs, per call. Defaults to `256`.
        num_views: int or `None`. Augmented views, beside the plain one, for
            the scores of `view_norm_scores`. Defaults to `None`: 32 if there
            is a head, else no such score.
        views: layer, or `None`. What makes them, see `head_outputs`. Defaults
            to `None`.

    Returns:
        dict of score to area under the ROC curve, in `[0, 1]`; 0.5 is
        chance. The scores are `embedding_norm`, `embedding_neighbors`,
        `motif_distance`, of the head's output (without one, of the embedding)
        `norm_of_mean_view`, `mean_squared_norm` and `squared_norm`, and the
        trivial `window_std`. The last is that of the better of its two
        directions, so it is never below 0.5.

    Raises:
        TypeError: if `encoder` is no model.
        ValueError: if one of the three is empty or not windows, a size is
            below 1, the bank has fewer windows than `num_neighbors`, or a
            window, a weight of the encoder or an embedding is not finite.
    """
    for name, part in (
        ("inside", inside),
        ("outside", outside),
        ("bank", bank),
    ):
        check_acceleration(name, part)
    check_whole("max_motif_bank", max_motif_bank, advice="Use 64.")
    if num_views is not None:
        check_whole("num_views", num_views, least=0)
    if isinstance(encoder, (str, os.PathLike)):
        encoder, head = encoder_and_projector(encoder)
        model = encoder if head is None else chain([encoder, head])
    else:
        model = encoder
        encoder, head = encoder_and_head(model)
    if num_views is None and head is not None:
        num_views = NUM_VIEWS
    windows = np.concatenate([inside, outside])
    is_outside = np.arange(len(windows)) >= len(inside)
    embeddings = embed_windows(encoder, windows, batch_size)
    bank_embeddings = embed_windows(encoder, bank, batch_size)
    scores = {
        "embedding_norm": norm_scores(embeddings),
        "embedding_neighbors": neighbor_scores(
            embeddings, bank_embeddings, num_neighbors
        ),
    }
    if motif_distance is not None:
        rows = np.random.default_rng(seed).permutation(len(bank))
        scores["motif_distance"] = motif_scores(
            motif_distance, windows, bank[rows[:max_motif_bank]], batch_size
        )
    if num_views is not None:
        outputs = head_outputs(
            model, windows, num_views, views, seed, batch_size
        )
        scores |= view_norm_scores(outputs)
    areas = {name: _area(is_outside, s) for name, s in scores.items()}
    trivial = _area(is_outside, std_scores(windows))
    return {**areas, "window_std": max(trivial, 1 - trivial)}


def _area(is_outside, scores):
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_outside, scores))
