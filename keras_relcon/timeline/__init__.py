"""What a model found in one recording, and how a person reads it."""

from keras_relcon.timeline.intensity import Intensity, measure_intensity
from keras_relcon.timeline.non_wear import find_worn
from keras_relcon.timeline.number_timeline import NumberTimeline
from keras_relcon.timeline.states import NOT_MEASURED, NOT_WORN, UNKNOWN
from keras_relcon.timeline.timeline import Timeline
from keras_relcon.timeline.window_timeline import WindowTimeline

__all__ = [
    "Intensity",
    "NOT_MEASURED",
    "NOT_WORN",
    "NumberTimeline",
    "Timeline",
    "UNKNOWN",
    "WindowTimeline",
    "find_worn",
    "measure_intensity",
]
