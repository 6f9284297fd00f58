"""What a model found in a recording, in facts, a row and words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_relcon.reprs import duration
from keras_relcon.timeline.timeline_files import clock_texts


@dataclass(frozen=True)
class Answer:
    """What was found in a recording.

    Attributes:
        file: `Path`, which was read.
        name: str, of the recording.
        paths: list of `Path`, which were written.
        timeline: `Timeline` or `NumberTimeline`.
    """

    file: Path
    name: str
    paths: list[Path]
    timeline: Any

    def facts(self):
        """For the JSON object."""
        (start,) = clock_texts(self.timeline.table["start"].iloc[:1])
        return {
            "file": str(self.file),
            "outputs": [str(path) for path in self.paths],
            "recording": self.name,
            "subject": self.timeline.subject,
            "start": start,
            "minutes": self.timeline.duration / 60,
        }

    def row(self):
        """Of `summary.csv`."""
        facts = self.facts()
        names = ("recording", "subject", "start", "minutes")
        return {name: facts[name] for name in names}


class ClassAnswer(Answer):
    """What a classifier found."""

    def facts(self):
        return {
            **super().facts(),
            "mean_probability": self._mean_probability(),
            "minutes_of": self._minutes().to_dict(),
        }

    def row(self):
        return {
            **super().row(),
            "mean probability": self._mean_probability(),
            **{f"{state} (min)": m for state, m in self._minutes().items()},
        }

    def words(self):
        seconds = 60 * self._minutes().sort_values(ascending=False)
        return ", ".join(
            f"{duration(each)} {name}"
            for name, each in seconds.items()
            if each >= 0.5
        )

    def _minutes(self):
        return self.timeline.minutes(by="recording").iloc[0]

    def _mean_probability(self):
        if not self.timeline.worn.any():
            return np.nan
        return float(np.nanmean(self.timeline.probability))


class NumberAnswer(Answer):
    """What a regression found."""

    def facts(self):
        whole = self._whole()
        return {
            **super().facts(),
            "mean": whole["mean"],
            "worn_minutes": whole["minutes"],
            "half_width": self.timeline.half_width,
        }

    def row(self):
        whole = self._whole()
        return {
            **super().row(),
            "mean": whole["mean"],
            "worn (min)": whole["minutes"],
        }

    def words(self):
        whole = self._whole()
        if not whole["minutes"]:
            return "nothing worn"
        return f"mean {whole['mean']:.4g} in {duration(60 * whole['minutes'])}"

    def _whole(self):
        return self.timeline.means(by="recording").iloc[0]


# By what the model is.
ANSWERS = {"classifier": ClassAnswer, "regressor": NumberAnswer}
