"""A fitted classifier on disk: JSON, arrays, and the preset of its encoder."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np

from keras_relcon import kept_files
from keras_relcon.checks import message, nearest
from keras_relcon.estimators.encoders import chosen_output, load_encoder
from keras_relcon.estimators.linear_head import LinearHead
from keras_relcon.estimators.subject_scores import SubjectScores
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

BUNDLED = Path(__file__).parent / "bundled"
FORMAT_VERSION = 1
FACTS, HEAD, ENCODER = "classifier.json", "head.npz", "encoder"
ARRAYS = ("mean", "deviation", "kernel", "bias")
# Of the constructor; the encoder is told by itself.
SETTINGS = (
    "head",
    "strength",
    "class_weight",
    "smoothing",
    "min_probability",
    "num_folds",
    "max_windows",
    "epochs",
    "batch_size",
    "seed",
)


def bundled_classifiers():
    """Names of the classifiers that come with the package, sorted."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{FACTS}"))


def save_classifier(classifier, directory, overwrite=False, has_encoder=True):
    """Writes a fitted `MotionClassifier`; see its method `save`."""
    encoder = _describe_encoder(classifier)

    def may_replace(path):
        check_is_free(path, overwrite)

    with kept_files.replacing_directory(directory, may_replace) as folder:
        np.savez(
            folder / HEAD,
            **{name: getattr(classifier.head_, name) for name in ARRAYS},
        )
        if has_encoder:
            _write_encoder(classifier, folder / ENCODER)
        facts = {
            "kind": "classifier",
            "format_version": FORMAT_VERSION,
            "classes": [str(name) for name in classifier.classes_],
            "encoder": {**encoder, "is_included": has_encoder},
            "head_sha256": _sha256(folder / HEAD),
            "settings": {n: getattr(classifier, n) for n in SETTINGS},
            "strength": classifier.strength_,
            "priors": classifier.priors_.tolist(),
            "transitions": _as_list(classifier.transitions_),
            "placements": list(classifier.placements_),
            "num_subjects": classifier.num_subjects_,
            "subjects": classifier.subject_hashes_,
            "scores": classifier.scores_ and classifier.scores_.to_dict(),
            "versions": kept_files.library_versions(),
        }
        text = json.dumps(facts, indent=1, allow_nan=False)
        (folder / FACTS).write_text(text + "\n", encoding="utf-8")
        card = _card(classifier, Path(directory).name)
        (folder / CARD).write_text(card, encoding="utf-8")
    return Path(directory)


def load_into(classifier, name_or_directory):
    """Sets what `save_classifier` wrote on a new `MotionClassifier`.

    Raises:
        ValueError: if there is no such classifier, it is damaged, or its
            encoder is another one than it was fitted on.
    """
    directory = _find(name_or_directory)
    facts = _read_facts(directory)
    try:
        for name in SETTINGS:
            setattr(classifier, name, facts["settings"][name])
        classifier.classes_ = np.array(facts["classes"])
        classifier.strength_ = float(facts["strength"])
        classifier.priors_ = np.array(facts["priors"], "float64")
        classifier.transitions_ = None
        if facts["transitions"] is not None:
            transitions = np.array(facts["transitions"], "float64")
            classifier.transitions_ = transitions
        classifier.placements_ = tuple(facts["placements"])
        classifier.num_subjects_ = facts["num_subjects"]
        classifier.subject_hashes_ = facts["subjects"]
        classifier.scores_ = None
        if facts["scores"] is not None:
            classifier.scores_ = SubjectScores.from_dict(facts["scores"])
        encoder = facts["encoder"]
        classifier.head_ = _read_head(directory, facts)
        classifier.output = encoder["output"]
        if encoder["is_included"]:
            classifier.encoder = str(directory / ENCODER)
        else:
            classifier.encoder = encoder["name"]
        wanted = encoder["weights_sha256"]
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(directory / FACTS, repr(error)) from error
    _check_shapes(classifier, directory)
    classifier.encoder_ = load_encoder(classifier.encoder, classifier.output)
    found = _weights_sha256(classifier.encoder_)
    if wanted is not None and found != wanted:
        raise ValueError(
            message(
                "The encoder of a classifier must be the one that it was "
                "fitted on.",
                f"{classifier.encoder!r}, whose weights are others",
                "Fit the classifier again, or use the version of "
                f"keras_relcon that it was fitted with, "
                f"{facts['versions'].get('keras_relcon', 'unknown')}.",
            )
        )
    return classifier


