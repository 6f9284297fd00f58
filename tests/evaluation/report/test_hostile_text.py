"""Names from data that mean something to what shows them."""

import csv
import io
import re
import unicodedata
import warnings

import numpy as np
import pytest
from html_outline import Outline

from keras_relcon import markup
from keras_relcon.cli.console import Console
from keras_relcon.cli.main import main
from keras_relcon.cli.messages import say
from keras_relcon.evaluation import Report
from keras_relcon.presets import PresetMetadata, model_card
from keras_relcon.timeline import Timeline
from keras_relcon.tuning import AblationResults

TEXTS = (
    '=HYPERLINK("http://a.example","b")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "\t=1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[here](javascript:alert(1))",
    "![a](http://a.example/pixel.png)",
    "a|b\n| --- |",
    "`code` **bold**",
    "\x1b[2J\x1b]0;title\x07",
    "\u202egpj.exe",
    "\x9b31m",
)


def is_formula(cell):
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


def check_csv(text):
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert cells and not [cell for cell in cells if is_formula(cell)]


def check_page(page):
    outline = Outline(page)
    assert not outline.of("script") and not outline.of("img")
    for _, attributes in outline.tags:
        assert not [name for name in attributes if name.startswith("on")]
    for link in outline.of("a"):
        assert link["href"].startswith("#")
    (policy,) = [
        each["content"]
        for each in outline.of("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy and "script-src" not in policy


def check_markdown(text):
    """Nothing is an element, a link or a picture; rows are equally long."""
    plain = re.sub(r"\\.", "", text)
    assert not re.search(r"<\w|\]\(|`", plain)
    widths = [
        line.count("|") for line in plain.splitlines() if line.startswith("|")
    ]
    blocks = re.split(r"\n\n+", plain)
    assert widths
    for block in blocks:
        rows = [each for each in block.splitlines() if each.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def check_terminal(text):
    assert not [
        character
        for character in text
        if character not in "\n\t"
        and unicodedata.category(character) in ("Cc", "Cf")
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_recording_with_hostile_names(text, tmp_path):
    timeline = Timeline(
        name=text,
        subject=text,
        duration=20.0,
        start_time=None,
        time_zone=None,
        window_seconds=10.0,
        classes=(text, "walking"),
        start_seconds=[0.0, 10.0],
        labels=[text, "walking"],
        probabilities=np.eye(2),
        valid=np.ones(2, bool),
        worn=np.ones(2, bool),
        **{
            name: np.ones(2)
            for name in ("enmo", "mad", "magnitude_min", "magnitude_max")
        },
        facts={text: text},
    )
    for ending in ("html", "csv"):
        timeline.save(tmp_path / f"monday.{ending}")
    check_page((tmp_path / "monday.html").read_text(encoding="utf-8"))
    with open(tmp_path / "monday.csv", newline="", encoding="utf-8") as file:
        check_csv(file.read())


def test_report_with_hostile_names(make_result, tmp_path):
    classes = (TEXTS[0], TEXTS[5], TEXTS[9])
    results = [
        make_result(
            name,
            fold,
            0.5 + fold / 10,
            subjects=(TEXTS[fold], TEXTS[fold + 5]),
            classes=classes,
            y_true=np.array(classes)[np.arange(30) % 3],
            y_pred=np.array(classes)[np.arange(30) // 10],
        )
        for name in (*TEXTS[::3], "untrained encoder")
        for fold in range(2)
    ]
    settings = {"data": list(TEXTS), **{text: text for text in TEXTS}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # fonts lack some
        Report(results, settings=settings).save(tmp_path / "report")
    check_page((tmp_path / "report" / "report.html").read_text("utf-8"))
    check_markdown((tmp_path / "report" / "table.md").read_text("utf-8"))
    with open(tmp_path / "report" / "table.csv", newline="") as file:
        check_csv(file.read())


@pytest.mark.parametrize("text", TEXTS)
def test_ablation_and_card_with_hostile_names(text):
    trials = [
        {
            "trial": f"{arm}{seed}",
            "values": {"arm": arm, "seed": seed},
            "status": "FAILED" if arm == "failed" else "COMPLETED",
            "scores": {} if arm == "failed" else {"validation_macro_f1": 0.5},
            "reason": text if arm == "failed" else "",
        }
        for arm in ("base", text, "failed")
        for seed in range(2)
    ]
    results = AblationResults(trials)
    check_csv(results.to_csv())
    check_markdown(results.to_markdown().replace("`base`", "base"))
    metadata = PresetMetadata(
        kind="encoder",
        sample_rate_hz=50.0,
        window_length=128,
        weights={"dtype": "float32"},
        facts={"probe_scores": [{"benchmark": text, text: 0.5}], "data": text},
    )
    card = model_card(metadata, "mine")
    assert not re.search(r"<\w", card)
    table = card.split("Probe scores")[1] if "Probe scores" in card else card
    rows = [
        re.sub(r"\\.", "", line).count("|")
        for line in table.splitlines()
        if line.startswith("| ")
    ]
    assert len(rows) == 3 and len(set(rows)) == 1


@pytest.mark.parametrize("text", TEXTS)
def test_terminal_is_not_written_to(text, capsys):
    Console().result(f"{text}: 3 min")
    say(f"error: {text}")
    captured = capsys.readouterr()
    check_terminal(captured.out + captured.err)


def test_a_cell_is_changed_only_where_it_would_be_a_formula():
    same = ["walking", "a=b", "-1.5", "+3e4", "", "'=1", -2.5, None, "-inf"]
    assert [markup.spreadsheet_cell(cell) for cell in same] == same
    assert markup.spreadsheet_cell("-") == "'-"
    assert markup.spreadsheet_cell("=1") == "'=1"
    assert markup.printable("Größe 5 µs 日本\n\t") == "Größe 5 µs 日本\n\t"
    assert markup.printable("a\x1b[2Jb\udc80") == "a\\x1b[2Jb\\udc80"


def test_rows_have_the_columns_that_are_named():
    rows = [{"a": 1, "b": float("nan")}, {"b": "x,y"}]
    assert markup.csv_text(rows, ["b", "a"]) == 'b,a\n,1\n"x,y",\n'
    assert markup.csv_text(rows) == 'a,b\n1,\n,"x,y"\n'
    assert markup.csv_text([]) == "\n"


def test_file_names_reach_no_terminal_as_they_are(tmp_path, capsys):
    path = tmp_path / "\x1b[2Jwalk.csv"
    path.write_text("a\n")
    assert main(["embed", str(path), "--output", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    assert "\\x1b[2Jwalk.csv" in captured.err
    check_terminal(captured.out + captured.err)
