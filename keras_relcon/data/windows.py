"""Cuts recordings into labelled windows of one rate and length."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from keras_relcon.checks import check_kind, check_number, check_whole, message
from keras_relcon.data.clock_time import has_clock
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.recording import Recording, is_missing, label_text
from keras_relcon.data.resampling import resample_arrays, resampled_rate
from keras_relcon.reprs import counted, described, duration, listed


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of equal length, and where each comes from.

    Args:
        acceleration: `(num_windows, window_length, 3)` float32, g, finite.
        subjects: `(num_windows,)` str.
        labels: `(num_windows,)` str, or `None`. Empty where there is none,
            also where `None` or NaN is given.
        recordings: `(num_windows,)` str. Recording ids.
        start_seconds: `(num_windows,)` float64, from the recording's start.
        valid: `(num_windows,)` bool. False where samples were missing; these
            samples are 0 in `acceleration`.
        sample_rate_hz: float.
        targets: dict of str to `(num_windows,)` float64, what a regression
            predicts, such as `{"stride_time_s": ...}`; NaN where there is no
            value. Defaults to none.
        start_times: `(num_windows,)` float64, Unix seconds of the start of
            each window, as of `Recording.start_time`. Defaults to NaN, no
            clock.
        time_zones: `(num_windows,)` str, as of `Recording.time_zone`.
            Defaults to `""`, unknown.

    Raises:
        ValueError: if there are not as many of each as windows.
    """

    acceleration: np.ndarray
    subjects: np.ndarray
    labels: np.ndarray | None
    recordings: np.ndarray
    start_seconds: np.ndarray
    valid: np.ndarray
    sample_rate_hz: float
    targets: dict[str, np.ndarray] = field(default_factory=dict)
    # `None` is replaced.
    start_times: np.ndarray = None  # type: ignore[assignment]
    time_zones: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        fill_clock(self)
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in ("sample_rate_hz", "targets"):
                value = None if value is None else np.asarray(value)
                object.__setattr__(self, each.name, value)
        object.__setattr__(self, "valid", self.valid.astype(bool))
        targets = {k: np.asarray(v) for k, v in self.targets.items()}
        object.__setattr__(self, "targets", targets)
        self._check_lengths()
        labels = self.labels
        if labels is not None and labels.dtype.kind in "Of":
            if any(map(is_missing, labels)):
                object.__setattr__(self, "labels", label_text(labels))

    def _check_lengths(self):
        """Raises a ValueError unless each window has one value of each."""
        columns = ("subjects", "labels", "recordings", "start_seconds", "valid")
        values = {name: getattr(self, name) for name in columns}
        for name, value in {**values, **self.targets}.items():
            if value is not None and value.shape != (len(self),):
                raise ValueError(
                    message(
                        f"`{name}` must have one value per window.",
                        f"shape {value.shape} for {len(self)} windows",
                        "Select windows with `select`.",
                    )
                )

    def __len__(self) -> int:
        return len(self.acceleration)

    def __repr__(self) -> str:
        labels = () if self.labels is None else np.unique(self.labels)
        length = self.acceleration.shape[1] / self.sample_rate_hz
        return described(
            self,
            f"{counted(len(self), 'window')} of {duration(length)} at "
            f"{self.sample_rate_hz:g} Hz",
            f"{np.sum(self.valid):,} valid",
            counted(len(np.unique(self.subjects)), "subject"),
            counted(len(np.unique(self.recordings)), "recording"),
            listed("labels", [name for name in labels if name]),
            listed("targets", list(self.targets)),
        )

    def select(self, mask_or_index: ArrayLike) -> Windows:
        """Returns the windows under a boolean mask or at integer indices.

        Args:
            mask_or_index: `(num_windows,)` bool, or `(any,)` int.

        Returns:
            `Windows`.

        Raises:
            ValueError: if a mask has another length.
        """
        index = np.atleast_1d(np.asarray(mask_or_index))
        if index.dtype == bool and index.shape != (len(self),):
            raise ValueError(
                "A mask must have one value per window. "
                f"Received: shape {index.shape} for {len(self)} windows. "
                "Make it from the same windows."
            )
        if index.size == 0:
            index = index.astype(int)
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["targets"] = {
            name: value[index] for name, value in self.targets.items()
        }
        return Windows(
            **{
                name: value[index] if isinstance(value, np.ndarray) else value
                for name, value in values.items()
            }
        )


