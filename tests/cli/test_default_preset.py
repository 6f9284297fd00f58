import pytest

from keras_relcon import presets
from keras_relcon.cli.main import main


@pytest.mark.parametrize("command", ["embed", "probe"])
def test_without_a_name_it_is_the_preset_that_suits_a_cpu(
    command, recordings_folder, tmp_path, monkeypatch
):
    """As `--help` says: relcon_small."""
    asked = []

    def from_preset(name, *args, **kwargs):
        asked.append(name)
        raise ValueError("Only the name matters here.")

    monkeypatch.setattr(presets, "from_preset", from_preset)
    data = recordings_folder
    if command == "embed":
        data = recordings_folder / "s00" / "walking.csv"
    line = [command, str(data), "--sample-rate-hz", "50"]
    assert main([*line, "--output", str(tmp_path)]) == 1
    assert asked == ["relcon_small"]
