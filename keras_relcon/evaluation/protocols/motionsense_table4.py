import numpy as np

from keras_relcon.evaluation.protocols.table4 import (
    cut_joined_rows,
    parse_folds,
)

# Order in which a subject's trials are joined. The released code uses the
# order of os.listdir, which is arbitrary.
TRIALS = (
    "dws_1",
    "dws_2",
    "dws_11",
    "ups_3",
    "ups_4",
    "ups_12",
    "wlk_7",
    "wlk_8",
    "wlk_15",
    "jog_9",
    "jog_16",
    "std_6",
    "std_14",
    "sit_5",
    "sit_13",
)
# train | validation | test, as the released code draws them
_FOLDS = (
    "4 15 22 24 11 20 2 5 7 6 21 16 23 8 13 | 10 3 18 14 | 9 17 1 19 12",
    "12 22 5 19 21 23 4 14 24 6 17 10 15 20 9 | 1 7 16 3 | 11 18 13 8 2",
    "12 20 5 17 19 22 3 13 23 6 16 11 14 18 9 | 1 8 15 2 | 4 10 7 24 21",
    "10 20 4 17 19 21 3 11 24 5 15 9 12 18 8 | 1 7 13 2 | 22 6 16 23 14",
    "11 8 14 6 23 21 17 4 12 24 7 16 10 13 18 9 | 1 22 19 2 | 5 15 3 20",
)


def motionsense_folds():
    """The five folds of MotionSense in Table 4 of the paper.

    Returns:
        list of `Fold` over the subjects "1" to "24"; each is tested once.

    Example:
    >>> keras_relcon.evaluation.motionsense_folds()[4].test
    ('5', '15', '3', '20')
    """
    return parse_folds(_FOLDS)


def motionsense_windows(recordings):
    """The windows of MotionSense in Table 4 of the paper.

    Each trial is converted from 50 to 100 Hz: after every sample the midpoint
    to the next one is inserted, and the last sample is repeated. The trials of
    a subject are joined in the order of `TRIALS` and cut into windows of 200
    samples without overlap, so a window may contain parts of two trials. Starts
    are strictly below `samples - 200`: the last full window is lost if the
    length is a multiple of 200. The label is the most frequent one; at a tie,
    that of the class that comes first in `TRIALS`.

    Args:
        recordings: list of `Recording` at 50 Hz, labelled, with a
            `recording_id` such as `"dws_1/sub_3"`.

    Returns:
        `Windows` `(windows, 200, 3)`, g, 100 Hz. `start_seconds` counts from
        the start of the subject's joined signal. `recordings` names the trial
        of most of the samples, such as `"dws_1/sub_3"`.

    Raises:
        ValueError: if there is no recording; if one has another rate, no
            labels or another recording id; if a subject has one trial twice;
            or if no subject has enough rows for a window.

    Differs from the released code: the signal is that of the archive
    `A_DeviceMotion_data.zip`, gravity and user acceleration added; that code
    reads `B_Accelerometer_data.zip`, the accelerometer itself. The order of
    trials is fixed. That code also cuts each trial to the length of the
    gyroscope file; in the DeviceMotion files the lengths are already equal.
    """
    by_subject = {}
    for recording in recordings:
        trial = _trial(recording)
        trials = by_subject.setdefault(str(recording.subject), {})
        if trial in trials:
            raise ValueError(
                "A subject must have each trial once. Received: trial "
                f"{trial!r} of subject {recording.subject!r} twice. Remove "
                "one of the recordings."
            )
        trials[trial] = recording
    if not by_subject:
        raise ValueError(
            "`recordings` must not be empty. Received: recordings=[]. Read "
            "them with keras_relcon.data.read_motionsense."
        )
    rows_of = {s: _join(trials) for s, trials in by_subject.items()}
    return cut_joined_rows(rows_of, _class_order(recordings))


def _trial(recording):
    trial = str(recording.recording_id).split("/")[0]
    if trial not in TRIALS:
        raise ValueError(
            "`recording_id` must begin with a MotionSense trial, such as "
            f"'dws_1/sub_3'. Received: recording_id="
            f"{recording.recording_id!r}. Read the recordings with "
            "keras_relcon.data.read_motionsense."
        )
    if recording.sample_rate_hz != 50 or recording.labels is None:
        raise ValueError(
            "MotionSense recordings must be labelled and at 50 Hz. "
            f"Received: {recording.recording_id!r} with sample_rate_hz="
            f"{recording.sample_rate_hz}, labels="
            f"{'None' if recording.labels is None else 'given'}. Pass the "
            "recordings as read, before any resampling."
        )
    return trial


def _class_order(recordings):
    labels = []
    for recording in sorted(recordings, key=lambda r: TRIALS.index(_trial(r))):
        labels.extend(np.unique(recording.labels).tolist())
    return np.array(list(dict.fromkeys(labels)))


def _join(trials):
    ordered = [trials[trial] for trial in TRIALS if trial in trials]
    return (
        np.concatenate([_double_rate(r.acceleration) for r in ordered]),
        np.concatenate([np.repeat(r.labels, 2) for r in ordered]),
        np.repeat(
            [str(r.recording_id) for r in ordered],
            [2 * r.num_samples for r in ordered],
        ),
    )


def _double_rate(acceleration):
    following = np.concatenate([acceleration[1:], acceleration[-1:]])
    midpoints = (acceleration + following) / 2
    doubled = np.stack([acceleration, midpoints], axis=1)  # (n, 2, 3)
    return doubled.reshape(-1, 3).astype("float32")
