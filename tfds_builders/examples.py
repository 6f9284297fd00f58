"""The form of all builders' examples: chunks of recordings, in order."""

import numpy as np
import tensorflow_datasets as tfds

# Reading one record reads all of it, so a day of signal is stored in chunks.
MAX_CHUNK_SECONDS = 600
# TFDS sorts by the key, and spreads its buckets over the keys below 2**128.
KEY_RANGE = 2**128
MAX_CHUNKS_PER_MEMBER = 2**24


def recording_info(builder, class_names, has_times=False, **kwargs):
    """The `tfds.core.DatasetInfo` that all builders of recordings share.

    Args:
        builder: `tfds.core.DatasetBuilder`.
        class_names: list of str. Names of the per-sample labels.
        has_times: bool. Whether examples hold `time_seconds`, because the
            source's clock is irregular. Defaults to `False`.
        **kwargs: `homepage`, `license` and the like of `DatasetInfo`.

    Returns:
        `tfds.core.DatasetInfo` with these features, `n` samples a chunk:
        `acceleration` `(n, 3)` float32, g; `label` `(n,)` class indices;
        `sample_rate_hz`; `start_seconds`, of the chunk's first sample since
        the start of the source file; `subject_id`; `sensor_position`;
        `recording_id`; and perhaps `time_seconds` `(n,)`, since the chunk's
        first sample.
    """
    features = {
        "acceleration": tfds.features.Tensor(shape=(None, 3), dtype=np.float32),
        "label": tfds.features.Sequence(
            tfds.features.ClassLabel(names=class_names)
        ),
        "sample_rate_hz": tfds.features.Scalar(np.float32),
        # As bytes: TFDS keeps floats in 32 bits, 8 ms of the end of a day.
        "start_seconds": tfds.features.Tensor(
            shape=(), dtype=np.float64, encoding=tfds.features.Encoding.BYTES
        ),
        "subject_id": tfds.features.Text(),
        "sensor_position": tfds.features.Text(),
        "recording_id": tfds.features.Text(),
    }
    if has_times:
        features["time_seconds"] = tfds.features.Tensor(
            shape=(None,), dtype=np.float32
        )
    return builder.dataset_info_from_configs(
        features=tfds.features.FeaturesDict(features),
        supervised_keys=("acceleration", "label"),
        # Chunks of a recording stay side by side, in order of time.
        disable_shuffling=True,
        **kwargs,
    )


def to_examples(recordings, member_index, num_members):
    """Yields `(key, example)` of the chunks of one source member.

    Args:
        recordings: iterable of `SourceRecording`.
        member_index: int. Place of the member among the source's members.
        num_members: int. How many members the source has.

    Yields:
        `(key, example)`: keys rise from chunk to chunk and member to member.
    """
    per_member = KEY_RANGE // num_members
    chunks = (chunk for item in recordings for chunk in _chunks(item))
    for index, chunk in enumerate(chunks):
        step = index * (per_member // MAX_CHUNKS_PER_MEMBER)
        yield member_index * per_member + step, chunk


def _chunks(recording):
    num_samples = len(recording.acceleration)
    size = max(1, round(MAX_CHUNK_SECONDS * recording.sample_rate_hz))
    times = recording.time_seconds
    for start in range(0, num_samples, size):
        part = slice(start, start + size)
        offset = start / recording.sample_rate_hz
        example = {
            "acceleration": np.asarray(recording.acceleration[part], "f4"),
            "label": np.asarray(recording.labels[part], np.int64),
            "sample_rate_hz": np.float32(recording.sample_rate_hz),
            "subject_id": recording.subject_id,
            "sensor_position": recording.sensor_position,
            "recording_id": recording.recording_id,
        }
        if times is not None:
            offset = times[start]
            example["time_seconds"] = np.asarray(times[part] - offset, "f4")
        example["start_seconds"] = np.float64(recording.start_seconds + offset)
        yield example
