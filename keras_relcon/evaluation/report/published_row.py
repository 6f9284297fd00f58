import dataclasses


@dataclasses.dataclass(frozen=True)
class PublishedRow:
    """Scores that a publication states; quoted, never measured here.

    Args:
        name: str. The method, as the publication calls it.
        metrics: dict of a metric of `Report` to `(mean, std)`, `std` being
            `None` where none is published. Fractions for classification;
            the unit of the target for a regression.
        source: str. Publication and table.
        protocol: str. How it was measured, in a sentence.
        note: str. What stands in the way of a comparison. Defaults to none.

    Raises:
        ValueError: if a metric is not a pair: a number, and a number or
            `None`.
    """

    name: str
    metrics: dict
    source: str
    protocol: str
    note: str = ""

    def __post_init__(self):
        for metric, value in self.metrics.items():
            if not _is_pair(value):
                raise ValueError(
                    "A published metric must be a pair (mean, std), with std "
                    f"None if it is not known. Received: {metric}={value!r} "
                    f"in {self.name!r}. Write ({value!r}, None)."
                )


def check_published(rows):
    """Returns the rows as a tuple, or raises a TypeError.

    Args:
        rows: sequence of `PublishedRow`.
    """
    rows = tuple(rows)
    for row in rows:
        if not isinstance(row, PublishedRow):
            raise TypeError(
                "`published` must be a sequence of `PublishedRow`. Received: "
                f"{row!r} in it. Make it with `published_rows(name)`."
            )
    return rows


def _is_pair(value):
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return False
    mean, std = value
    numbers = (int, float)
    return isinstance(mean, numbers) and (
        std is None or isinstance(std, numbers)
    )
