# What a model card says of a preset: key in `facts`, and its heading.
CARD_FACTS = {
    "description": "Description",
    "intended_use": "Intended use",
    "limits": "Limits: what it was never shown",
    "data": "Training data",
    "licence": "Licence of the training data",
    "num_subjects": "Subjects",
    "hours": "Hours",
    "steps": "Steps",
    "batch_size": "Anchors per batch",
    "num_candidates": "Within-subject candidates per anchor",
    "temperature": "Temperature",
    "seed": "Seed",
    "training_time": "Training time",
    "machine": "Machine",
    "probe_scores": "Probe scores, beside both controls",
    "exports": "Exports: size and latency",
}
NOT_STATED = "not stated"


def model_card(metadata, name):
    """Writes the model card of a preset, in Markdown.

    Every heading of `CARD_FACTS` is there: what the facts leave out is "not
    stated". Facts of other names follow.

    Args:
        metadata: `PresetMetadata`. Its `facts` are text, numbers, lists of
            text, or, for a table such as `probe_scores` or `exports`, a list
            of dicts with the same keys.
        name: str. Of the preset.

    Returns:
        str.
    """
    seconds = metadata.window_length / metadata.sample_rate_hz
    lines = [
        f"# {name}",
        "",
        "```python",
        f'encoder = keras_relcon.presets.from_preset("{name}")',
        "```",
        "",
        f"Takes windows of {metadata.window_length} samples at "
        f"{metadata.sample_rate_hz:g} Hz ({seconds:.2f} s), axes "
        f"{', '.join(metadata.axes)}, in {metadata.unit} "
        "(1 g = 9.80665 m/s²).",
        "",
        _weights(metadata),
    ]
    facts = {"temperature": metadata.temperature, **metadata.facts}
    headings = dict(CARD_FACTS)
    for key in facts:
        headings.setdefault(key, key.replace("_", " ").capitalize())
    for key, heading in headings.items():
        lines += ["", f"## {heading}", ""]
        lines += _text(facts.get(key))
    return "\n".join(lines) + "\n"


def _weights(metadata):
    text = (
        f"Weights in {metadata.weights['dtype']}, written on "
        f"{metadata.backend} with keras_relcon "
        f"{metadata.keras_relcon_version} and Keras {metadata.keras_version}."
    )
    difference = metadata.weights.get("largest_difference")
    is_known = isinstance(difference, (int, float))
    if metadata.weights["dtype"] == "float16" and is_known:
        text += (
            " No output on the probe batch differs from that in float32 by "
            f"more than {difference:.1e} of the standard deviation."
        )
    return text


def _text(fact):
    if fact is None or fact == [] or fact == "":
        return [NOT_STATED]
    if isinstance(fact, list) and all(isinstance(row, dict) for row in fact):
        columns = list(dict.fromkeys(name for row in fact for name in row))
        cells = [[_cell(row.get(column)) for column in columns] for row in fact]
        return _table(columns, cells)
    if isinstance(fact, list):
        return [f"- {item}" for item in fact]
    if isinstance(fact, dict):
        return [f"- {key}: {_cell(value)}" for key, value in fact.items()]
    return [_cell(fact)]


def _table(columns, rows):
    rule = ["---"] * len(columns)
    return [f"| {' | '.join(row)} |" for row in [columns, rule, *rows]]


def _cell(value):
    if value is None:
        return NOT_STATED
    return f"{value:.4g}" if isinstance(value, float) else str(value)
