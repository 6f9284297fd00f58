"""What a preset says of itself: its metadata and its model card."""

import dataclasses
import json
import re
from typing import Any, Self

import keras

from keras_relcon.markup import markdown_table
from keras_relcon.models.stage_features import check_scales
from keras_relcon.types import PathLike
from keras_relcon.version import __version__

FORMAT_VERSION = 1
KINDS = (
    "encoder",
    "motif_distance",
    "projector",
    "compact_features",
    "mini_rocket",
    "steady_features",
)
WEIGHT_DTYPES = ("float16", "float32")
# What a model card says of a preset: key in `facts`, and its heading.
CARD_FACTS = {
    "description": "Description",
    "intended_use": "Intended use",
    "limits": "Limits: what it was never shown",
    "data": "Training data",
    "licence": "Licence of the training data",
    "num_subjects": "Subjects",
    "subjects": "Names of the subjects, by data set",
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


@dataclasses.dataclass(frozen=True)
class PresetMetadata:
    """What a preset takes, and where it comes from: its `metadata.json`.

    Encoders of `from_preset` carry it as `preset_metadata`, so that `embed`
    knows what to give them.

    Args:
        kind: str. `"encoder"`, `"motif_distance"`, `"projector"`,
            `"compact_features"`, `"mini_rocket"` or `"steady_features"`.
        sample_rate_hz: float. Rate of the windows.
        window_length: int. Samples per window.
        weights: dict. `sha256` of the file, `dtype` of its numbers,
            `largest_difference` of an output between these and float32,
            relative to the standard deviation of the outputs, and
            `half_precision_difference`, that of float16.
        unit: str. Of the windows, always `"g"`. Defaults to `"g"`.
        axes: tuple of str. Channels, in order. Defaults to
            `("x", "y", "z")`.
        temperature: float. Of `RelConModel`, or `None` where the preset
            cannot go on with pretraining. Defaults to `None`.
        feature_scales: tuple of float. At which `StageFeatures` reads the
            encoder, powers of two. Defaults to `(1,)`.
        num_parameters: int, or `None` where it was not counted. Defaults to
            `None`.
        facts: dict. What the model card says, see `CARD_FACTS`. Defaults to
            none.
        keras_relcon_version, keras_version, backend: str. What wrote the
            preset. Default to what runs.
        format_version: int. Of the directory. Defaults to the present one.
    """

    kind: str
    sample_rate_hz: float
    window_length: int
    weights: dict[str, Any]
    unit: str = "g"
    axes: tuple[str, ...] = ("x", "y", "z")
    temperature: float | None = None
    feature_scales: tuple[float, ...] = (1,)
    num_parameters: int | None = None
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    keras_relcon_version: str = __version__
    keras_version: str = keras.__version__
    backend: str = dataclasses.field(default_factory=keras.backend.backend)
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Returns the text of `metadata.json`."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values: dict[str, Any], path: PathLike) -> Self:
        """Checks what `metadata.json` holds.

        Args:
            values: dict, as read.
            path: path. The file, for the errors.

        Returns:
            `PresetMetadata`.

        Raises:
            ValueError: if a newer version wrote it, or something is missing
                or wrong.
        """
        _check_versions(values, path)
        fields = {field.name: field for field in dataclasses.fields(cls)}
        required = ["keras_relcon_version", "format_version", "unit", "axes"]
        required += [
            name
            for name, field in fields.items()
            if field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ]
        missing = sorted(set(required) - set(values))
        if missing:
            raise _error(path, f"no {missing}")
        known = {name: values[name] for name in fields if name in values}
        for name in ("axes", "feature_scales"):
            if isinstance(known.get(name), list):
                known[name] = tuple(known[name])
        metadata = cls(**known)
        metadata._check(path)
        return metadata

    def _check(self, path):
        rate, length, weights = (
            self.sample_rate_hz,
            self.window_length,
            self.weights,
        )
        is_rate = isinstance(rate, (int, float)) and 0 < rate < float("inf")
        if not is_rate:
            raise _error(path, f"sample_rate_hz={rate!r}")
        if not (isinstance(length, int) and length >= 2):
            raise _error(path, f"window_length={length!r}")
        if self.kind not in KINDS:
            raise _error(path, f"kind={self.kind!r}, not among {KINDS}")
        has_axes = isinstance(self.axes, tuple) and len(self.axes) == 3
        if self.unit != "g" or not has_axes:
            raise _error(
                path,
                f"unit={self.unit!r}, axes={self.axes}, where windows are in "
                "'g' on three axes",
            )
        is_hash = isinstance(weights, dict) and re.fullmatch(
            "[0-9a-f]{64}", str(weights.get("sha256"))
        )
        if not is_hash or weights.get("dtype") not in WEIGHT_DTYPES:
            raise _error(path, f"weights={weights!r}")
        try:
            check_scales(self.feature_scales)
        except (TypeError, ValueError):
            raise _error(
                path, f"feature_scales={self.feature_scales!r}"
            ) from None
        if not isinstance(self.num_parameters, (int, type(None))):
            raise _error(path, f"num_parameters={self.num_parameters!r}")
        if not isinstance(self.facts, dict):
            raise _error(path, f"facts of type {type(self.facts).__name__}")


def model_card(metadata: PresetMetadata, name: str) -> str:
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


def _check_versions(values, path):
    if not isinstance(values, dict):
        raise _error(path, f"{type(values).__name__} in place of an object")
    written_by = str(values.get("keras_relcon_version", "0"))
    is_newer = _numbers(written_by) > _numbers(__version__)
    format_version = values.get("format_version", FORMAT_VERSION)
    if not isinstance(format_version, int):
        raise _error(path, f"format_version={format_version!r}")
    if is_newer or format_version > FORMAT_VERSION:
        raise ValueError(
            "A preset must be written by this version of keras_relcon, "
            f"{__version__}, or an older one. Received: {str(path)!r}, "
            f"written by version {written_by} in format {format_version}. "
            "Upgrade with `pip install --upgrade keras-relcon`."
        )


def _numbers(version):
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _error(path, received):
    return ValueError(
        "`metadata.json` of a preset must be what `save_to_preset` writes. "
        f"Received: {str(path)!r} with {received}. Copy or download the whole "
        "preset again."
    )


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
        rows = [
            [_cell(row.get(column)).replace("|", "\\|") for column in columns]
            for row in fact
        ]
        head = [_cell(column).replace("|", "\\|") for column in columns]
        return [markdown_table(head, rows, is_of_numbers=False)]
    if isinstance(fact, list):
        return [f"- {_cell(item)}" for item in fact]
    if isinstance(fact, dict):
        return [f"- {key}: {_cell(value)}" for key, value in fact.items()]
    return [_cell(fact)]


def _cell(value):
    if value is None:
        return NOT_STATED
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    # Links and code may be meant; elements of a page are not.
    return " ".join(str(value).replace("<", "&lt;").split())
