"""Makes recordings of everyday motions, for examples and tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from keras_relcon.checks import check_number, check_whole
from keras_relcon.data.recording import Recording
from keras_relcon.data.resampling import resample

MODEL_RATE_HZ = 100  # the signals are made at this rate, then resampled


@dataclass(frozen=True)
class Motion:
    """What a watch on the wrist feels during one motion.

    Args:
        cadence_hz: `(low, high)`. Steps, turns or key strokes per second.
        vertical_g: float. Amplitude along gravity at the cadence.
        forward_g: float. Amplitude along the walk at the cadence.
        sideways_g: float. Amplitude across, at half the cadence.
        impact_g: float. Peak of the shock at each step.
        swing_deg: float. Arm swing, at half the cadence.
        pitch_deg: float. Mean pitch of the forearm: 0 is level.
        wander_deg: float. How far the forearm turns now and then.
        tremor_g: float. Irregular small movement.
    """

    cadence_hz: tuple[float, float]
    vertical_g: float = 0.0
    forward_g: float = 0.0
    sideways_g: float = 0.0
    impact_g: float = 0.0
    swing_deg: float = 0.0
    pitch_deg: float = 0.0
    wander_deg: float = 4.0
    tremor_g: float = 0.005


MOTIONS = {
    "walking": Motion((1.7, 2.1), 0.22, 0.13, 0.08, 0.18, 20, -66),
    "stairs_up": Motion((1.35, 1.75), 0.17, 0.16, 0.10, 0.05, 12, -52, 6),
    "stairs_down": Motion((1.75, 2.2), 0.26, 0.11, 0.09, 0.45, 10, -56, 6),
    "running": Motion((2.5, 3.0), 0.85, 0.35, 0.20, 0.70, 25, -15, 6),
    "cycling": Motion((1.0, 1.6), 0.05, 0.04, 0.04, 0.0, 2, -35, 5, 0.07),
    "sitting": Motion((0.2, 0.3), 0.003, 0.002, 0.0, 0.0, 0, -20, 5, 0.004),
    "standing": Motion((0.2, 0.4), 0.004, 0.004, 0.0, 0.0, 1, -68, 6, 0.008),
    "typing": Motion((3.0, 5.0), 0.012, 0.008, 0.01, 0.03, 0, 2, 4, 0.016),
}


def synthetic_recordings(
    num_subjects: int = 8,
    seconds_per_motion: float = 30,
    sample_rate_hz: float = 100,
    seed: int = 0,
    motions: Sequence[str] | None = None,
) -> list[Recording]:
    """Makes labelled recordings of a watch on the wrist.

    Each step is a few harmonics and a decaying shock, with a cadence that
    drifts and jitters; the arm swings and turns slowly in gravity. Subjects
    differ in cadence, strength, symmetry, posture and in how they wear the
    watch, so that motions of different subjects overlap.

    The signals look like motion; they are no model of it. Scores on them say
    that code works, not how well a method does.

    Args:
        num_subjects: int. Defaults to `8`.
        seconds_per_motion: float. Length of each recording. Defaults to `30`.
        sample_rate_hz: float. Defaults to `100`.
        seed: int. The same seed gives the same recordings. Defaults to `0`.
        motions: list of str. Some of `walking`, `stairs_up`, `stairs_down`,
            `running`, `cycling`, `sitting`, `standing`, `typing`. Defaults to
            all.

    Returns:
        list of `Recording`, one per subject and motion, in g. Subjects are
        `"s00"`, `"s01"`, ...; ids are `<subject>/<motion>`.

    Raises:
        ValueError: if a size or the rate is not positive, or a motion is
            unknown.

    Example:

    >>> recordings = synthetic_recordings(num_subjects=2, seed=1)
    >>> len(recordings)
    16
    """
    motions = list(MOTIONS) if motions is None else list(motions)
    check_whole("num_subjects", num_subjects, advice="Use 8.")
    check_number(
        "seconds_per_motion", seconds_per_motion, least=0.02, advice="Use 30."
    )
    unknown = sorted(set(motions) - set(MOTIONS))
    if unknown or not motions:
        raise ValueError(
            f"`motions` must be some of {list(MOTIONS)}. "
            f"Received: motions={unknown or '[]'}. Pass a list of these names."
        )
    num_samples = int(round(seconds_per_motion * MODEL_RATE_HZ))
    recordings = []
    for subject_index in range(num_subjects):
        subject = f"s{subject_index:02d}"
        style = _Style(np.random.default_rng([seed, subject_index]))
        for name in motions:
            # Keyed by the motion: leaving one out changes no other.
            key = [seed, subject_index, 1 + list(MOTIONS).index(name)]
            acceleration = _wear(
                MOTIONS[name], style, num_samples, np.random.default_rng(key)
            )
            recordings.append(
                Recording(
                    resample(acceleration, MODEL_RATE_HZ, sample_rate_hz),
                    sample_rate_hz=sample_rate_hz,
                    subject=subject,
                    labels=name,
                    recording_id=f"{subject}/{name}",
                )
            )
    return recordings


class _Style:
    """What stays the same in all motions of a subject."""

    def __init__(self, rng):
        self.cadence = rng.uniform(0.0, 1.0)  # place in a motion's range
        self.strength = np.exp(rng.normal(0.0, 0.22))
        self.impact = np.exp(rng.normal(0.0, 0.3))
        self.swing = np.exp(rng.normal(0.0, 0.3))
        self.asymmetry = rng.uniform(0.0, 0.3)
        self.phases = rng.uniform(-0.6, 0.6, size=(3, 3))
        self.harmonics = rng.uniform(0.1, 0.5, size=(3, 2))
        self.noise_g = rng.uniform(0.01, 0.02)
        # Roll about the arm, and a strap that is not quite straight.
        self.watch = Rotation.from_euler(
            "xyz", rng.normal(0.0, [18.0, 6.0, 9.0]), degrees=True
        )


def _wear(motion, style, num_samples, rng):
    """`(num_samples, 3)` acceleration of the watch, g."""
    phase = _phase(motion, style, num_samples, rng)
    body = _body_acceleration(motion, style, phase, rng)
    body[:, 2] += 1.0  # gravity
    half = phase / 2  # the arm swings once in two steps
    posture = rng.normal(0.0, [9.0, 10.0])
    swing = motion.swing_deg * style.swing
    pitch = motion.pitch_deg + posture[0] + swing * np.sin(half)
    pitch += motion.wander_deg * _slow(num_samples, 4.0, rng)
    roll = posture[1] + 0.3 * swing * np.cos(half)
    roll += motion.wander_deg * _slow(num_samples, 4.0, rng)
    arm = Rotation.from_euler("yx", np.stack([pitch, roll], 1), degrees=True)
    acceleration = (style.watch * arm).apply(body)
    noise = rng.normal(0.0, style.noise_g, size=acceleration.shape)
    return (acceleration + noise).astype(np.float32)


def _phase(motion, style, num_samples, rng):
    """`(num_samples,)` radians: 2 pi per step, drifting and jittering."""
    low, high = motion.cadence_hz
    place = np.clip(style.cadence + rng.normal(0.0, 0.15), 0.0, 1.0)
    cadence = low + place * (high - low)
    relative = 1.0 + 0.03 * _slow(num_samples, 5.0, rng)
    relative += 0.03 * _slow(num_samples, 0.5, rng)
    steps = np.cumsum(cadence * relative) / MODEL_RATE_HZ
    return 2 * np.pi * (steps + rng.uniform(0.0, 2.0))


def _body_acceleration(motion, style, phase, rng):
    """`(num_samples, 3)` forward, sideways, up; without gravity, g."""
    num_samples = len(phase)
    # Strength breathes, and every second step is weaker by the asymmetry.
    strength = style.strength * (1.0 + 0.12 * _slow(num_samples, 2.0, rng))
    uneven = 1.0 - style.asymmetry * 0.5 * (1.0 + np.sign(np.sin(phase / 2)))
    strength = strength * uneven
    axes = []
    for axis, (amplitude, rate) in enumerate(
        [
            (motion.forward_g, 1.0),
            (motion.sideways_g, 0.5),
            (motion.vertical_g, 1.0),
        ]
    ):
        angle = rate * phase + style.phases[axis, 0]
        wave = np.sin(angle)
        for k in range(2):
            wave += style.harmonics[axis, k] * np.sin(
                (k + 2) * angle + style.phases[axis, k + 1]
            )
        axes.append(amplitude * strength * wave)
    shock = _shock(phase) * motion.impact_g * style.impact * strength
    axes[2] += shock
    axes[0] -= 0.4 * shock
    tremor = rng.normal(size=(num_samples, 3))
    tremor = np.stack([_smooth(t, 0.03) for t in tremor.T], axis=1)
    return np.stack(axes, axis=1) + motion.tremor_g * style.impact * tremor


def _shock(phase):
    """A decaying oscillation of about 1 / 8 of a step after each step."""
    place = np.mod(phase / (2 * np.pi), 1.0)
    return np.exp(-place / 0.07) * np.cos(2 * np.pi * place / 0.16)


def _slow(num_samples, seconds, rng):
    """Smooth noise of unit spread that changes within `seconds`."""
    return _smooth(rng.normal(size=num_samples), seconds)


def _smooth(noise, seconds):
    """Low-pass by a Gaussian in the spectrum, then unit spread, zero mean."""
    frequency = np.fft.rfftfreq(len(noise), 1.0 / MODEL_RATE_HZ)
    spectrum = np.fft.rfft(noise) * np.exp(
        -0.5 * (frequency * seconds * 3) ** 2
    )
    spectrum[0] = 0.0
    smooth = np.fft.irfft(spectrum, n=len(noise))
    return smooth / max(smooth.std(), 1e-12)
