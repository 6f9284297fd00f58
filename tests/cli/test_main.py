import argparse
import io
import json
from pathlib import Path

import keras
import pytest

from keras_relcon.cli import embed_command, presets_command
from keras_relcon.cli.console import Console, write_text
from keras_relcon.cli.main import COMMANDS, STOPPED, WRONG_INPUT, main
from keras_relcon.cli.messages import report_error
from keras_relcon.evaluation.progress_bar import ProgressBar
from keras_relcon.version import __version__


def test_every_command_is_in_the_help(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--help"])
    assert exit.value.code == 0
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert f"keras-relcon {command.NAME}" in text
    assert "KERAS_BACKEND" in text and "Exit status" in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.NAME)
def test_the_help_of_a_command_has_an_example(capsys, command):
    with pytest.raises(SystemExit) as exit:
        main([command.NAME, "--help"])
    assert exit.value.code == 0
    text = capsys.readouterr().out
    assert command.DESCRIPTION.strip().splitlines()[0] in text
    for option in ("--traceback", "--quiet", "--json"):
        assert option in text


@pytest.mark.parametrize("line", [[], ["fly"], ["embed"], ["presets", "--fly"]])
def test_a_wrong_command_line_ends_with_2(capsys, line):
    with pytest.raises(SystemExit) as exit:
        main(line)
    assert exit.value.code == 2
    assert "keras-relcon" in capsys.readouterr().err


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"keras-relcon {__version__}"


def test_a_mistake_is_one_line_and_1(capsys):
    assert main(["presets", "no such preset"]) == 1
    captured = capsys.readouterr()
    assert not captured.out
    lines = captured.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("keras-relcon: error: A preset must be one of")
    assert lines[0].endswith("See `keras-relcon presets`.")


def test_only_options_that_the_command_has_are_named(capsys):
    error = ValueError("Pass `sample_rate_hz`, or overwrite=True.")
    report_error(error, argparse.Namespace(overwrite=False))
    text = capsys.readouterr().err
    assert text.endswith("error: Pass `sample_rate_hz`, or --overwrite.\n")


def test_a_traceback_on_request():
    with pytest.raises(ValueError, match="A preset must be one of"):
        main(["presets", "no such preset", "--traceback"])


def test_stopping_ends_with_130(capsys, monkeypatch):
    def stop(args, console):
        raise KeyboardInterrupt

    monkeypatch.setattr(presets_command, "run", stop)
    assert main(["presets"]) == 130
    assert "stopped" in capsys.readouterr().err
    assert main(["presets", "--json"]) == 130
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == 130 and answer["error"] == "stopped"


def test_a_bug_keeps_its_traceback(monkeypatch):
    def fail(args, console):
        raise KeyError("a bug")

    monkeypatch.setattr(embed_command, "run", fail)
    with pytest.raises(KeyError):
        main(["embed", "x.csv"])


def test_a_preset_shows_its_card(capsys, tiny_preset):
    assert main(["presets", str(tiny_preset)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# relcon_tiny")
    assert "64 samples at 100 Hz" in text


def test_presets_are_listed(capsys):
    assert main(["presets"]) == 0
    assert "parameters" in capsys.readouterr().out


def test_json_is_all_that_stands_on_the_standard_output(capsys, tiny_preset):
    assert main(["presets", str(tiny_preset), "--json"]) == 0
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert answer["command"] == "presets" and answer["status"] == 0
    assert answer["keras_relcon"] == __version__
    assert answer["preset"]["window_length"] == 64
    assert captured.err.startswith("# relcon_tiny")
    assert main(["presets", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "relcon_small" in [each["name"] for each in answer["presets"]]


def test_an_error_stands_in_the_json(capsys):
    assert main(["presets", "no such preset", "--json"]) == 1
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert answer["status"] == 1
    assert answer["error"].startswith("A preset must be one of")
    assert answer["error"] in captured.err


def test_quiet_leaves_out_progress_alone(capsys):
    for is_quiet in (False, True):
        console = Console(is_quiet=is_quiet)
        console.progress("half")
        console.result("found")
        assert capsys.readouterr().out == ("" if is_quiet else "half\n") + (
            "found\n"
        )
    before = keras.config.is_interactive_logging_enabled()
    with Console(is_quiet=True).bars():
        assert not keras.config.is_interactive_logging_enabled()
        with ProgressBar(3, True, title="bar") as bar:
            bar.add(1)
    assert keras.config.is_interactive_logging_enabled() == before
    assert capsys.readouterr().out == ""


def test_what_a_stream_cannot_encode_is_escaped():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    write_text("caf\xe9 \u044f", stream)
    write_text("nobody reads it", None)
    assert stream.buffer.getvalue() == b"caf\xe9 \\u044f\n"


def test_a_bar_counts_to_its_end(capsys):
    keras.config.enable_interactive_logging()
    with ProgressBar(10, True, "fold", "people") as bar:
        bar.add(4)
        bar.add(8)
    text = capsys.readouterr().out
    assert text.startswith("people\n") and "10/10" in text
    ProgressBar(3, "auto")  # no terminal
    assert capsys.readouterr().out == ""


def test_the_page_of_the_commands_names_them_and_their_status():
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "commands.md").read_text()
    rows = [
        row.split("|")[1].strip() for row in page.splitlines() if "|" in row
    ]
    assert {f"`{command.NAME}`" for command in COMMANDS} <= set(rows)
    assert {str(status) for status in (0, WRONG_INPUT, 2, STOPPED)} <= set(rows)
