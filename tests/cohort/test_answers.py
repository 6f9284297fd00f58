import csv
from pathlib import Path

import numpy as np

from keras_relcon.cohort.answers import NumberAnswer
from keras_relcon.cohort.predict_files import write_summary
from keras_relcon.data import Recording
from keras_relcon.timeline import NumberTimeline


def answer(valid):
    signal = np.random.default_rng(0).normal(0, 0.1, (1200, 3)) + [0, 0, 1]
    timeline = NumberTimeline.of(
        Recording(signal, 1.0, "s"),
        600.0 * np.arange(2),
        600.0,
        [1.25e-5, 1.25e-5],
        np.full(2, valid),
    )
    return NumberAnswer(Path("a.csv"), "a", [], timeline)


def test_what_was_found_is_said_in_words():
    assert answer(True).words() == "mean 1.25e-05 in 20 min 0 s"
    assert answer(False).words() == "nothing worn"


def test_a_summary_keeps_the_digits_of_small_numbers(tmp_path):
    write_summary([answer(True).row()], tmp_path / "summary.csv")
    with open(tmp_path / "summary.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["mean"]) == 1.25e-5
