import pytest

from keras_relcon.presets import (
    CARD_FACTS,
    from_preset,
    list_presets,
    preset_directory,
)


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
    monkeypatch.setattr(preset_directory, "BUNDLED", tmp_path / "absent")
    assert list_presets() == []
    assert "none come with the package" in capsys.readouterr().out


@pytest.mark.parametrize("name", preset_directory.bundled_presets())
def test_presets_of_the_package_load_and_their_cards_are_complete(name):
    encoder = from_preset(name)
    facts = encoder.preset_metadata.facts
    stated = {"temperature": encoder.preset_metadata.temperature, **facts}
    # A seed of 0 is stated.
    assert not [k for k in CARD_FACTS if stated.get(k) in (None, "", [])]
