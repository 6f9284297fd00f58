import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_relcon import kept_files
from keras_relcon.evaluation.report.paired_difference import paired_difference
from keras_relcon.markup import csv_text, markdown, markdown_table
from keras_relcon.tuning.validation_probe import OBJECTIVE
from keras_relcon.types import PathLike

BASE = "base"
# Relative changes to the base, in percent, of the six benchmarks of Table 5:
# walking speed and double support time (correlation), two private sets and
# HHAR (F1, linear probe), PAMAP2 (F1, MLP). Table 6 has the first four.
PUBLISHED_CHANGES = {
    "no_augmentation": (-5.42, -13.88, -12.5, -17.93, -8.92, -15.12),
    "no_rev_in": (-11.66, -6.01, -3.81, -4.11, -1.61, -4.65),
    "softmax": (-0.87, -3.7, -5.06, -7.11, -4.34, -0.62),
    "no_within_subject": (-1.4, -1.4, -4.49, -7.25, 2.24, -0.93),
    "log_ratio_loss": (-3.64, -6.11, -1.45, 1.39),
    "binary_loss": (-6.86, -9.82, -5.63, -9.03),
}
_HEAD = (
    "arm",
    "units",
    "macro-F1",
    "95 % interval",
    "difference to base",
    "95 % interval of it",
    "relative change",
    "paper, of its tasks",
)


