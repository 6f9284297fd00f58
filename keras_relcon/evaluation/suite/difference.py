"""How much better one row of scores is than another."""

import dataclasses

from keras_relcon.evaluation.report.paired_difference import paired_difference
from keras_relcon.evaluation.suite.scores import interval


@dataclasses.dataclass(frozen=True)
class SuiteDifference:
    """How much better one row is than another, with 95 % intervals.

    Attributes:
        mean: float. Difference of the mean macro-F1 over sets.
        low, high: float. Its interval: people are drawn with replacement
            within each set, 2,000 times, and the macro-F1 of every set is
            computed anew from the windows of those drawn.
        people_mean: float. Mean over all people of all sets of the difference
            of their own macro-F1 (over the classes that are among a person's
            labels or predictions). A person of several sets counts once, with
            the mean of them.
        people_low, people_high: float. Student's interval of `people_mean`,
            by `paired_difference`.
        num_people: int.
    """

    mean: float
    low: float
    high: float
    people_mean: float
    people_low: float
    people_high: float
    num_people: int


def difference_of(scores, resampled, of_people):
    """How much better the first of two rows is than the second.

    Args:
        scores: two floats.
        resampled: two arrays `(resamples,)`, as of `resampled_means`.
        of_people: two arrays `(people,)`, scores of the same people.

    Returns:
        `SuiteDifference`.
    """
    low, high = interval(resampled[0] - resampled[1])
    pooled = paired_difference(*of_people)
    return SuiteDifference(
        scores[0] - scores[1],
        low,
        high,
        pooled.mean,
        pooled.low,
        pooled.high,
        len(of_people[0]),
    )


def signed(difference):
    """A difference and its interval, in per cent."""
    low, high = 100 * difference.low, 100 * difference.high
    return f"{100 * difference.mean:+.1f} [{low:+.1f}, {high:+.1f}]"
