"""What is done with each recording of a cohort, in one process or in many."""

from keras_relcon.cohort.embed_files import EmbedFiles
from keras_relcon.cohort.file_work import FAILURES, Done, FileWork
from keras_relcon.cohort.jobs import RecordingJob, find_jobs
from keras_relcon.cohort.predict_files import PredictFiles
from keras_relcon.cohort.processes import ProcessDied, run

__all__ = [
    "Done",
    "EmbedFiles",
    "FAILURES",
    "FileWork",
    "PredictFiles",
    "ProcessDied",
    "RecordingJob",
    "find_jobs",
    "run",
]
