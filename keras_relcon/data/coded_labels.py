"""One label per sample, in one byte each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike


class CodedLabels:
    """Labels of the samples of a long recording, kept as numbers.

    It is read as an array of str would be: by index, slice or mask, by `==`,
    by NumPy functions. The text of a week at 100 Hz would take gigabytes; the
    numbers take 60 MB.

    Args:
        codes: `(num_samples,)` int. Index into `names`.
        names: `(num_names,)` str, sorted.

    Example:

    >>> labels = CodedLabels(np.array([1, 1, 0]), ["", "walk"])
    >>> labels.tolist()
    ['walk', 'walk', '']
    """

    def __init__(self, codes: ArrayLike, names: ArrayLike) -> None:
        self.names = np.asarray(names, dtype=str)
        kind = np.min_scalar_type(max(len(self.names) - 1, 0))
        self.codes = np.asarray(codes).astype(kind, copy=False)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.codes.shape

    @property
    def ndim(self) -> int:
        return self.codes.ndim

    @property
    def size(self) -> int:
        return self.codes.size

    @property
    def dtype(self) -> np.dtype:
        return self.names.dtype

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, key: Any) -> Any:
        return self.names[self.codes[key]]

    if TYPE_CHECKING:  # Python goes by `__getitem__`, type checkers do not.

        def __iter__(self) -> Iterator[str]: ...

    def __array__(
        self, dtype: Any = None, copy: bool | None = None
    ) -> np.ndarray:
        return np.asarray(self.names[self.codes], dtype)

    def __eq__(self, other):
        if isinstance(other, str):
            return (self.names == other)[self.codes]
        return np.asarray(self) == np.asarray(other)

    def __ne__(self, other):
        return ~(self == other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        names = self.names.tolist()
        return f"CodedLabels({len(self)} samples, names={names})"

    def tolist(self) -> list[str]:
        return self[:].tolist()

    def astype(self, dtype: Any) -> np.ndarray:
        return np.asarray(self, dtype)

    def take(self, rows: np.ndarray) -> CodedLabels:
        """The labels of some samples, kept in the same way."""
        return CodedLabels(self.codes[rows], self.names)
