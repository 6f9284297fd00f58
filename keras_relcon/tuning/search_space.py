"""The settings of a trial, declared to KerasTuner and checked before."""

import numbers

from keras_relcon.tuning.settings import CONDITIONS, DEFAULTS, complete


def declare(hp, space, base):
    """What a trial takes from a space; a setting switched off is left out.

    Args:
        hp: `keras_tuner.HyperParameters`.
        space: dict of setting to list or tuple, as of `RelConHyperModel`.
        base: dict of all settings.

    Returns:
        dict of setting to value.
    """
    chosen = {}
    # Parents before the settings that they switch on.
    for name in sorted(space, key=lambda name: name in CONDITIONS):
        parent, values = CONDITIONS.get(name, (None, ()))
        if parent in space:
            with hp.conditional_scope(parent, list(values)):
                value = _declare_one(hp, name, space[name], base[name])
            if chosen[parent] in values:
                chosen[name] = value
        elif parent is None or base[parent] in values:
            chosen[name] = _declare_one(hp, name, space[name], base[name])
    return chosen


def _declare_one(hp, name, values, base):
    if isinstance(values, tuple):
        low, high = values
        default = base if low <= base <= high else None
        kind = hp.Int if _is_whole(name) else hp.Float
        return kind(name, low, high, sampling="log", default=default)
    default = base if base in values else None
    return hp.Choice(name, list(values), default=default)


def check_space(space, base):
    """Raises a `ValueError` on an unknown setting or name, or no range."""
    for name, values in space.items():
        for value in values:
            complete(base, {name: value})
        if isinstance(values, tuple) and not _is_range(name, values):
            raise ValueError(
                "A tuple must be a range (low, high) of a setting that is a "
                "number, 0 < low <= high, whole where the setting is. "
                f"Received: {name}={values!r}. Use a list for values to "
                "choose from."
            )
        if not values:
            raise ValueError(
                "A space must be a list of values or a tuple (low, high). "
                f"Received: {name}={values!r}. Leave the setting out."
            )


def _is_range(name, values):
    if len(values) != 2:
        return False
    kind = numbers.Integral if _is_whole(name) else numbers.Real
    if not all(isinstance(x, kind) for x in (*values, DEFAULTS[name])):
        return False
    return 0 < values[0] <= values[1]


def _is_whole(name):
    return isinstance(DEFAULTS[name], int)
