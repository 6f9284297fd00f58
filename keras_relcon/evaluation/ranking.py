from typing import Any

import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_relcon.checks import message
from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.embed_windows import map_batches


def motif_distance_auc(
    distance: Any,
    windows: Windows,
    num_anchors: int = 64,
    num_candidates: int = 64,
    seed: int = 0,
    within_subject: bool = False,
    batch_size: int = 256,
) -> float:
    """Measures how well a distance ranks windows of the same activity nearer.

    For every anchor, half of the candidates have its label and half have
    another one. The score of the anchor is the probability that a candidate
    with its label is nearer than one with another label. It is averaged over
    anchors; 0.5 is chance, 1 is perfect. A candidate never overlaps its anchor
    in time. Anchors without candidates of both kinds are left out.

    Args:
        distance: object with `distance(anchors, candidates)`, such as
            `MotifDistance`, or a callable of the same form:
            `(pairs, time, 3)` twice, g, to `(pairs,)`.
        windows: `Windows`, labelled. Those that are invalid or have the label
            `""` are left out.
        num_anchors: int. Anchors to score. Defaults to `64`.
        num_candidates: int. Candidates per anchor. Defaults to `64`.
        seed: int. Draws anchors and candidates. Defaults to `0`.
        within_subject: bool. If `True`, candidates are windows of the
            anchor's own subject; if `False`, of other subjects. Defaults to
            `False`.
        batch_size: int. Pairs per call. Defaults to `256`.

    Returns:
        float in `[0, 1]`.

    Raises:
        ValueError: if no valid window has a label, a size is too small, no
            anchor has both kinds of candidates, or the distances are NaN or
            not one per pair.
    """
    labels = np.asarray("" if windows.labels is None else windows.labels)
    keep = np.asarray(windows.valid, bool) & (labels.astype(str) != "")
    if not keep.any():
        raise ValueError(
            message(
                "`windows` must be labelled.",
                f"{len(windows)} windows, none of them valid with a label",
                "Cut the windows from labelled recordings.",
            )
        )
    if num_anchors < 1 or num_candidates < 2:
        raise ValueError(
            "`num_anchors` must be at least 1 and `num_candidates` at least "
            f"2. Received: num_anchors={num_anchors}, "
            f"num_candidates={num_candidates}. Use 64 and 64."
        )
    windows = windows.select(keep)
    anchors, candidates = _draw_pairs(
        windows, num_anchors, num_candidates, seed, within_subject
    )
    pairs = np.stack([anchors, candidates], axis=1)
    signal = windows.acceleration
    distances = pair_distances(distance, signal, signal, pairs, batch_size)
    labels = np.asarray(windows.labels)
    same = labels[anchors] == labels[candidates]
    scores = [
        ranking_auc(distances[anchors == anchor], same[anchors == anchor])
        for anchor in np.unique(anchors)
    ]
    return float(np.mean(scores))


def ranking_auc(distances, same):
    """Probability that a `same` candidate is nearer; a tie counts as half.

    Args:
        distances: `(candidates,)`. Any unit: only the order counts.
        same: `(candidates,)` bool. Must contain both values.

    Returns:
        float in `[0, 1]`.

    Raises:
        ValueError: if all candidates are of one kind or a distance is NaN.
    """
    distances, same = np.asarray(distances), np.asarray(same, dtype=bool)
    if same.all() or not same.any() or np.isnan(distances).any():
        raise ValueError(
            "`same` must have both values and `distances` no NaN. Received: "
            f"{int(same.sum())} of {same.size} candidates are the same, "
            f"{int(np.isnan(distances).sum())} distances are NaN. Leave out "
            "anchors with one kind of candidates."
        )
    others = np.sort(distances[~same])
    not_farther = np.searchsorted(others, distances[same], side="left")
    nearer_or_tied = np.searchsorted(others, distances[same], side="right")
    behind = len(others) - (not_farther + nearer_or_tied) / 2
    return float(np.mean(behind) / len(others))


def euclidean_distance(anchors: ArrayLike, candidates: ArrayLike) -> np.ndarray:
    """Sum of squared differences, a distance without training.

    Args:
        anchors: `(pairs, time, 3)`, g.
        candidates: `(pairs, time, 3)`, g.

    Returns:
        `(pairs,)`, g**2.
    """
    difference = np.asarray(anchors) - np.asarray(candidates)
    return np.sum(difference.astype("float64") ** 2, axis=(1, 2))


def _draw_pairs(windows, num_anchors, num_candidates, seed, within_subject):
    generator = np.random.default_rng(seed)
    labels, subjects = np.asarray(windows.labels), np.asarray(windows.subjects)
    anchors, candidates = [], []
    for anchor in generator.permutation(len(labels)):
        eligible = (subjects == subjects[anchor]) == bool(within_subject)
        eligible &= ~_overlaps(windows, anchor)
        same = labels == labels[anchor]
        near = np.flatnonzero(eligible & same)
        far = np.flatnonzero(eligible & ~same)
        if not len(near) or not len(far):
            continue
        half = num_candidates // 2
        for kind, count in ((near, half), (far, num_candidates - half)):
            count = min(count, len(kind))
            candidates.append(generator.choice(kind, count, replace=False))
            anchors.append(np.full(count, anchor))
        if len(anchors) == 2 * num_anchors:
            break
    if not anchors:
        raise ValueError(
            "At least one anchor needs candidates of its own label and of "
            f"another. Received: {len(labels)} windows, labels "
            f"{np.unique(labels).tolist()}, {len(np.unique(subjects))} "
            f"subjects, within_subject={within_subject}. Add windows, or "
            "switch `within_subject`."
        )
    return np.concatenate(anchors), np.concatenate(candidates)


def _overlaps(windows, anchor):
    # Windows side by side may be a little nearer: see `resampled_rate`.
    length = windows.acceleration.shape[1] - 0.5
    seconds = length / windows.sample_rate_hz
    apart = np.abs(windows.start_seconds - windows.start_seconds[anchor])
    same_recording = windows.recordings == windows.recordings[anchor]
    same_recording &= windows.subjects == windows.subjects[anchor]
    return same_recording & (apart < seconds)


def pair_distances(distance, anchors, candidates, pairs, batch_size):
    """Distances of pairs of windows.

    Args:
        distance: as of `motif_distance_auc`.
        anchors, candidates: `(windows, time, 3)`, g.
        pairs: `(pairs, 2)` int, a row of the anchors and one of the candidates.
        batch_size: int. Pairs per call.

    Returns:
        `(pairs,)`, of the distance's unit.

    Raises:
        ValueError: if `distance` gives not one number per pair.
    """
    function = getattr(distance, "distance", distance)

    def measure(rows):
        result = function(anchors[rows[:, 0]], candidates[rows[:, 1]])
        return ops.convert_to_numpy(result)

    distances = map_batches(measure, pairs, batch_size)
    if distances.shape != (len(pairs),):
        raise ValueError(
            "`distance` must return one number per pair. Received: shape "
            f"{distances.shape} for {len(pairs)} pairs. Sum over time and "
            "axes."
        )
    return distances
