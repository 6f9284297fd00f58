"""Embeds or predicts the recordings of a cohort in an Apache Beam pipeline.

All workers need the same folders, on a disk that they share or a bucket that is
mounted, and the same `KERAS_BACKEND`. Tested on Beam's local runner.
"""

from keras_relcon.beam.transforms import Embed, Predict

__all__ = ["Embed", "Predict"]
