import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import message
from keras_relcon.evaluation.embed_windows import (
    check_acceleration,
    check_finite,
)

_PERCENTILES = (5, 25, 50, 75, 95)
_NUM_BANDS = 14
_POWER_FLOOR = 1e-8  # g**2: (0.1 mg)**2, below any accelerometer's noise
_CHUNK = 4096  # windows at a time, so memory stays bounded


def handmade_features(acceleration: ArrayLike) -> np.ndarray:
    """Describes each window by common statistics of the signal.

    They are the control that shows whether an encoder was worth training. For
    x, y, z and the magnitude they are: mean, standard deviation, the 5th, 25th,
    50th, 75th and 95th percentile, the mean absolute difference of successive
    samples, and the log power in bands up to the Nyquist frequency, whose
    edges grow geometrically. The three correlations between axes follow.

    Args:
        acceleration: `(windows, time, 3)`, g, with 16 samples or more.

    Returns:
        `(windows, features)` float32: g, the log of g**2 for the bands, no
        unit for the correlations. The number of features depends on `time`
        alone.

    Raises:
        ValueError: if the shape is another one, or a value is not finite.

    Example:
    >>> handmade_features(np.zeros((5, 200, 3))).shape
    (5, 87)
    """
    acceleration = np.asarray(acceleration)
    check_acceleration("acceleration", acceleration)
    if acceleration.shape[1] < 16:
        raise ValueError(
            message(
                "`acceleration` must have at least 16 samples in a window.",
                f"shape={acceleration.shape}",
                "Use longer windows.",
            )
        )
    check_finite(acceleration, "window", "Keep the valid windows only.")
    chunks = [
        _describe(acceleration[start : start + _CHUNK].astype("float64"))
        for start in range(0, len(acceleration), _CHUNK)
    ]
    return np.concatenate(chunks).astype("float32")


def _describe(axes):
    magnitude = np.linalg.norm(axes, axis=-1, keepdims=True)
    signals = np.concatenate([axes, magnitude], axis=-1)  # (n, time, 4)
    parts = [
        signals.mean(axis=1),
        signals.std(axis=1),
        *np.percentile(signals, _PERCENTILES, axis=1),
        np.abs(np.diff(signals, axis=1)).mean(axis=1),
        _log_band_power(signals),
        _axis_correlations(axes),
    ]
    return np.concatenate(parts, axis=1)


def _log_band_power(signals):
    num_samples = signals.shape[1]
    taper = np.hanning(num_samples)[None, :, None]
    centered = signals - signals.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centered * taper, axis=1)
    power = np.abs(spectrum) ** 2 / np.sum(taper**2) / num_samples  # g**2
    edges = np.geomspace(1, power.shape[1], _NUM_BANDS + 1)
    edges = np.unique(np.round(edges).astype(int))
    bands = np.add.reduceat(power, edges[:-1], axis=1)  # (n, bands, 4)
    return np.log(bands + _POWER_FLOOR).reshape(len(signals), -1)


def _axis_correlations(axes):
    centered = axes - axes.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.mean(centered**2, axis=1))  # (n, 3)
    pairs = ((0, 1), (0, 2), (1, 2))
    columns = []
    for first, second in pairs:
        covariance = np.mean(centered[..., first] * centered[..., second], 1)
        product = scale[:, first] * scale[:, second]
        columns.append(covariance / np.maximum(product, _POWER_FLOOR))
    return np.stack(columns, axis=1)
