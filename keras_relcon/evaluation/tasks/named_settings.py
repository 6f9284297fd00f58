import difflib


class NamedSettings:
    """Gives a task the class method `preset`.

    The task holds `presets`, a dict of name to constructor arguments.
    """

    presets = {}

    @classmethod
    def preset(cls, name, **overrides):
        """Makes the task with the arguments of a published protocol.

        Args:
            name: str. A key of `presets`.
            **overrides: constructor arguments that take the place of the
                preset's, or that it leaves open.

        Returns:
            The task, not fitted.

        Raises:
            ValueError: if there is no preset of that name.
        """
        if name not in cls.presets:
            known = sorted(cls.presets)
            nearest = difflib.get_close_matches(str(name), known, 1, cutoff=0)
            raise ValueError(
                f"`name` must be a preset of {cls.__name__}, one of {known}. "
                f"Received: name={name!r}. Did you mean {nearest[0]!r}?"
            )
        return cls(**{**cls.presets[name], **overrides})
