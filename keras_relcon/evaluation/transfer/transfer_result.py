"""What a transfer has measured: tables, differences and files."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_relcon.checks import check_one_of, message
from keras_relcon.evaluation.metrics.confusion import macro_f1_of
from keras_relcon.evaluation.report.run_facts import plain_json
from keras_relcon.evaluation.suite.difference import (
    SuiteDifference,
    difference_of,
    signed,
)
from keras_relcon.evaluation.suite.scores import (
    Row,
    draw_people,
    interval,
    resampled_means,
)
from keras_relcon.kept_files import write_texts
from keras_relcon.markup import csv_text
from keras_relcon.reprs import text_table
from keras_relcon.types import PathLike

BASELINE = "scratch"


@dataclasses.dataclass(frozen=True)
class TransferDrop:
    """How much lower a target score is than that of the source.

    Attributes:
        mean: float. Macro-F1 on the source's test people, of the head on the
            source, minus that of a row on the target's.
        low, high: float. Its 95 % interval: people of both are drawn with
            replacement, each by themselves.
    """

    mean: float
    low: float
    high: float


class TransferResult:
    """Scores of `transfer_matrix`, in fractions.

    A score is the macro-F1 of all windows of the target's test people, the
    mean over draws. Intervals are of these people: of other people like them,
    with the same draws of labelled windows. `std_over_draws` tells how the
    draws differ.

    Attributes:
        rows: list of `Row`; `confusion` is by name of column.
        columns: list of str.
        settings: dict of how it was measured, JSON-ready.
        missing: list of str. What was asked for and could not be scored.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        of_source: np.ndarray | None,
        settings: dict[str, Any],
        missing: Sequence[str] = (),
    ) -> None:
        self.rows = list(rows)
        self.columns = list(self.rows[0].confusion)
        self.settings = settings
        self.missing = list(missing)
        people = {side: settings[side]["test"] for side in ("source", "target")}
        self._drawn = draw_people(people, seed=settings.get("seed", 0))
        self._source = None
        if of_source is not None:
            self._source = Row(
                "direct", "ridge", None, False, False, {"source": of_source}
            )
        self._means: dict[Any, np.ndarray] = {}

    def score(self, row: str, column: str) -> float:
        """Macro-F1 of a cell.

        Raises:
            ValueError: if there is no such cell.
        """
        return self._row(row, column).macro_f1(column)

    def source_score(self) -> float:
        """Macro-F1 on the source's test people; NaN without `direct`."""
        if self._source is None:
            return float("nan")
        return self._source.macro_f1("source")

    def std_over_draws(self, row: str, column: str) -> float:
        """Standard deviation of a cell's macro-F1; NaN of a single draw."""
        counts = self._row(row, column).confusion[column]
        scores = macro_f1_of(counts.sum(1))
        return float(scores.std(ddof=1)) if len(scores) > 1 else float("nan")

    def difference(
        self, first: str, column: str, second: str = BASELINE
    ) -> SuiteDifference:
        """How much better a row is than another, on the same people.

        Args:
            first, second: str. Rows. `second` defaults to `"scratch"`.
            column: str.

        Returns:
            `SuiteDifference`.
        """
        rows = [self._row(name, column) for name in (first, second)]
        return difference_of(
            [row.macro_f1(column) for row in rows],
            [self._resampled(row, column) for row in rows],
            [row.of_people(column)[1] for row in rows],
        )

    def drop(self, row: str, column: str) -> TransferDrop:
        """How much lower a cell is than the source's test score.

        For `direct` it is what the transfer costs; for other rows, what is
        left of it.

        Raises:
            ValueError: if `direct` was not scored.
        """
        if self._source is None:
            raise ValueError(
                message(
                    "A drop needs the source's test score.",
                    f"rows {[each.representation for each in self.rows]}",
                    'Have "direct" among `rows`.',
                )
            )
        found = self._row(row, column)
        source = self._resampled(self._source, "source")
        low, high = interval(source - self._resampled(found, column))
        mean = self.source_score() - found.macro_f1(column)
        return TransferDrop(mean, low, high)

    def table(self) -> str:
        """Returns scores, differences to `scratch` and drops, as text."""
        of = self.settings
        title = f"{of['source']['name']} to {of['target']['name']}"
        parts = [self._grid(title, lambda *cell: _percent(self.score(*cell)))]
        if self._has(BASELINE):
            parts.append(
                self._grid(
                    f"minus {BASELINE}",
                    lambda *cell: signed(self.difference(*cell)),
                    [BASELINE],
                )
            )
        if self._source is not None:
            parts.append(
                f"Source test people: {_percent(self.source_score())}."
            )
            parts.append(
                self._grid("drop", lambda *cell: signed(self.drop(*cell)))
            )
        parts += [f"Not scored: {name}." for name in self.missing]
        parts.append(
            "Macro-F1 in per cent. Columns: share of the target's "
            f"{len(of['target']['train'])} training people (their number), "
            f"and windows a class; means of {of['num_draws']} draws. "
            f"[95 % interval over the {len(of['target']['test'])} test "
            "people]."
        )
        return "\n\n".join(parts)

    def facts(self) -> dict[str, Any]:
        """Returns what `transfer.json` holds: settings and scores."""
        return {
            "settings": self.settings,
            "missing": self.missing,
            "source_score": self.source_score(),
            "scores": self._scores(),
        }

    def save(self, folder: PathLike) -> None:
        """Writes `scores.csv`, `people.csv`, `transfer.json`, `table.txt`.

        Scores are fractions. An earlier result in the folder is replaced.

        Args:
            folder: str or path. Made if it is not there.
        """
        facts = self.facts()
        texts = {
            "scores.csv": csv_text(facts["scores"]),
            "people.csv": csv_text(self._people()),
            "transfer.json": plain_json(facts) + "\n",
            "table.txt": self.table() + "\n",
        }
        write_texts(folder, texts)

    def _row(self, name, column):
        names = [row.representation for row in self.rows]
        check_one_of("row", name, names, "Take one that was scored.")
        check_one_of("column", column, self.columns)
        return self.rows[names.index(name)]

    def _has(self, name):
        return any(row.representation == name for row in self.rows)

    def _resampled(self, row, column):
        side = "source" if row is self._source else "target"
        key = side, row.representation, column
        if key not in self._means:
            one = dataclasses.replace(
                row, confusion={column: row.confusion[column]}
            )
            drawn = {column: self._drawn[side]}
            self._means[key] = resampled_means(one, drawn)
        return self._means[key]

    def _grid(self, title, text_of, without=()):
        lines = [[title, *self.columns]]
        for row in self.rows:
            name = row.representation
            if name not in without:
                cells = [text_of(name, column) for column in self.columns]
                lines.append([name, *cells])
        return text_table(lines)

    def _scores(self):
        found = []
        for row in self.rows:
            for column in self.columns:
                cell = row.representation, column
                line = {
                    "row": cell[0],
                    "column": column,
                    "macro_f1": self.score(*cell),
                    "std_over_draws": self.std_over_draws(*cell),
                }
                if self._has(BASELINE):
                    value = dataclasses.asdict(self.difference(*cell))
                    value["difference"] = value.pop("mean")
                    line |= value
                if self._source is not None:
                    drop = dataclasses.asdict(self.drop(*cell))
                    drop["drop"] = drop.pop("mean")
                    drop["drop_low"] = drop.pop("low")
                    drop["drop_high"] = drop.pop("high")
                    line |= drop
                found.append(line)
        return found

    def _people(self):
        return [
            {
                "row": row.representation,
                "column": column,
                "person": person,
                "accuracy": accuracy,
                "macro_f1": macro_f1,
            }
            for row in self.rows
            for column in self.columns
            for person, accuracy, macro_f1 in zip(
                self.settings["target"]["test"], *row.of_people(column)
            )
        ]


def _percent(value):
    return f"{100 * value:.1f}"
