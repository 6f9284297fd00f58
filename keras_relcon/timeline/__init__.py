"""What a model found in one recording, and how a person reads it."""

from keras_relcon.timeline.intensity import Intensity, measure_intensity
from keras_relcon.timeline.non_wear import find_worn
from keras_relcon.timeline.number_timeline import NumberTimeline
from keras_relcon.timeline.states import NOT_MEASURED, NOT_WORN, UNKNOWN
from keras_relcon.timeline.timeline import Timeline

__all__ = [
    "Intensity",
    "NOT_MEASURED",
    "NOT_WORN",
    "NumberTimeline",
    "Timeline",
    "UNKNOWN",
    "find_worn",
    "measure_intensity",
]