def make_windows(
    recordings: Recording | Iterable[Recording],
    sample_rate_hz: float = 100,
    window_length: int = 256,
    stride: int = 128,
) -> Windows:
    """Cuts recordings into windows at samples 0, stride, 2 * stride, ...

    The label of a window is the most frequent label of its samples, the
    smallest one of a tie. Recordings shorter than a window are left out, with
    a warning.

    Args:
        recordings: `Recording` or list of them. With labels, or all without.
        sample_rate_hz: float. Rate of the windows. Defaults to `100`.
        window_length: int. Samples per window. Defaults to `256`.
        stride: int. Samples from one window's start to the next. Defaults to
            `128`.

    Returns:
        `Windows`, in the order of the recordings.

    Raises:
        TypeError: if an item is no `Recording`.
        ValueError: if the sizes are not positive, there is no recording, only
            some recordings have labels, or none is as long as a window.
    """
    recordings = as_recordings(recordings)
    check_window(sample_rate_hz, window_length)
    check_stride(stride)
    window_length, stride = int(window_length), int(stride)
    _check_labels(recordings)
    parts, num_short = [], 0
    for index, recording in enumerate(recordings):
        acceleration, labels = resample_arrays(recording, sample_rate_hz)
        if len(acceleration) < window_length:
            num_short += 1
            continue
        part = cut_windows(acceleration, labels, window_length, stride)
        num_windows = len(part["acceleration"])
        name = recording_name(recording, index)
        part["subjects"] = np.full(num_windows, recording.subject)
        part["recordings"] = np.full(num_windows, name)
        rate_hz = resampled_rate(recording.sample_rate_hz, sample_rate_hz)
        part["start_seconds"] = np.arange(num_windows) * (stride / rate_hz)
        part |= window_clock(recording, part["start_seconds"])
        parts.append(part)
    warn_if_short(num_short, len(recordings), window_length, sample_rate_hz)
    columns: dict[str, Any] = {
        key: np.concatenate([part[key] for part in parts]) for key in parts[0]
    }
    labels = columns.pop("labels", None)
    return Windows(
        labels=labels, sample_rate_hz=float(sample_rate_hz), **columns
    )


def as_recordings(
    recordings: Recording | Iterable[Recording],
) -> list[Recording]:
    """Returns a list of recordings, or raises on anything else."""
    if isinstance(recordings, Recording):
        recordings = [recordings]
    recordings = list(recordings)
    for recording in recordings:
        check_kind(
            "recordings",
            recording,
            Recording,
            "one `Recording` or a list of them",
            "Make a `Recording` of each signal first.",
        )
    if not recordings:
        raise ValueError(
            "`recordings` must hold at least one recording. Received: none. "
            "Check what was read."
        )
    return recordings


def check_window(sample_rate_hz, window_length):
    check_number(
        "sample_rate_hz",
        sample_rate_hz,
        above=0,
        advice="Pass samples per second.",
    )
    advice = "Multiply seconds by the rate."
    _check_samples("window_length", window_length, 2, advice)


def check_stride(stride):
    _check_samples("stride", stride, 1, "Use half a window, or a whole one.")


def _check_samples(name, value, least, advice):
    """A whole float passes too: it may be seconds times a rate."""
    if isinstance(value, (float, np.floating)) and value.is_integer():
        value = int(value)
    check_whole(name, value, least, advice)


