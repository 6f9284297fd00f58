"""Orders of the candidates that `objectives.py` trains by."""

import numpy as np

# The activities of WISDM, as its watch names them; the names of its phone
# contain these words. Other labels of the corpus name protocols.
ACTIVITIES = (
    *("walking", "jogging", "stairs", "sitting", "standing", "typing"),
    *("teeth", "soup", "chips", "pasta", "drinking", "sandwich", "kicking"),
    *("catch", "dribbling", "writing", "clapping", "folding"),
)
UNKNOWN = -1


class EuclideanOrder:
    """Ranks by the mean squared difference of two windows, g**2."""

    def candidate_distances(self, anchors, candidates):
        windows = np.asarray(anchors, "float64").reshape(len(anchors), -1)
        squared = (windows**2).sum(1)
        distances = squared[:, None] + squared - 2 * windows @ windows.T
        return to_others(distances)


class RandomOrder:
    """Ranks at random, each group of windows always in the same way."""

    def candidate_distances(self, anchors, candidates):
        windows = np.asarray(anchors, "float64")
        seed = np.abs(windows.sum((1, 2)) * 1e6).astype("uint64")
        shape = len(windows), len(windows)
        return to_others(np.random.default_rng(seed).random(shape))


class LabelOrder:
    """Ranks windows of the anchor's activity first; of equal ones as `within`.

    Then come windows of which no activity is known, then those of another. An
    oracle, to see what a perfect distance could give; not for use.

    Args:
        groups: `CandidateGroups`, those to be ranked.
        within: what has `candidate_distances`.
    """

    def __init__(self, groups, within):
        self.within = within
        self._activity_at = activities(groups.store)
        self._activity_of = {}
        for index in range(len(groups)):
            starts = groups.draw(groups.epoch, index)
            middles = starts + groups.store.window_length // 2
            for window, middle in zip(groups.store.read(starts), middles):
                self._activity_of[window.tobytes()] = self._activity_at[middle]

    def candidate_distances(self, anchors, candidates):
        distances = np.asarray(
            self.within.candidate_distances(anchors, candidates)
        )
        order = distances.argsort(axis=1).argsort(axis=1) / distances.shape[1]
        activity = np.array(
            [self._activity_of[window.tobytes()] for window in anchors]
        )
        shape = len(activity), len(activity)
        other = to_others(np.broadcast_to(activity, shape))
        own = activity[:, None]
        step = np.where(other == own, 0, 2)
        step[(other == UNKNOWN) | (own == UNKNOWN)] = 1
        return step + order


def activities(store):
    """The place in `ACTIVITIES` at each sample of a store's signal."""
    pieces = {}
    for piece in store.pieces:
        pieces.setdefault((piece.subject, piece.recording), []).append(piece)
    size = max(piece.start + piece.num_samples for piece in store.pieces)
    found = np.full(size, UNKNOWN)
    for recording in store.recordings():
        key = recording.subject, recording.recording_id
        if recording.labels is None or key not in pieces:
            continue
        names, codes = np.unique(recording.labels, return_inverse=True)
        of_name = np.array([activity_of(name) for name in names])
        for piece in pieces[key]:
            begin = round(piece.start_seconds * piece.sample_rate_hz)
            part = codes[begin : begin + piece.num_samples]
            found[piece.start : piece.start + len(part)] = of_name[part]
    return found


def activity_of(label):
    words = label.lower().split("_")
    places = [ACTIVITIES.index(word) for word in words if word in ACTIVITIES]
    return places[0] if places else UNKNOWN


def to_others(distances):
    """In the order of `candidate_index`: from each row, the ones after it."""
    count = len(distances)
    rows, steps = np.arange(count)[:, None], np.arange(1, count)
    return np.take_along_axis(distances, (rows + steps) % count, axis=1)
