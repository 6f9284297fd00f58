"""Counts what a prepared dataset holds."""

import collections

import numpy as np


def summarize(source):
    """Counts subjects, recordings, minutes and labels.

    Args:
        source: what `builder.as_data_source("train")` returns.

    Returns:
        dict: `num_subjects`, `num_recordings`, `num_chunks`, `num_samples`,
        `minutes` (samples by their nominal rate) and `minutes_of_label`, by
        name.
    """
    names = source.dataset_info.features["label"].feature.names
    subjects, recordings = set(), set()
    samples, seconds = 0, np.zeros(len(names))
    for example in source:
        subjects.add(example["subject_id"])
        recordings.add((example["subject_id"], example["recording_id"]))
        counts = np.bincount(example["label"], minlength=len(names))
        samples += int(counts.sum())
        seconds += counts / float(example["sample_rate_hz"])
    minutes = collections.Counter(dict(zip(names, (seconds / 60).tolist())))
    return {
        "num_subjects": len(subjects),
        "num_recordings": len(recordings),
        "num_chunks": len(source),
        "num_samples": samples,
        "minutes": float(seconds.sum() / 60),
        "minutes_of_label": dict(minutes.most_common()),
    }
