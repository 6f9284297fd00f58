"""The base class of tasks, and arguments that several tasks share."""

import numbers
from typing import Any, Protocol, Self

import numpy as np

from keras_relcon.checks import check_list, check_number, message, nearest


class AnyTask(Protocol):
    """What is fitted on a fold: a `Task`, or any object with its methods."""

    def fit(self, *args: Any, **kwargs: Any) -> Any: ...

    def predict(self, x: Any) -> Any: ...


class Task:
    """Is fitted on some windows of a fold and predicts on the others.

    `cross_validate` accepts any object with these methods and attributes:

    - `fit(train_x, train_y, validation_x, validation_y)`, where the last two
      are for its choices, and `predict(x)`;
    - for a classification, `predict_proba(x)` and, after `fit`, `classes_`, the
      order of its columns;
    - `choice_`, what was chosen on the validation rows, if it is to be
      reported.

    Attributes:
        kind: `"classification"`; or `"regression"` of the target that the
            attribute `target` names.
        reads: `"embeddings"`; or `"windows"`, for a task that trains the
            encoder. `fit` then also gets `encoder=`, and the task has
            `embed(x)` and `for_features()`, the task for hand-made features.
        refits_on_validation: bool. Whether the final fit is on training and
            validation rows together.
        presets: dict of name to the constructor arguments of a publication.
    """

    kind = "classification"
    reads = "embeddings"
    refits_on_validation = False
    presets: dict[str, dict[str, Any]] = {}

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> Self:
        """Makes the task with the arguments of a publication.

        Args:
            name: str. A key of `presets`.
            **overrides: constructor arguments that replace those of the
                preset, or that it leaves open.

        Returns:
            The task, not fitted.

        Raises:
            ValueError: if there is no preset of that name.
        """
        if name not in cls.presets:
            known = sorted(cls.presets)
            raise ValueError(
                message(
                    f"`name` must be a preset of {cls.__name__}, one of "
                    f"{known}.",
                    {"name": name},
                    nearest(name, known, "Use one of these."),
                )
            )
        return cls(**{**cls.presets[name], **overrides})

    def _fitted(self, name):
        """Returns the attribute that `fit` sets, or raises."""
        from sklearn.exceptions import NotFittedError

        value = getattr(self, name, None)
        if value is None:
            raise NotFittedError(
                message(
                    f"`{type(self).__name__}` must be fitted to predict.",
                    "a task before `fit`",
                    "Call `fit(train_x, train_y)` first.",
                )
            )
        return value


def as_grid(name, values):
    """Returns the values to choose from as a tuple, or raises."""
    check_list(name, values, "Use (1.0,).")
    return tuple(values)


def as_penalties(alphas):
    """Returns the penalties to choose from as a tuple, or raises."""
    alphas = as_grid("alphas", alphas)
    for alpha in alphas:
        check_number(
            "alphas", alpha, least=0, advice="Use (0.0,) for no penalty."
        )
    return alphas


def hidden_widths(hidden):
    """Returns an int, a sequence of int, or `None` as a tuple of int."""
    if hidden is None:
        return ()
    widths = tuple(hidden) if np.iterable(hidden) else (hidden,)
    if not all(_is_width(width) for width in widths):
        raise ValueError(
            message(
                "`hidden` must be a number of units, a tuple of them, or () "
                "for no hidden layer.",
                {"hidden": hidden},
                "Use (512,).",
            )
        )
    return tuple(int(width) for width in widths)


def _is_width(value):
    is_whole = isinstance(value, numbers.Integral)
    return is_whole and not isinstance(value, bool) and value > 0
