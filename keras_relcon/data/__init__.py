from keras_relcon.data.autocalibration import (
    Calibration,
    find_calibration,
)
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.label_intervals import LabelIntervals, label_recordings
from keras_relcon.data.readers.archives import (
    load_recordings,
    read_motionsense,
    read_wisdm_watch,
)
from keras_relcon.data.readers.columns import guess_columns
from keras_relcon.data.readers.corpus import read_corpus
from keras_relcon.data.readers.folders import RecordingFile, recording_files
from keras_relcon.data.readers.ipol_gait import read_ipol_gait
from keras_relcon.data.readers.label_files import read_labels
from keras_relcon.data.readers.read_recording import (
    read_recording,
    read_recordings,
)
from keras_relcon.data.readers.walking_laps import read_walking_laps
from keras_relcon.data.recording import Recording
from keras_relcon.data.resampling import (
    regularize,
    resample,
    resample_labels,
    resample_recording,
    resampled_rate,
)
from keras_relcon.data.store.intervals import Interval, sample_targets
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.candidate_groups import CandidateGroups
from keras_relcon.data.streams.rank_groups import rank_groups
from keras_relcon.data.streams.window_batches import WindowBatches
from keras_relcon.data.synthetic import synthetic_recordings
from keras_relcon.data.tfds_source import (
    groups_from_tfds,
    store_from_tfds,
    tfds_recordings,
)
from keras_relcon.data.windows import Windows, make_windows

__all__ = [
    "Calibration",
    "CandidateGroups",
    "CodedLabels",
    "Interval",
    "LabelIntervals",
    "Recording",
    "RecordingFile",
    "WindowBatches",
    "WindowStore",
    "Windows",
    "find_calibration",
    "guess_columns",
    "groups_from_tfds",
    "label_recordings",
    "load_recordings",
    "make_windows",
    "rank_groups",
    "read_corpus",
    "read_ipol_gait",
    "read_labels",
    "read_motionsense",
    "read_recording",
    "read_recordings",
    "read_walking_laps",
    "read_wisdm_watch",
    "recording_files",
    "regularize",
    "resample",
    "resample_labels",
    "resample_recording",
    "resampled_rate",
    "sample_targets",
    "store_from_tfds",
    "synthetic_recordings",
    "tfds_recordings",
]
