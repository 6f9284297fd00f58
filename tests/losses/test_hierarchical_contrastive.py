"""The losses of TS2Vec against loops over rows, and known numbers."""

import math

import keras
import numpy as np
import pytest
from baselines.every_method import waves
from support import (
    gradients,
    in_one_program,
    numeric_gradient,
    to_numpy,
)

from keras_relcon.losses import (
    hierarchical_contrastive_loss,
    level_loss,
    resolution_losses,
)

pytestmark = pytest.mark.every_backend


def views(batch=3, time=8, dim=4):
    shape = batch, time, dim
    return waves(shape), waves(shape, 1.1, 0.2)


def pooled_by_loops(view, width):
    batch, time, dim = view.shape
    steps = max(time // width, 1)
    pooled = np.full((batch, steps, dim), -np.inf)
    for step in range(steps):
        for sample in range(step * width, min((step + 1) * width, time)):
            pooled[:, step] = np.maximum(pooled[:, step], view[:, sample])
    return pooled


def mean_row_loss_by_loops(first, second):
    """Rows of one group, `(row, dim)` each: the mean over all of both."""
    rows, count = [*first, *second], len(first)
    total = 0.0
    for i, row in enumerate(rows):
        others = [row @ rows[j] for j in range(2 * count) if j != i]
        most = max(others)
        log_sum = most + math.log(sum(math.exp(x - most) for x in others))
        total += log_sum - row @ rows[(i + count) % (2 * count)]
    return total / (2 * count)


def level_loss_by_loops(first, second, level, alpha=0.5):
    first = pooled_by_loops(np.float64(first), 2**level)
    second = pooled_by_loops(np.float64(second), 2**level)
    batch, steps, _ = first.shape
    instance = np.mean(
        [
            mean_row_loss_by_loops(first[:, t], second[:, t])
            for t in range(steps)
        ]
    )
    temporal = np.mean(
        [mean_row_loss_by_loops(first[b], second[b]) for b in range(batch)]
    )
    return alpha * instance + (1 - alpha) * temporal


def hierarchical_by_loops(first, second, alpha=0.5, include_length_one=True):
    losses, level = [], 0
    while first.shape[1] // 2**level >= (1 if include_length_one else 2):
        losses.append(level_loss_by_loops(first, second, level, alpha))
        level += 1
    return np.mean(losses)


def close(output, expected, atol=3e-6):
    np.testing.assert_allclose(output, expected, atol=atol)


def test_known_numbers_of_each_level():
    losses = in_one_program(
        lambda first, second: [
            *(level_loss(first, second, level) for level in range(4)),
            level_loss(first, second, alpha=1.0),
            level_loss(first, second, alpha=0.0),
            hierarchical_contrastive_loss(first, second),
        ],
        *views(),
    )
    numbers = [2.667000, 2.269235, 1.552463, 0.842445]
    close(losses, [*numbers, 1.956673, 3.377326, 1.832786])


def test_known_numbers_with_steps_that_are_left_over():
    first, second = (view[:, :7] for view in views())
    by_level, all_levels = in_one_program(
        lambda *pair: (
            resolution_losses(*pair),
            hierarchical_contrastive_loss(*pair),
        ),
        first,
        second,
    )
    close(by_level, [2.084058, 2.492434])
    close(all_levels, 1.805836)


@pytest.mark.parametrize("shape", [(3, 8, 4), (2, 7, 3), (1, 5, 2), (4, 1, 3)])
@pytest.mark.parametrize("alpha", [0.5, 0.2])
def test_losses_are_those_of_loops(rng, shape, alpha):
    first, second = rng.normal(size=(2, *shape))
    with_one = (True, False) if shape[1] > 1 else (True,)
    outputs = in_one_program(
        lambda *pair: [
            *(level_loss(*pair, level, alpha) for level in range(5)),
            *(hierarchical_contrastive_loss(*pair, alpha, x) for x in with_one),
        ],
        first,
        second,
    )
    pair = first, second
    expected = [
        *(level_loss_by_loops(*pair, level, alpha) for level in range(5)),
        *(hierarchical_by_loops(*pair, alpha, x) for x in with_one),
    ]
    close(outputs, expected, 1e-5)


def test_one_window_and_one_step_have_no_negatives(rng):
    first, second = rng.normal(size=(2, 1, 6, 3))
    losses = in_one_program(
        lambda *pair: [
            level_loss(*pair, alpha=1.0),
            level_loss(*pair, level=3, alpha=0.0),
        ],
        first,
        second,
    )
    close(losses, [0.0, 0.0])


def test_equal_rows_guess_among_all_others():
    first = np.ones((3, 4, 2))
    expected = (math.log(5) + math.log(7)) / 2
    close(to_numpy(level_loss(first, first)), expected, 1e-5)


def test_resolutions_are_counted_from_the_coarsest(rng):
    """Place k has between `2**(k + 1)` and `2**(k + 2) - 1` steps."""
    first, second = rng.normal(size=(2, 2, 11, 3))
    for length, levels in ((2, [0]), (6, [1, 0]), (11, [2, 1, 0])):
        pair = first[:, :length], second[:, :length]
        expected = [level_loss_by_loops(*pair, level) for level in levels]
        close(in_one_program(resolution_losses, *pair), expected)


def test_windows_in_another_order_and_views_swapped_change_nothing(rng):
    first, second = rng.normal(size=(2, 4, 6, 3))
    order = rng.permutation(4)
    expected, swapped, moved = (
        in_one_program(hierarchical_contrastive_loss, *pair)
        for pair in (
            (first, second),
            (second, first),
            (first[order], second[order]),
        )
    )
    close(swapped, expected)
    close(moved, expected)


def test_gradients_of_both_views_by_finite_differences(rng):
    first, second = rng.normal(size=(2, 2, 5, 3))
    by_first, by_second = gradients(
        hierarchical_contrastive_loss, [first, second]
    )
    expected = numeric_gradient(
        lambda x: hierarchical_by_loops(x, second), first
    )
    np.testing.assert_allclose(by_first, expected, atol=1e-5)
    expected = numeric_gradient(
        lambda x: hierarchical_by_loops(first, x), second
    )
    np.testing.assert_allclose(by_second, expected, atol=1e-5)


def test_half_precision_is_computed_in_float32(rng):
    first, second = np.float16(rng.normal(size=(2, 2, 4, 3)) * 30)
    loss = hierarchical_contrastive_loss(first, second)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    expected = hierarchical_by_loops(np.float64(first), np.float64(second))
    np.testing.assert_allclose(to_numpy(loss), expected, rtol=1e-5)


def test_wrong_arguments_are_explained():
    view = np.ones((2, 4, 3))
    with pytest.raises(ValueError, match="one shape, .batch, time, dim"):
        level_loss(view, np.ones((2, 5, 3)))
    with pytest.raises(ValueError, match="one shape, .batch, time, dim"):
        level_loss(view[0], view[0])
    with pytest.raises(ValueError, match="`alpha`.*at most 1"):
        level_loss(view, view, alpha=1.5)
    with pytest.raises(ValueError, match="`level` must be a whole number"):
        level_loss(view, view, level=-1)
    with pytest.raises(ValueError, match="2 steps or more.*1 step"):
        hierarchical_contrastive_loss(
            view[:, :1], view[:, :1], include_length_one=False
        )
