"""Names for types that several modules use."""

import os
from typing import Any, Literal, TypeAlias

PathLike: TypeAlias = str | os.PathLike[str]
# Of the backend: Keras and the three backends have no common type.
Tensor: TypeAlias = Any
# Of a tensor: int, or `None` where any size fits.
Shape: TypeAlias = tuple[Any, ...]
# Of acceleration.
Unit: TypeAlias = Literal["g", "m/s2"]
