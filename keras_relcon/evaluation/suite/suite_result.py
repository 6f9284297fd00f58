"""What the suite has measured: tables, differences and files."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from keras_relcon.checks import message
from keras_relcon.evaluation.report.run_facts import plain_json
from keras_relcon.evaluation.suite.difference import (
    SuiteDifference,
    difference_of,
    signed,
)
from keras_relcon.evaluation.suite.load_sets import LoadedSet
from keras_relcon.evaluation.suite.scores import (
    Row,
    draw_people,
    resampled_means,
)
from keras_relcon.kept_files import write_texts
from keras_relcon.markup import csv_text
from keras_relcon.reprs import text_table
from keras_relcon.types import PathLike


class SuiteResult:
    """Scores of the suite.

    Attributes:
        rows: list of `Row`, one for each representation, head, number of
            labelled people, and for test windows as they are or rotated.
        sets: list of `LoadedSet`.
        settings: dict of how it was measured, JSON-ready.
        missing: list of str. What was asked for and could not be scored.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        sets: Sequence[LoadedSet],
        settings: dict[str, Any],
        missing: Sequence[str] = (),
    ) -> None:
        self.rows = rows
        self.sets = sets
        self.settings = settings
        self.missing = list(missing)
        self._means: dict[Any, np.ndarray] = {}
        people_of: dict[str, Any] = {}
        for each in sets:
            people_of.setdefault(each.archive, set()).update(each.people)
        people_of = {key: sorted(value) for key, value in people_of.items()}
        drawn = draw_people(people_of, seed=settings.get("seed", 0))
        self._drawn = {
            each.name: drawn[each.archive][
                :, np.searchsorted(people_of[each.archive], each.people)
            ]
            for each in sets
        }

    def row(
        self,
        representation: str,
        head: str = "ridge",
        num_labelled: int | None = None,
        is_rotated: bool = False,
    ) -> Row:
        """Returns one `Row`.

        Raises:
            ValueError: if there is none.
        """
        condition = head, num_labelled, is_rotated
        for row in self.rows:
            if row.representation == representation:
                if row.condition == condition:
                    return row
        names = list(dict.fromkeys(row.representation for row in self.rows))
        raise ValueError(
            message(
                f"There must be such a row. Representations are {names}.",
                {
                    "representation": representation,
                    "head": head,
                    "num_labelled": num_labelled,
                    "is_rotated": is_rotated,
                },
                "Take one that was scored.",
            )
        )

    def difference(
        self,
        first: str,
        second: str,
        head: str = "ridge",
        num_labelled: int | None = None,
        is_rotated: bool = False,
    ) -> SuiteDifference:
        """How much better `first` is than `second`, in fractions.

        Args:
            first, second: str. Representations.
            head: str.
            num_labelled: int, or `None` for all.
            is_rotated: bool. Of rotated test windows.

        Returns:
            `SuiteDifference`.
        """
        condition = head, num_labelled, is_rotated
        rows = [self.row(name, *condition) for name in (first, second)]
        return difference_of(
            [row.mean() for row in rows],
            [self._resampled(row) for row in rows],
            [self._of_people(row) for row in rows],
        )

    def differences(self) -> list[dict[str, Any]]:
        """Every row against every one below it, under the same condition.

        Returns:
            list of dict: `first`, `second`, `head`, `num_labelled`,
            `is_rotated`, and the fields of `SuiteDifference`.
        """
        found = []
        for index, first in enumerate(self.rows):
            for second in self.rows[index + 1 :]:
                if first.condition == second.condition:
                    names = first.representation, second.representation
                    value = self.difference(
                        names[0], names[1], *first.condition
                    )
                    found.append(
                        {
                            "first": names[0],
                            "second": names[1],
                            **_condition(first),
                            **dataclasses.asdict(value),
                        }
                    )
        return found

    def mean_over(self, groups: Mapping[str, Sequence[str]]) -> Self:
        """Puts encoders together: of each group the mean over its members.

        Args:
            groups: dict of a name to the names of encoders that were scored,
                such as those of several seeds.

        Returns:
            `SuiteResult`. The rows of a group are named after it, where the
            first of its members stood; rows of no group stay. A row that not
            all members have is left out, and is in `missing`.

        Raises:
            ValueError: if a member was not scored, or a group has the name of
                an encoder outside of it.
        """
        group_of = {
            member: group for group, names in groups.items() for member in names
        }
        scored = {
            row.representation.partition(" + ")[0].rpartition(" ")[0]
            for row in self.rows
            if not row.is_control
        }
        absent = sorted(set(group_of) - scored)
        taken = sorted(set(groups) & scored - set(group_of))
        if absent or taken:
            raise ValueError(
                message(
                    "Members must have been scored, and a group needs a name "
                    "of its own.",
                    ", ".join(absent or taken),
                    f"Scored were {sorted(scored)}.",
                )
            )
        together: dict[Any, list[Row]] = {}
        wanted: dict[Any, int] = {}
        for row in self.rows:
            name = row.representation
            # What stands beside an encoder keeps its name.
            own, plus, beside = name.partition(" + ")
            encoder, space, output = own.rpartition(" ")
            group = group_of.get(encoder)
            if group is not None:
                name = f"{group}{space}{output}{plus}{beside}"
            key = name, *row.condition
            together.setdefault(key, []).append(row)
            wanted[key] = len(set(groups[group])) if group is not None else 1
        rows, missing = [], list(self.missing)
        for key, members in together.items():
            name, *condition = key
            if len(members) < wanted[key]:
                missing.append(
                    f"{name}, {_title(condition)} (not of all members)"
                )
                continue
            confusion = {
                each: np.concatenate([m.confusion[each] for m in members])
                for each in members[0].confusion
            }
            rows.append(
                dataclasses.replace(
                    members[0], representation=name, confusion=confusion
                )
            )
        return type(self)(rows, self.sets, self.settings, missing)

    def table(self) -> str:
        """Returns the macro-F1 of every row, and differences, as text."""
        parts = []
        conditions = list(dict.fromkeys(row.condition for row in self.rows))
        for condition in conditions:
            rows = [row for row in self.rows if row.condition == condition]
            head = [_title(condition), *(s.name for s in self.sets), "mean"]
            lines = [head] + [
                [
                    row.representation,
                    *(f"{100 * row.macro_f1(s.name):.1f}" for s in self.sets),
                    f"{100 * row.mean():.1f}",
                ]
                for row in rows
            ]
            parts.append(text_table(lines))
            parts.append("\n".join(self._sentences(rows)))
        parts += [f"Not scored: {name}." for name in self.missing]
        parts.append(
            "Macro-F1 in per cent. Differences are of the mean over sets, "
            "[95 % interval over people]."
        )
        return "\n\n".join(part for part in parts if part)

    def facts(self) -> dict[str, Any]:
        """Returns what `suite.json` holds: settings, scores, differences."""
        return {
            "settings": self.settings,
            "missing": self.missing,
            "scores": self._scores(),
            "differences": self.differences(),
        }

    def save(self, folder: PathLike) -> None:
        """Writes the result as tables, JSON and text.

        `scores.csv`, `differences.csv`, `people.csv` and `suite.json` hold
        fractions, `table.txt` what `table` gives. An earlier result in the
        folder is replaced.

        Args:
            folder: str or path. Made if it is not there.
        """
        facts = self.facts()
        texts = {
            "scores.csv": csv_text(facts["scores"]),
            "differences.csv": csv_text(facts["differences"]),
            "people.csv": csv_text(self._people()),
            "suite.json": plain_json(facts) + "\n",
            "table.txt": self.table() + "\n",
        }
        write_texts(folder, texts)

    def _resampled(self, row):
        key = row.representation, row.condition
        if key not in self._means:
            self._means[key] = resampled_means(row, self._drawn)
        return self._means[key]

    def _of_people(self, row):
        """Macro-F1 of each person, in the order of archive and person."""
        found = {}
        for each in self.sets:
            _, scores = row.of_people(each.name)
            for person, score in zip(each.people, scores):
                found.setdefault((each.archive, person), []).append(score)
        return np.array([np.nanmean(found[key]) for key in sorted(found)])

    def _sentences(self, rows):
        """Each learned row against each control."""
        learned = [row for row in rows if not row.is_control]
        controls = [row for row in rows if row.is_control]
        for row in learned:
            against = []
            for control in controls:
                value = self.difference(
                    row.representation, control.representation, *row.condition
                )
                against.append(f"{signed(value)} to {control.representation}")
            if against:
                yield f"{row.representation}: {'; '.join(against)}"

    def _scores(self):
        return [
            {
                "representation": row.representation,
                **_condition(row),
                **{each.name: row.macro_f1(each.name) for each in self.sets},
                "mean": row.mean(),
            }
            for row in self.rows
        ]

    def _people(self):
        found = []
        for row in self.rows:
            for each in self.sets:
                for person, accuracy, macro_f1 in zip(
                    each.people, *row.of_people(each.name)
                ):
                    found.append(
                        {
                            "representation": row.representation,
                            **_condition(row),
                            "set": each.name,
                            "person": person,
                            "accuracy": accuracy,
                            "macro_f1": macro_f1,
                        }
                    )
        return found


def _condition(row):
    return {
        "head": row.head,
        "num_labelled": "all" if row.num_labelled is None else row.num_labelled,
        "is_rotated": row.is_rotated,
    }


def _title(condition):
    head, number, is_rotated = condition
    people = "all people" if number is None else f"{number} people"
    return f"{head}, {people}" + (", rotated" if is_rotated else "")
