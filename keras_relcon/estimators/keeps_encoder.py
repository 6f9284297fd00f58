"""Copies of an estimator and its encoder."""

from typing import Any, Self

import keras

ATTRIBUTES = ("encoder", "encoder_")


class KeepsEncoder:
    """Copies of an estimator know the preset of its encoder.

    A clone shares a model, which is read and never trained; Keras copies a
    model without the preset that it is of, and the rate of its windows.
    """

    encoder: Any

    def __sklearn_clone__(self) -> Self:
        copy = super().__sklearn_clone__()  # type: ignore[misc]
        copy.encoder = self.encoder
        return copy

    def __getstate__(self) -> dict[str, Any]:
        models = {name: getattr(self, name, None) for name in ATTRIBUTES}
        presets = {
            name: getattr(model, "preset_metadata", None)
            for name, model in models.items()
            if isinstance(model, keras.Model)
        }
        state: Any = super().__getstate__()
        return {**state, "_presets": presets}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        presets = state.pop("_presets", {})
        super().__setstate__(state)  # type: ignore[misc]
        for name, preset in presets.items():
            if preset is not None:
                getattr(self, name).preset_metadata = preset
