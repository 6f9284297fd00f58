from keras_relcon.data.archives import load_recordings
from keras_relcon.data.candidate_groups import CandidateGroups
from keras_relcon.data.motionsense import read_motionsense
from keras_relcon.data.readers import read_recording
from keras_relcon.data.recording import Recording
from keras_relcon.data.resampling import (
    regularize,
    resample,
    resample_labels,
    resample_recording,
)
from keras_relcon.data.synthetic import synthetic_recordings
from keras_relcon.data.window_store import WindowStore
from keras_relcon.data.windows import Windows, make_windows
from keras_relcon.data.wisdm_watch import read_wisdm_watch

__all__ = [
    "CandidateGroups",
    "Recording",
    "WindowStore",
    "Windows",
    "load_recordings",
    "make_windows",
    "read_motionsense",
    "read_recording",
    "read_wisdm_watch",
    "regularize",
    "resample",
    "resample_labels",
    "resample_recording",
    "synthetic_recordings",
]