def _find(name_or_directory):
    name = str(name_or_directory)
    if name in bundled_classifiers():
        return BUNDLED / name
    directory = Path(name_or_directory)
    if not (directory / FACTS).is_file():
        advice = "Fit one, and `save` it."
        raise ValueError(
            message(
                f"A classifier must be one of {bundled_classifiers()}, or a "
                "directory that `MotionClassifier.save` wrote.",
                repr(name),
                nearest(directory.name, bundled_classifiers(), advice),
            )
        )
    return directory


def _read_facts(directory):
    path = directory / FACTS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(facts, dict) or facts.get("kind") != "classifier":
        raise _damaged(path, "it describes no classifier")
    version = facts.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ValueError(
            message(
                "The format of a classifier must be at most version "
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
    if _sha256(path) != facts["head_sha256"]:
        raise _damaged(path, "its checksum is another")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = [archive[name] for name in ARRAYS]
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
        raise _damaged(path, error) from error
    return LinearHead(*arrays, strength=facts["strength"])


def _check_shapes(classifier, directory):
    head, num_classes = classifier.head_, len(classifier.classes_)
    num_columns = len(head.mean)
    transitions = classifier.transitions_
    fits = (
        head.deviation.shape == (num_columns,)
        and head.kernel.shape == (num_columns, num_classes)
        and head.bias.shape == (num_classes,)
        and classifier.priors_.shape == (num_classes,)
        and (
            transitions is None
            or transitions.shape == (num_classes, num_classes)
        )
    )
    if not fits:
        raise _damaged(directory / HEAD, "its arrays do not fit together")


def _describe_encoder(classifier):
    encoder = classifier._fitted_encoder()
    own = classifier.head == "fine_tune"
    is_model = own or isinstance(classifier.encoder, keras.Model)
    output, name = "embedding", classifier.encoder_.name
    if not is_model:
        output = chosen_output(classifier.encoder, classifier.output)
        name = find_preset(classifier.encoder).name
    return {
        "name": name,
        "output": output,
        "weights_sha256": None if is_model else _weights_sha256(encoder),
    }


def _weights_sha256(encoder):
    metadata = getattr(encoder, "preset_metadata", None)
    return None if metadata is None else metadata.weights.get("sha256")


def _write_encoder(classifier, folder):
    is_model = isinstance(classifier.encoder, keras.Model)
    if is_model or classifier.head == "fine_tune":
        metadata = getattr(classifier.encoder_, "preset_metadata", None)
        size = {}
        if metadata is None:
            rate_hz, length = classifier.window_
            size = {"sample_rate_hz": rate_hz, "window_length": length}
        save_to_preset(classifier.encoder_, folder, **size)
        return
    source = find_preset(classifier.encoder)
    for path in source.rglob("*"):
        below = path.relative_to(source)
        is_needed = path.name in (CONFIG, METADATA, WEIGHTS, CARD)
        if below.parts[0] in (*PRETRAINING_PARTS, *OF_THE_SYSTEM):
            continue
        if is_needed and path.is_file():
            (folder / below).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / below)


def check_is_free(path, overwrite):
    """Raises a `FileExistsError` where a classifier would not be written."""
    path = Path(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    known = {FACTS, HEAD, ENCODER, CARD, *OF_THE_SYSTEM}
    is_own = (path / FACTS).is_file() and {
        entry.name for entry in path.iterdir()
    } <= known
    if overwrite and is_own:
        return
    advice = "Choose another name, or pass overwrite=True."
    if not is_own:
        advice = "It holds more than a classifier: choose another name."
    raise FileExistsError(
        message(
            "`directory` must not exist, or be empty.",
            {"directory": str(path)},
            advice,
        )
    )


def _card(classifier, name):
    """What a person reads of the classifier, Markdown."""
    facts = [f"- {key}: {text}" for key, text in classifier.facts().items()]
    parts = [f"# {name}", "A classifier of motion from a 3-axis accelerometer."]
    parts.append("\n".join(facts))
    if classifier.scores_ is not None:
        parts.append("Scores on people left out, in percent:")
        parts.append(f"```\n{classifier.scores_.table()}\n```")
    parts.append(
        f'`keras_relcon.MotionClassifier.load("{name}")`, or '
        f"`keras-relcon predict walk.csv --model {name}`."
    )
    return "\n\n".join(parts) + "\n"


def _as_list(array):
    return None if array is None else array.tolist()


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _damaged(path, reason):
    return ValueError(
        message(
            "The files of a classifier must be as `save` wrote them.",
            f"{str(path)!r}, which is damaged ({reason})",
            "Copy the whole directory again.",
        )
    )