class AblationResults:
    """Validation macro-F1 of each arm, and its paired difference to the base.

    With two seeds or more, a seed is one unit, its value is the mean over the
    folds, and the interval is Student's over seeds. With one seed, a fold is
    one unit, and the interval is widened because folds share training subjects
    (`paired_difference`). With a single unit there is no interval.

    Args:
        trials: list of dict of `trial_rows`, of an `AblationHyperModel`.
        validation_train_ratio: float. Number of validation subjects over that
            of training subjects, for intervals over folds. Defaults to `0.0`.

    Attributes:
        trials: the trials.
        arms: tuple of str, in the order in which they began.
        unit: `"seed"` or `"fold"`.
        failures: list of the failed trials.

    Raises:
        ValueError: if there is no trial, or one has no arm or no seed.
    """

    def __init__(
        self,
        trials: Sequence[dict[str, Any]],
        validation_train_ratio: float = 0.0,
    ) -> None:
        self.trials = list(trials)
        is_right = [{"arm", "seed"} <= set(t["values"]) for t in self.trials]
        if not is_right or not all(is_right):
            raise ValueError(
                "`trials` must be those of an ablation, each with an arm and "
                f"a seed. Received: {len(self.trials)} trials, "
                f"{sum(is_right)} of them with both. Make them with "
                "`run_ablation`."
            )
        self.arms = tuple(
            dict.fromkeys(trial["values"]["arm"] for trial in self.trials)
        )
        seeds = {trial["values"]["seed"] for trial in self.trials}
        self.unit = "seed" if len(seeds) > 1 else "fold"
        self.failures = [trial for trial in trials if trial["reason"]]
        self._ratio = validation_train_ratio if self.unit == "fold" else 0.0

    def values(self, arm: str) -> dict[int, float]:
        """dict of unit to macro-F1, for the completed trials."""
        found = {}
        for trial in self.trials:
            scores = trial["scores"]
            if trial["values"]["arm"] != arm or not scores:
                continue
            if self.unit == "seed":
                found[trial["values"]["seed"]] = scores[OBJECTIVE]
                continue
            folds = {
                int(name.rsplit("_", 1)[1]): value
                for name, value in scores.items()
                if name.startswith(f"{OBJECTIVE}_fold_")
            }
            found = folds or {0: scores[OBJECTIVE]}
        return dict(sorted(found.items()))

    def mean(self, arm: str) -> tuple[float, float, float]:
        """`(mean, low, high)` of the macro-F1, as fractions; NaN if unknown."""
        values = list(self.values(arm).values())
        return _interval(values, np.zeros(len(values)), self._ratio)

    def difference(self, arm: str) -> tuple[float, float, float]:
        """`(mean, low, high)` of arm minus base, over units that both have."""
        own, base = self._pairs(arm)
        return _interval(own, base, self._ratio)

    def _pairs(self, arm):
        """Values of the arm and of the base, for units that both have."""
        own, base = self.values(arm), self.values(BASE)
        units = [unit for unit in own if unit in base]
        return [own[unit] for unit in units], [base[unit] for unit in units]

    def rows(self) -> list[dict[str, Any]]:
        """One dict of plain values per arm; NaN if unknown."""
        rows = []
        for arm in self.arms:
            mean, difference = self.mean(arm), self.difference(arm)
            _, base = self._pairs(arm)
            base = np.mean(base) if base else float("nan")
            rows.append(
                {
                    "arm": arm,
                    "units": len(self.values(arm)),
                    "mean": mean[0],
                    "low": mean[1],
                    "high": mean[2],
                    "difference": difference[0],
                    "difference_low": difference[1],
                    "difference_high": difference[2],
                    "relative_change_percent": 100 * difference[0] / base,
                    "paper_changes_percent": PUBLISHED_CHANGES.get(arm, ()),
                }
            )
        return rows

    def to_csv(self) -> str:
        """Returns a line per arm; macro-F1 is a fraction, empty if unknown."""
        name = "paper_changes_percent"
        rows = [
            {**row, name: " ".join(map(str, row[name]))} for row in self.rows()
        ]
        return csv_text(rows)

    def to_markdown(self) -> str:
        """Returns the table, the meaning of its columns, and the failures."""
        lines = [
            markdown_table(_HEAD, map(_cells, self.rows())),
            "",
            "Macro-F1 of a linear probe on validation subjects, in percent; "
            f"differences are paired by {self.unit}. The paper's relative "
            "changes are those of its own tasks and data, from the smallest "
            "to the largest.",
        ]
        if BASE not in self.arms:
            lines.append(
                f"\nWithout the arm `{BASE}` there are no differences."
            )
        if self.failures:
            lines.append(
                f"\n{len(self.failures)} of {len(self.trials)} trials failed:\n"
            )
        for trial in self.failures:
            reason, values = markdown(trial["reason"]), trial["values"]
            arm = markdown(values["arm"])
            lines.append(f"- {arm}, seed {values['seed']}: {reason}")
        return "\n".join(lines) + "\n"

    def plot(self) -> Any:
        """Macro-F1, and the difference to the base, with 95 % intervals.

        Returns:
            `matplotlib.figure.Figure`.

        Raises:
            ImportError: if matplotlib is missing.
        """
        from keras_relcon.evaluation.report.plots import drawing

        height = 1.2 + 0.4 * len(self.arms)
        figure, axes = drawing.panels(2, 4.5, height)
        places = np.arange(len(self.arms))[::-1]
        for axis, of, title in zip(
            axes,
            (self.mean, self.difference),
            ("macro-F1, %", f"difference to {BASE}, points"),
        ):
            mean, low, high = 100 * np.array([of(arm) for arm in self.arms]).T
            # Without an interval there is the point alone.
            reach = np.nan_to_num([mean - low, high - mean])
            axis.errorbar(mean, places, xerr=reach, fmt="o", capsize=3)
            axis.set(xlabel=title, ylim=(-0.7, len(self.arms) - 0.3))
            axis.set_yticks(places, map(drawing.label, self.arms))
            axis.grid(alpha=0.25)
            axis.spines[["top", "right"]].set_visible(False)
        axes[1].axvline(0, color="0.5", linewidth=1)
        return figure

    def save(self, directory: PathLike) -> None:
        """Writes `ablation.csv`, `ablation.md` and `ablation.png`.

        Args:
            directory: str or path. Made if it does not exist.

        Raises:
            ImportError: if matplotlib is missing. The two tables are still
                written.
        """
        from keras_relcon.evaluation.report.plots import drawing

        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        for name, make in (
            ("ablation.csv", self.to_csv),
            ("ablation.md", self.to_markdown),
            ("ablation.png", lambda: drawing.to_png(self.plot())),
        ):
            kept_files.write_file(directory / name, make())


def _interval(values, others, ratio):
    nothing = float("nan")
    if len(values) == 0:
        return nothing, nothing, nothing
    if len(values) == 1:
        return float(values[0] - others[0]), nothing, nothing
    found = paired_difference(values, others, ratio)
    return found.mean, found.low, found.high


def _cells(row):
    changes = row["paper_changes_percent"]
    paper = f"{min(changes):+.1f} to {max(changes):+.1f} %" if changes else "-"
    is_base = row["arm"] == BASE
    return [
        markdown(row["arm"]),
        str(row["units"]),
        _percent(row["mean"]),
        _range(row["low"], row["high"]),
        "-" if is_base else _percent(row["difference"], "+"),
        "-"
        if is_base
        else _range(row["difference_low"], row["difference_high"], "+"),
        "-" if is_base else _percent(row["relative_change_percent"] / 100, "+"),
        paper,
    ]


def _percent(value, sign=""):
    return "-" if value != value else f"{100 * value:{sign}.2f}"


def _range(low, high, sign=""):
    return (
        "-"
        if low != low
        else f"{_percent(low, sign)} to " + _percent(high, sign)
    )
