import importlib

import pytest

from keras_relcon.presets import list_presets

pytestmark = pytest.mark.every_backend


def test_the_table_says_what_there_is(bundled, capsys):
    assert list_presets() == ["relcon_tiny"]
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["name", "parameters"]
    assert "64 samples at 100 Hz" in row
    assert row.startswith("relcon_tiny")
    assert row.endswith("synthetic recordings")
    lines = []
    list_presets(print_fn=lines.append)
    assert lines == [header, row]
    assert not capsys.readouterr().out


def test_an_empty_package_says_so(tmp_path, monkeypatch, capsys):
    module = importlib.import_module("keras_relcon.presets.preset_directory")
    monkeypatch.setattr(module, "BUNDLED", tmp_path / "absent")
    assert list_presets() == []
    assert "none are bundled" in capsys.readouterr().out


BUNDLED = importlib.import_module(
    "keras_relcon.presets.preset_directory"
).bundled_presets()


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_presets_load_and_their_cards_are_complete(name):
    from keras_relcon.presets import CARD_FACTS, from_preset

    encoder = from_preset(name)
    facts = encoder.preset_metadata.facts
    stated = {"temperature": encoder.preset_metadata.temperature, **facts}
    # A seed of 0 is stated.
    assert not [k for k in CARD_FACTS if stated.get(k) in (None, "", [])]
