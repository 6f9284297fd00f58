import csv
import json
import math

import numpy as np
import pytest

from keras_relcon.evaluation import TransferResult
from keras_relcon.evaluation.suite.scores import Row, draw_people


def counts_of(rng, draws, people, strength):
    """Counts of people, of whom each has a share of right windows."""
    counts = rng.integers(1, 6, (draws, people, 3, 3))
    counts[:, :, range(3), range(3)] += strength
    return counts


@pytest.fixture
def result(rng):
    settings = {
        "source": {"name": "watch", "test": ["a", "b", "c", "d"]},
        "target": {"name": "phone", "test": list("vwxyz"), "train": ["q"] * 9},
        "num_draws": 2,
        "seed": 3,
    }
    rows = [
        Row(
            name,
            "ridge",
            None,
            False,
            name == "scratch",
            {
                "1 % (1)": counts_of(rng, 2, 5, strength),
                "100 % (9)": counts_of(rng, 2, 5, 2 * strength),
            },
        )
        for name, strength in (("direct", 2), ("probe", 9), ("scratch", 4))
    ]
    return TransferResult(rows, counts_of(rng, 1, 4, 20), settings, ["x (y)"])


def plain_macro_f1(counts):
    scores = []
    for c in range(3):
        hits = counts[c][c]
        total = sum(counts[c]) + sum(row[c] for row in counts)
        if total:
            scores.append(2 * hits / total)
    return sum(scores) / len(scores)


def plain_resamples(row, column, drawn):
    values = []
    for times in drawn:
        of_draws = [
            plain_macro_f1((times[:, None, None] * counts).sum(0))
            for counts in row.confusion[column]
        ]
        values.append(sum(of_draws) / len(of_draws))
    return np.array(values)


def test_difference_to_scratch_is_paired_by_person(result):
    column = "1 % (1)"
    probe, scratch = result.rows[1:]
    people = {"source": list("abcd"), "target": list("vwxyz")}
    drawn = draw_people(people, seed=3)["target"]
    resampled = plain_resamples(probe, column, drawn) - plain_resamples(
        scratch, column, drawn
    )
    found = result.difference("probe", column)
    low, high = np.quantile(resampled, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.mean == pytest.approx(
        result.score("probe", column) - result.score("scratch", column)
    )
    assert found.low < found.mean < found.high
    assert found.num_people == 5
    same = result.difference("scratch", column)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_drop_draws_people_of_both_sides_apart(result):
    column = "100 % (9)"
    drawn = draw_people(
        {"source": list("abcd"), "target": list("vwxyz")}, seed=3
    )
    source = result._source
    resampled = plain_resamples(
        source, "source", drawn["source"]
    ) - plain_resamples(result.rows[0], column, drawn["target"])
    found = result.drop("direct", column)
    low, high = np.quantile(resampled, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high))
    expected = plain_macro_f1(source.confusion["source"][0].sum(0))
    assert result.source_score() == pytest.approx(expected)
    assert found.mean == pytest.approx(
        expected - result.score("direct", column)
    )


def test_score_is_the_mean_over_draws_of_pooled_windows(result):
    counts = result.rows[1].confusion["1 % (1)"]
    scores = [plain_macro_f1(draw.sum(0)) for draw in counts]
    assert result.score("probe", "1 % (1)") == pytest.approx(np.mean(scores))
    assert result.std_over_draws("probe", "1 % (1)") == pytest.approx(
        np.std(scores, ddof=1)
    )


def test_table_has_scores_differences_and_drops(result):
    text = result.table()
    lines = text.splitlines()
    assert lines[0].split()[:3] == ["watch", "to", "phone"]
    probe = [line for line in lines if line.startswith("probe")]
    assert len(probe) == 3
    score = f"{100 * result.score('probe', '100 % (9)'):.1f}"
    assert probe[0].split()[2] == score
    value = result.difference("probe", "1 % (1)")
    assert f"{100 * value.mean:+.1f} [{100 * value.low:+.1f}" in probe[1]
    value = result.drop("probe", "1 % (1)")
    assert f"{100 * value.mean:+.1f} [{100 * value.low:+.1f}" in probe[2]
    assert f"{100 * result.source_score():.1f}." in text
    assert len([line for line in lines if line.startswith("scratch")]) == 2
    assert "Not scored: x (y)." in text
    assert "9 training people" in text and "5 test people" in text


def test_files_hold_every_cell(result, tmp_path):
    for _ in range(2):  # the second replaces the first
        result.save(tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == [
        "people.csv",
        "scores.csv",
        "table.txt",
        "transfer.json",
    ]
    with (folder / "scores.csv").open() as file:
        scores = list(csv.DictReader(file))
    assert len(scores) == 6
    found = scores[2]
    assert (found["row"], found["column"]) == ("probe", "1 % (1)")
    value = result.difference("probe", "1 % (1)")
    drop = result.drop("probe", "1 % (1)")
    for key, expected in {
        "macro_f1": result.score("probe", "1 % (1)"),
        "difference": value.mean,
        "low": value.low,
        "people_high": value.people_high,
        "drop": drop.mean,
        "drop_low": drop.low,
    }.items():
        assert float(found[key]) == pytest.approx(expected, rel=1e-6), key
    with (folder / "people.csv").open() as file:
        people = list(csv.DictReader(file))
    assert [line["person"] for line in people[:5]] == list("vwxyz")
    assert len(people) == 30
    facts = json.loads((folder / "transfer.json").read_text())
    assert facts["settings"]["seed"] == 3
    assert facts["source_score"] == pytest.approx(result.source_score())
    assert (folder / "table.txt").read_text() == result.table() + "\n"


def test_without_direct_or_scratch_there_is_less_to_say(result):
    less = TransferResult(result.rows[1:2], None, result.settings)
    assert math.isnan(less.source_score())
    text = less.table()
    assert "minus scratch" not in text and "drop" not in text
    assert set(less.facts()["scores"][0]) == {
        "row",
        "column",
        "macro_f1",
        "std_over_draws",
    }
    with pytest.raises(ValueError, match='Have "direct" among `rows`'):
        less.drop("probe", "1 % (1)")
    with pytest.raises(ValueError, match="`row` must be one of.*that was sc"):
        less.score("scratch", "1 % (1)")
    with pytest.raises(ValueError, match="`column` must be one of"):
        less.score("probe", "5 %")


def test_the_file_is_json_also_where_there_is_no_number(result, tmp_path):
    TransferResult(result.rows[1:2], None, result.settings).save(tmp_path)

    def refuse(name):
        raise AssertionError(name)

    text = (tmp_path / "transfer.json").read_text()
    assert json.loads(text, parse_constant=refuse)["source_score"] is None
