"""A fitted estimator on disk: JSON, arrays, and the preset of its encoder."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np

from keras_relcon import kept_files
from keras_relcon.checks import message, nearest
from keras_relcon.data.file_limits import bounded_npz
from keras_relcon.estimators.encoders import (
    chosen_output,
    load_encoder,
    window_of,
)
from keras_relcon.estimators.linear_head import LinearHead
from keras_relcon.estimators.subject_scores import whom
from keras_relcon.evaluation.report.run_facts import to_plain
from keras_relcon.presets.preset_directory import (
    CARD,
    CONFIG,
    METADATA,
    OF_THE_SYSTEM,
    PRETRAINING_PARTS,
    WEIGHTS,
    find_preset,
)
from keras_relcon.presets.save_to_preset import save_to_preset
from keras_relcon.presets.weights_file import sha256

BUNDLED = Path(__file__).parent / "bundled"
FORMAT_VERSION = 1
HEAD, ENCODER = "head.npz", "encoder"
KINDS = ("classifier", "regressor")
FACTS = tuple(f"{kind}.json" for kind in KINDS)
ARRAYS = ("mean", "deviation", "kernel", "bias")


def bundled_classifiers():
    """Names of the classifiers that come with the package, sorted."""
    return sorted(
        path.parent.name for path in BUNDLED.glob("*/classifier.json")
    )


def kind_of(name_or_directory):
    """`"classifier"` or `"regressor"`, what `save` wrote there.

    Raises:
        ValueError: if it is neither.
    """
    directory = directory_of(name_or_directory)
    return next(k for k in KINDS if (directory / f"{k}.json").is_file())


def save_estimator(estimator, directory, overwrite=False, has_encoder=True):
    """Writes a fitted `MotionEstimator`; see its method `save`."""
    is_of_preset = _is_of_preset(estimator)
    if not has_encoder and not is_of_preset:
        raise ValueError(
            message(
                "Only the encoder of a preset can be left out.",
                "has_encoder=False for an encoder that is in no preset",
                "Save it with its encoder.",
            )
        )
    encoder = _describe_encoder(estimator, is_of_preset)

    def may_replace(path):
        check_is_free(path, overwrite)

    with kept_files.replacing_directory(directory, may_replace) as folder:
        np.savez(
            folder / HEAD,
            **{name: getattr(estimator.head_, name) for name in ARRAYS},
        )
        if has_encoder:
            _write_encoder(estimator, folder / ENCODER, is_of_preset)
        names, tested = estimator.saved_settings, estimator.test_scores_
        settings = to_plain({name: getattr(estimator, name) for name in names})
        facts = {
            "kind": estimator.kind,
            "format_version": FORMAT_VERSION,
            "encoder": {**encoder, "is_included": has_encoder},
            "head_sha256": sha256(folder / HEAD),
            "settings": settings,
            "strength": estimator.strength_,
            **estimator.saved_facts(),
            "placements": list(estimator.placements_),
            "num_subjects": estimator.num_subjects_,
            "subjects": estimator.subject_hashes_,
            "scores": estimator.scores_ and estimator.scores_.to_dict(),
            "test_scores": tested and tested.to_dict(),
            "versions": kept_files.library_versions(),
        }
        text = json.dumps(facts, indent=1, allow_nan=False)
        path = folder / f"{estimator.kind}.json"
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        card = _card(estimator, Path(directory).name)
        (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
    return Path(directory)


def load_into(estimator, name_or_directory):
    """Sets what `save_estimator` wrote on a new `MotionEstimator`.

    Raises:
        ValueError: if there is no such estimator, it is damaged, or its
            encoder is another one than it was fitted on.
    """
    directory = directory_of(name_or_directory)
    path = directory / f"{estimator.kind}.json"
    if not path.is_file():
        found, name = kind_of(directory), type(estimator).__name__
        raise ValueError(
            message(
                f"`{name}.load` loads a {estimator.kind}.",
                f"a {found}, {str(name_or_directory)!r}",
                f"Use `Motion{found.capitalize()}.load`.",
            )
        )
    facts = _read_facts(path)
    try:
        for name in estimator.saved_settings:
            setattr(estimator, name, facts["settings"][name])
        estimator.take_facts(facts)
        for name in ("scores", "test_scores"):
            values = facts.get(name)
            scores = values and estimator.kind_of_scores.from_dict(values)
            setattr(estimator, f"{name}_", scores)
        estimator.strength_ = float(facts["strength"])
        estimator.placements_ = tuple(facts["placements"])
        estimator.num_subjects_ = facts["num_subjects"]
        estimator.subject_hashes_ = facts["subjects"]
        encoder = facts["encoder"]
        estimator.encoder_name_ = encoder["name"]
        estimator.head_ = _read_head(directory, facts)
        estimator.output = encoder["output"]
        # Those before there were several were fitted on the windows as they
        # are.
        scales = tuple(encoder.get("scales", (1,)))
        estimator.encoder = encoder["name"]
        if encoder["is_included"]:
            estimator.encoder = str(directory / ENCODER)
        wanted = encoder["weights_sha256"]
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, repr(error)) from error
    head = estimator.head_
    shapes = {head.mean.shape, head.deviation.shape, head.kernel.shape[:1]}
    if (
        len(shapes) > 1
        or head.kernel.shape[1:] != head.bias.shape
        or not estimator.fits_together()
    ):
        raise _damaged(directory / HEAD, "its arrays do not fit together")
    estimator.encoder_ = load_encoder(
        estimator.encoder, estimator.output, scales
    )
    estimator.encoder_window_ = window_of(estimator.encoder_)
    found = _weights_sha256(estimator.encoder_)
    if wanted is not None and found != wanted:
        raise ValueError(
            message(
                "The encoder must be the one that the head was fitted on.",
                f"{estimator.encoder!r}, whose weights are others",
                f"Fit the {estimator.kind} again, or use the version of "
                "keras_relcon that it was fitted with, "
                f"{facts['versions'].get('keras_relcon', 'unknown')}.",
            )
        )
    return estimator


def directory_of(name_or_directory):
    name = str(name_or_directory)
    if name in bundled_classifiers():
        return BUNDLED / name
    directory = Path(name_or_directory)
    if not any((directory / name).is_file() for name in FACTS):
        advice = "Fit one, and `save` it."
        raise ValueError(
            message(
                f"A classifier must be one of {bundled_classifiers()}, or a "
                "directory that `save` wrote; a regressor such a directory.",
                repr(name),
                nearest(directory.name, bundled_classifiers(), advice),
            )
        )
    return directory


def _read_facts(path):
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(facts, dict) or facts.get("kind") != path.stem:
        raise _damaged(path, f"it describes no {path.stem}")
    version = facts.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ValueError(
            message(
                f"The format of a {path.stem} must be at most version "
                f"{FORMAT_VERSION}.",
                f"{str(path)!r} of version {version}",
                "Install a newer keras_relcon.",
            )
        )
    return facts


def _read_head(directory, facts):
    path = directory / HEAD
    if not path.is_file():
        raise _damaged(path, "it is missing")
    if sha256(path) != facts["head_sha256"]:
        raise _damaged(path, "its checksum is another")
    try:
        with bounded_npz(path) as archive:
            arrays = [archive[name] for name in ARRAYS]
    except kept_files.DAMAGED_NPZ as error:
        raise _damaged(path, error) from error
    return LinearHead(*arrays, strength=facts["strength"])


def _is_of_preset(estimator):
    """Whether `encoder` names what was fitted on: a preset, as it is now."""
    fitted = estimator._fitted_encoder()
    is_fine_tuned = getattr(estimator, "head", None) == "fine_tune"
    if is_fine_tuned or isinstance(estimator.encoder, keras.Model):
        return False
    try:
        named = estimator._load_encoder()
    except (ValueError, OSError):  # it is there no more
        return False
    known = _weights_sha256(named)
    return (
        known is not None
        and known == _weights_sha256(fitted)
        and type(named) is type(fitted)  # the same output
    )


def _describe_encoder(estimator, is_of_preset):
    output, scales, weights = "embedding", (1,), None
    if is_of_preset:
        output = chosen_output(estimator.encoder, estimator.output)
        scales = estimator.encoder_.preset_metadata.feature_scales
        weights = _weights_sha256(estimator.encoder_)
    return {
        "name": estimator.encoder_name_,
        "output": output,
        "scales": scales,
        "weights_sha256": weights,
    }


def _weights_sha256(encoder):
    metadata = getattr(encoder, "preset_metadata", None)
    return None if metadata is None else metadata.weights.get("sha256")


def _write_encoder(estimator, folder, is_of_preset):
    if not is_of_preset:
        metadata = getattr(estimator.encoder_, "preset_metadata", None)
        size = {}
        if metadata is None:
            rate_hz, length = estimator.window_
            size = {"sample_rate_hz": rate_hz, "window_length": length}
        save_to_preset(estimator.encoder_, folder, **size)
        return
    source = find_preset(estimator.encoder)
    for path in source.rglob("*"):
        below = path.relative_to(source)
        is_needed = path.name in (CONFIG, METADATA, WEIGHTS, CARD)
        if below.parts[0] in (*PRETRAINING_PARTS, *OF_THE_SYSTEM):
            continue
        if is_needed and path.is_file():
            (folder / below).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / below)


def check_is_free(path, overwrite):
    """Raises a `FileExistsError` where an estimator would not be written."""
    path = Path(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    known = {*FACTS, HEAD, ENCODER, CARD, *OF_THE_SYSTEM}
    is_own = (
        any((path / name).is_file() for name in FACTS)
        and {entry.name for entry in path.iterdir()} <= known
    )
    if overwrite and is_own:
        return
    advice = "Choose another name, or pass overwrite=True."
    if not is_own:
        advice = "It holds more than an estimator: choose another name."
    raise FileExistsError(
        message(
            "`directory` must not exist, or be empty.",
            {"directory": str(path)},
            advice,
        )
    )


def _card(estimator, name):
    """What a person reads of the estimator, Markdown."""
    kind, load = estimator.kind, type(estimator).__name__
    facts = [f"- {key}: {text}" for key, text in estimator.facts().items()]
    parts = [f"# {name}", f"A {kind} of motion from a 3-axis accelerometer."]
    parts.append("\n".join(facts))
    for scores in (estimator.test_scores_, estimator.scores_):
        if scores is not None:
            parts.append(f"Scores {whom(scores)}, {scores.unit}:")
            parts.append(f"```\n{scores.table()}\n```")
    parts.append(
        f'`keras_relcon.{load}.load("{name}")`, or '
        f"`keras-relcon predict walk.csv --model {name}`."
    )
    return "\n\n".join(parts) + "\n"


def _damaged(path, reason):
    return ValueError(
        message(
            "The files of an estimator must be as `save` wrote them.",
            f"{str(path)!r}, which is damaged ({reason})",
            "Copy the whole directory again.",
        )
    )
