"""Whether windows are those that a preset was trained on."""

import warnings


def warn_of_other_windows(
    encoder, window_length, sample_rate_hz, what="scored", stacklevel=2
):
    """Warns where an encoder's preset was trained on other windows.

    Args:
        encoder: of `from_preset`; of anything else nothing is known.
        window_length: int. Samples in a window.
        sample_rate_hz: number.
        what: str. What is done with it. Defaults to `"scored"`.
        stacklevel: int. As of `warnings.warn`, counted from the caller.
    """
    preset = getattr(encoder, "preset_metadata", None)
    if preset is None:
        return
    trained_on = preset.window_length, preset.sample_rate_hz
    if trained_on != (window_length, sample_rate_hz):
        warnings.warn(
            f"The {preset.kind.replace('_', ' ')}'s preset was trained on "
            f"windows of {trained_on[0]} samples at {trained_on[1]:g} Hz, and "
            f"is {what} on "
            f"{window_length} at {sample_rate_hz:g} Hz. Unless a benchmark "
            "needs this, cut windows of the preset's size.",
            stacklevel=stacklevel,
        )
