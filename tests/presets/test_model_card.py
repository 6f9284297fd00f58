import json

from keras_relcon.presets import (
    CARD_FACTS,
    PresetMetadata,
    from_preset,
    model_card,
    save_to_preset,
)

FACTS = {
    "data": "WISDM watch",
    "num_subjects": 35,
    "hours": 12.34567,
    "limits": ["never shown children", "never shown ankles"],
    "probe_scores": [
        {"benchmark": "MotionSense", "this": 0.87654, "untrained encoder": 0.7},
        {"benchmark": "own", "this": 0.5, "hand-made features": 0.6},
    ],
    "subjects": {"watch": ["s1", "s2"], "phone": ["s1"]},
    "contact": "someone",
}


def _card(temperature=0.1, dtype="float16"):
    metadata = PresetMetadata(
        kind="encoder",
        sample_rate_hz=50.0,
        window_length=128,
        weights={"dtype": dtype, "largest_difference": 4e-4},
        temperature=temperature,
        facts=FACTS,
    )
    return model_card(metadata, "mine")


def _section(card, heading):
    return card.split(f"## {heading}\n\n")[1].split("\n\n## ")[0].strip()


def test_the_card_says_what_the_model_takes():
    card = _card()
    assert card.startswith("# mine\n")
    assert "128 samples at 50 Hz (2.56 s), axes x, y, z, in g" in card
    assert "float16" in card and "4.0e-04" in card
    assert "4.0e-04" not in _card(dtype="float32")


def test_people_are_named_by_data_set():
    section = _section(_card(), "Names of the subjects, by data set")
    assert section == "- watch: s1, s2\n- phone: s1"


def test_a_difference_that_is_not_stated_is_left_out():
    metadata = PresetMetadata(
        kind="encoder",
        sample_rate_hz=50.0,
        window_length=128,
        weights={"dtype": "float16"},
    )
    card = model_card(metadata, "mine")
    assert "Weights in float16" in card and "differs" not in card


def test_every_fact_has_its_heading():
    card = _card()
    for heading in CARD_FACTS.values():
        assert f"\n## {heading}\n" in card
    assert _section(card, "Training data") == "WISDM watch"
    assert _section(card, "Hours") == "12.35"
    assert _section(card, "Temperature") == "0.1"
    assert _section(card, "Seed") == "not stated"
    assert _section(card, "Contact") == "someone"
    assert _section(_card(temperature=None), "Temperature") == "not stated"
    limits = _section(card, CARD_FACTS["limits"])
    assert limits == "- never shown children\n- never shown ankles"


def test_scores_are_a_table_with_both_controls():
    rows = _section(_card(), CARD_FACTS["probe_scores"]).splitlines()
    cells = [[c.strip() for c in row.strip("|").split("|")] for row in rows]
    assert cells[0] == [
        "benchmark",
        "this",
        "untrained encoder",
        "hand-made features",
    ]
    assert cells[2] == ["MotionSense", "0.8765", "0.7", "not stated"]
    assert cells[3] == ["own", "0.5", "not stated", "0.6"]


def test_the_card_is_in_the_directory(encoder, tmp_path):
    path = save_to_preset(
        encoder, tmp_path / "tiny", facts=FACTS, window_length=64
    )
    card = (path / "README.md").read_text(encoding="utf-8")
    assert card == model_card(from_preset(path).preset_metadata, "tiny")
    stored = json.loads((path / "metadata.json").read_text())
    assert stored["facts"] == FACTS
