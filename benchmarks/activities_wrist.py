"""Fits and scores the classifier that comes with the package.

python benchmarks/activities_wrist.py choose --data DATA   # on 6 people
python benchmarks/activities_wrist.py fit --data DATA      # on 30 others
python benchmarks/activities_wrist.py test --data DATA     # once, on others

DATA holds `wisdm-dataset.zip` and `corpus/sphere_challenge_train.npz`. `choose`
prints what the head confuses on the people to choose by; the classes of GROUPS
were chosen by it. `fit` writes the classifier into the package. `test` scores
it on people whom nothing was chosen on, and keeps the scores of those of WISDM
with it, for what it says of a new person.
"""

import argparse
from pathlib import Path

import numpy as np

import keras_relcon as kr
from keras_relcon.estimators.encoders import window_of
from keras_relcon.estimators.examples import examples_of, labels_of
from keras_relcon.estimators.subject_scores import score_row
from keras_relcon.evaluation.protocols.wisdm_watch import (
    HELD_OUT,
    VALIDATION,
    wisdm_watch_pretraining_subjects,
)

BUNDLED = Path(kr.__file__).parent / "estimators/bundled/activities_wrist"
# "steady" is no better here, see the results.
OUTPUT = "wide"
GROUPS = {
    "ball sports": ("catch", "dribbling", "kicking"),
    "brushing teeth": ("teeth",),
    "clapping": ("clapping",),
    "desk work": ("typing", "writing"),
    "eating or drinking": ("chips", "drinking", "pasta", "sandwich", "soup"),
    "folding clothes": ("folding",),
    "running": ("jogging",),
    "sitting": ("sitting",),
    "standing": ("standing",),
    "walking": ("stairs", "walking"),
}
SPHERE = {
    "sitting": ("p_sit",),
    "standing": ("p_stand",),
    "walking": ("a_ascend", "a_descend", "a_loadwalk", "a_walk"),
}
# Sitting and standing are one posture to a wrist that rests.
STILL = {"sitting": "sitting or standing", "standing": "sitting or standing"}
MAX_WINDOWS = 8000


def main():
    args = parse_args()
    {"choose": choose, "fit": fit, "test": test}[args.step](args.data)


def choose(data):
    """What 18 activities are taken for, on the people to choose by."""
    recordings = list(kr.data.read_wisdm_watch(data / "wisdm-dataset.zip"))
    model = kr.MotionClassifier(
        output=OUTPUT, num_folds=0, max_windows=MAX_WINDOWS
    )
    model.fit(of_people(recordings, training_people(recordings)))
    examples = examples_of(
        of_people(recordings, VALIDATION), window_of(model.encoder_), labels_of
    )
    probabilities = model.predict_proba(examples.inputs)
    fine = {name: (name,) for name in model.classes_}
    for title, groups in {"as labelled": fine, "grouped": GROUPS}.items():
        names, found, true = grouped(model, probabilities, examples, groups)
        row = score_row(true, found.argmax(1), examples.groups, names, found)
        print(f"{title}: macro-F1 {row['macro_f1']:.3f}, {row['of_classes']}")


def fit(data):
    """Fits on the people who may be trained on, with their own score."""
    recordings = list(kr.data.read_wisdm_watch(data / "wisdm-dataset.zip"))
    people = training_people(recordings)
    # How often an activity was recorded in WISDM is no one's day.
    model = kr.MotionClassifier(
        output=OUTPUT, max_windows=MAX_WINDOWS, class_weight="balanced"
    )
    model.fit([relabelled(r, GROUPS) for r in of_people(recordings, people)])
    model.placements_ = ("wrist",)  # the archive is of watches
    print(model.scores_.table())
    print(model.scores_.sentence())
    print(model.save(BUNDLED, overwrite=True, has_encoder=False))


def test(data):
    """Scores the classifier of the package on people for testing only."""
    model = kr.MotionClassifier.load("activities_wrist")
    wisdm = list(kr.data.read_wisdm_watch(data / "wisdm-dataset.zip"))
    held_out = [relabelled(r, GROUPS) for r in of_people(wisdm, HELD_OUT)]
    print(model.evaluate(held_out).sentence())
    model.save(BUNDLED, overwrite=True, has_encoder=False)
    show("WISDM, ten people held out", model, held_out)
    path = data / "corpus" / "sphere_challenge_train.npz"
    sphere = [relabelled(r, SPHERE) for r in kr.data.read_corpus(path)]
    show("SPHERE, all classes allowed", model, sphere)
    show("SPHERE, its three classes alone", model, sphere, SPHERE)
    show("SPHERE, sitting and standing as one", model, sphere, SPHERE, STILL)


def show(title, model, recordings, only=None, joined=None):
    examples = examples_of(recordings, window_of(model.encoder_), labels_of)
    found = model.predict_proba(examples.inputs)
    names = model.classes_.tolist()
    columns = [names.index(n) for n in (only or names)]
    names = [(joined or {}).get(names[c], names[c]) for c in columns]
    kept = sorted(set(names))
    joining = np.array([[n == k for k in kept] for n in names], float)
    found = found[:, columns] @ joining
    found /= found.sum(axis=1, keepdims=True)
    labels = [(joined or {}).get(label, label) for label in examples.values]
    true = np.searchsorted(kept, labels)
    predicted = found.argmax(axis=1)
    row = score_row(true, predicted, examples.groups, kept, found)
    present = {kept[code] for code in np.unique(true)}
    print(f"\n{title}: {len(true)} windows")
    for key in ("macro_f1", "accuracy"):
        low, high = row[f"{key}_interval"]
        print(f"  {key} {row[key]:.3f} [{low:.3f}, {high:.3f}]")
    print(f"  calibration error {row['calibration_error']:.3f}")
    of_classes = row["of_classes"]
    print("  F1", {n: round(of_classes[n], 3) for n in sorted(present)})
    confusion = np.zeros((len(kept), len(kept)), int)
    np.add.at(confusion, (true, predicted), 1)
    print("  true by predicted:", kept)
    for label, counts in zip(kept, confusion):
        if counts.any():
            print(f"    {label}: {counts.tolist()}")


def training_people(recordings):
    return wisdm_watch_pretraining_subjects([r.subject for r in recordings])


def of_people(recordings, people):
    return [r for r in recordings if r.subject in people]


def relabelled(recording, groups):
    """With the class of each label; without where it is in no class."""
    class_of = {label: name for name, of in groups.items() for label in of}
    names, codes = np.unique(recording.labels, return_inverse=True)
    named = np.array([class_of.get(str(name), "") for name in names])
    return recording.with_labels(named[codes])


def grouped(model, probabilities, examples, groups):
    """Adds up the probabilities of the labels of each class."""
    names = sorted(groups)
    joining = [[c in groups[n] for n in names] for c in model.classes_]
    class_of = {label: name for name in names for label in groups[name]}
    true = [names.index(class_of[label]) for label in examples.values]
    return names, probabilities @ np.array(joining, float), np.array(true)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("step", choices=("choose", "fit", "test"))
    parser.add_argument("--data", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