def window_clock(recording, start_seconds):
    """When windows of a recording start, as of `Windows`.

    Args:
        recording: `Recording`.
        start_seconds: `(num_windows,)`, from its start.

    Returns:
        dict of `start_times` and `time_zones`.
    """
    begin = recording.start_time if has_clock(recording.start_time) else np.nan
    start_times = begin + np.asarray(start_seconds, dtype=np.float64)
    zones = np.full(start_times.shape, recording.time_zone or "")
    return {"start_times": start_times, "time_zones": zones}


def fill_clock(windows):
    """Gives `Windows`, or `Embeddings`, without a clock NaN and `""`.

    What stands for no clock is made anew where `dataclasses.replace` gave
    another number of windows.

    Raises:
        ValueError: if there are times of another number of windows.
    """
    count = len(windows)
    for name, none in (("start_times", np.nan), ("time_zones", "")):
        values = getattr(windows, name)
        if values is None or (len(values) != count and _is_none(values)):
            object.__setattr__(windows, name, np.full(count, none))
        elif len(values) != count:
            raise ValueError(
                message(
                    f"`{name}` must have one value per window.",
                    f"{len(values)} for {count} windows",
                    "Leave it out, or select windows with `select`.",
                )
            )


def _is_none(values):
    """Whether times or time zones say that there is no clock."""
    values = np.asarray(values)
    if values.dtype.kind == "f":
        return bool(np.isnan(values).all())
    return bool((values == "").all())


def recording_name(recording, index):
    return recording.recording_id or f"recording_{index}"


class NoWindow(ValueError):
    """Where recordings have no window that could be used."""


def warn_if_short(num_short, num_all, window_length, sample_rate_hz):
    """Warns of recordings shorter than a window; raises if all of them are."""
    if not num_short:
        return
    needed = window_length / sample_rate_hz
    if num_short == num_all:
        raise NoWindow(
            "At least one recording must be as long as a window: "
            f"{window_length} samples at {sample_rate_hz:g} Hz are "
            f"{needed:.2f} s. Received: {num_all} recordings, all shorter or "
            "with missing samples in between. Use longer ones, or a smaller "
            "`window_length`, which an encoder of a preset has fixed."
        )
    warnings.warn(
        f"{num_short} of {num_all} recordings are shorter than a window "
        f"({needed:.2f} s) and are left out.",
        stacklevel=3,
    )


def _check_labels(recordings):
    num_labelled = sum(r.labels is not None for r in recordings)
    if num_labelled not in (0, len(recordings)):
        raise ValueError(
            "Either every recording must have labels, or none. Received: "
            f"{num_labelled} of {len(recordings)} with labels. Window them "
            "apart, or leave out those without."
        )


def cut_windows(acceleration, labels, window_length, stride):
    """Cuts a signal that is long enough into `Windows`' columns.

    Args:
        acceleration: `(num_samples, 3)` float32, g.
        labels: `(num_samples,)` of str, `CodedLabels`, or `None`.
        window_length, stride: int, samples.

    Returns:
        dict of `acceleration`, `valid` and, with labels, `labels`.
    """
    view = sliding_window_view(acceleration, window_length, axis=0)
    # (num_windows, window_length, 3)
    windows = view[::stride].transpose(0, 2, 1).copy()
    is_finite = np.isfinite(windows)
    windows[~is_finite] = 0.0
    part = {"acceleration": windows, "valid": is_finite.all(axis=(1, 2))}
    if labels is not None:
        part["labels"] = _most_frequent(labels, window_length, stride)
    return part


def _most_frequent(labels, window_length, stride):
    num_windows = (len(labels) - window_length) // stride + 1
    if isinstance(labels, CodedLabels):
        names, codes = labels.names, labels.codes
    elif (labels == labels[0]).all():
        return np.full(num_windows, labels[0])
    else:
        names, codes = np.unique(labels, return_inverse=True)
    view = sliding_window_view(codes, window_length)[::stride]
    counts = np.stack(
        [np.sum(view == code, axis=1) for code in range(len(names))]
    )
    # argmax takes the first, and so the smallest, of equal counts.
    return names[np.argmax(counts, axis=0)]
