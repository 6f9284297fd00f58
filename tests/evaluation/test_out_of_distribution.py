import numpy as np
import pytest

from keras_relcon.evaluation.out_of_distribution import (
    amplitude_matched,
    motif_scores,
    neighbor_scores,
    norm_scores,
    out_of_distribution_auroc,
    std_scores,
)

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


class Euclidean:
    def distance(self, anchors, candidates):
        return ((anchors - candidates) ** 2).sum(axis=(1, 2))


def test_norm_score_is_minus_the_length(rng):
    embeddings = rng.normal(size=(7, 5))
    expected = [
        -(sum(v * v for v in row) ** 0.5) for row in embeddings.tolist()
    ]
    np.testing.assert_allclose(norm_scores(embeddings), expected)


def test_neighbor_score_is_the_mean_of_the_smallest_cosine_distances(rng):
    embeddings = rng.normal(size=(6, 4))
    bank = rng.normal(size=(9, 4))
    expected = []
    for row in embeddings:
        cosines = [
            row @ b / np.linalg.norm(row) / np.linalg.norm(b) for b in bank
        ]
        expected.append(np.mean(sorted(1 - c for c in cosines)[:3]))
    np.testing.assert_allclose(neighbor_scores(embeddings, bank, 3), expected)
    with pytest.raises(ValueError, match="between 1 and .* the bank, 9"):
        neighbor_scores(embeddings, bank, 10)


def test_motif_score_is_the_nearest_of_the_bank(rng):
    windows = rng.normal(size=(5, 8, 3)).astype("float32")
    bank = rng.normal(size=(4, 8, 3)).astype("float32")
    expected = [min(((w - b) ** 2).sum() for b in bank) for w in windows]
    scores = motif_scores(Euclidean(), windows, bank, batch_size=3)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_matching_takes_the_amplitude_away_and_keeps_the_mean(rng):
    large = 1 + rng.normal(0, 3, (200, 30, 3))
    small = rng.normal(0, 0.1, (300, 30, 3))
    matched = amplitude_matched(large, small)
    np.testing.assert_allclose(matched.mean(1), large.mean(1), atol=1e-5)
    assert set(np.round(std_scores(matched), 5)) <= set(
        np.round(std_scores(small), 5)
    )
    still = np.ones((2, 30, 3))
    np.testing.assert_array_equal(amplitude_matched(still, small), still)


def test_auroc_tells_far_windows_apart(make_encoder, rng):
    still = rng.normal([0, 0, 1], 0.05, (80, 64, 3)).astype("float32")
    moving = rng.normal([0, 0, 1], 2.0, (40, 64, 3)).astype("float32")
    areas = out_of_distribution_auroc(
        make_encoder(), still[:40], moving, still[40:], Euclidean()
    )
    assert areas.keys() == {
        "embedding_norm",
        "embedding_neighbors",
        "motif_distance",
        "window_std",
    }
    assert areas["window_std"] == areas["motif_distance"] == 1.0
    assert areas["embedding_neighbors"] > 0.9
    swapped = out_of_distribution_auroc(
        make_encoder(), moving, still[:40], still[40:]
    )
    assert swapped["window_std"] == 1.0  # the better direction
    assert swapped["embedding_norm"] == pytest.approx(
        1 - areas["embedding_norm"]
    )


def test_windows_from_one_source_are_at_chance(make_encoder, rng):
    windows = rng.normal(size=(900, 40, 3)).astype("float32")
    areas = out_of_distribution_auroc(
        make_encoder(), windows[:300], windows[300:600], windows[600:]
    )
    for name, area in areas.items():
        assert abs(area - 0.5) < 0.1, name


def test_what_is_no_windows_is_refused(make_encoder):
    good = np.zeros((3, 64, 3), "float32")
    with pytest.raises(ValueError, match="`bank` must be windows .*at least"):
        out_of_distribution_auroc(make_encoder(), good, good, good[:0])
    with pytest.raises(ValueError, match="`inside` must be windows"):
        out_of_distribution_auroc(make_encoder(), good[0], good, good)
    with pytest.raises(ValueError, match="`acceleration` must be windows"):
        motif_scores(None, good[:0], good)
    with pytest.raises(ValueError, match="`max_motif_bank` must be .* least"):
        out_of_distribution_auroc(
            make_encoder(), good, good, good, max_motif_bank=0
        )
