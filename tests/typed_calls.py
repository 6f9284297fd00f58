"""Calls as a user writes them, for mypy to read: nothing here is run.

`assert_type` says what a call must give. A line with `type: ignore` is a wrong
call: mypy must refuse it for that reason, or it reports the comment as unused.
"""

from typing import Any, assert_type

import numpy as np
import pandas as pd

import keras_relcon as kr

recording = kr.data.read_recording("walk.csv", subject="s01", unit="m/s2")
windows = kr.data.make_windows([recording], sample_rate_hz=100)
store = kr.data.WindowStore.open("windows.h5")
encoder = kr.presets.from_preset("relcon_small", output="features")
model = kr.MotionClassifier("relcon_small")
timeline = model.predict("monday.cwa")

assert_type(recording, kr.data.Recording)
assert_type(windows.acceleration, np.ndarray)
assert_type(store.split_subjects((0.5, 0.5)), tuple[kr.data.WindowStore, ...])
assert_type(
    kr.presets.from_preset("relcon_small", task="pretrain"), kr.RelConModel
)
assert_type(kr.layers.ResNet1D34(embedding_dim=64), kr.layers.ResNet1D34)
assert_type(kr.evaluation.embed(encoder, recording), kr.evaluation.Embeddings)
assert_type(
    kr.evaluation.cross_validate(
        kr.evaluation.LinearProbe(),
        encoder,
        windows,
        kr.evaluation.grouped_k_fold(windows.subjects),
    ),
    kr.evaluation.Report,
)
assert_type(model.fit([recording]), kr.MotionClassifier)
assert_type(model.scores_.table(), str | Any)
assert_type(timeline, kr.timeline.Timeline)
assert_type(timeline.table, pd.DataFrame)
assert_type(timeline.minutes(by="hour"), pd.DataFrame)
assert_type(model.predict(["a.cwa", "b.cwa"]), list[kr.timeline.Timeline])
assert_type(model.predict(windows), np.ndarray)
assert_type(kr.MotionClassifier.load("my_model"), kr.MotionClassifier)
assert_type(
    kr.MotionRegressor().predict("monday.cwa"), kr.timeline.NumberTimeline
)

kr.data.read_recording("walk.csv")  # type: ignore[call-arg]
kr.MotionClassifier(head="liner")  # type: ignore[arg-type]
timeline.minutes(by="week")  # type: ignore[arg-type]
kr.evaluation.embed(encoder, 3.5)  # type: ignore[arg-type]
kr.presets.from_preset("small", output="feature")  # type: ignore[call-overload]
kr.MotionClasifier  # type: ignore[attr-defined]
