"""Measurements of a pretraining, and facts for the model card."""

import platform

import keras

from keras_relcon import data, evaluation
from keras_relcon.recipes.pretraining_config import stated_config
from keras_relcon.recipes.pretraining_data import data_paths


def same_activity_auc(distance, recordings, windows, say):
    """Scores the distance by activity, beside the Euclidean distance.

    See `motif_distance_auc`. Candidates are of the anchor's subject.

    Args:
        distance: `MotifDistance`, trained.
        recordings: list of `Recording`, of subjects it was not trained on.
        windows: dict of `sample_rate_hz` and `window_length`.
        say: callable. Called with the reason if there is no score.

    Returns:
        dict of str to float, or `None` if there are no labels, or too few.
    """
    labelled = [item for item in recordings if item.labels is not None]
    if not labelled:
        return None
    # The score is only for information: without it, training continues.
    try:
        unseen = data.make_windows(
            labelled, **windows, stride=windows["window_length"]
        )
        return {
            name: evaluation.motif_distance_auc(
                candidate, unseen, within_subject=True
            )
            for name, candidate in (
                ("motif distance", distance),
                ("Euclidean", evaluation.euclidean_distance),
            )
        }
    except ValueError as error:
        say(f"no same-activity AUC: {error}")
        return None


def pretraining_facts(config, train, held_out, model, auc, seconds):
    """The facts of a preset.

    Args:
        config: dict of `complete_config`.
        train: `WindowStore` that was used for training.
        held_out: list of str. Subjects.
        model: `RelConModel`, as it was trained.
        auc: dict of `same_activity_auc`, or `None`.
        seconds: float. Of training.

    Returns:
        dict that JSON can hold.
    """
    settings, history = config["relcon"], model.history.history
    steps_per_epoch = min(settings["steps_per_epoch"], settings["steps"])
    facts = {
        "data": ", ".join(path.name for path in data_paths(config)),
        "num_subjects": len(train.subjects),
        "subjects": by_source(train.subjects, data_paths(config)),
        "held_out_subjects": held_out,
        "hours": round(train.info()["hours"], 3),
        "steps": steps_per_epoch * len(history["loss"]),
        "batch_size": settings["batch_size"],
        "num_candidates": settings["num_candidates"],
        "temperature": settings["temperature"],
        "seed": config["seed"],
        "seconds": round(seconds, 3),
        "training_time": f"{seconds:.0f} s",
        "machine": f"{platform.machine()}, {platform.system()}, "
        f"{keras.backend.backend()} backend",
        "last_loss_per_candidate": float(history["loss_per_candidate"][-1]),
    }
    if auc is not None:
        facts["same_activity_auc"] = auc
    return {**facts, "config": stated_config(config), **config["facts"]}


def by_source(subjects, paths):
    """The people of each source, whom `read_data` named `<source>/<subject>`.

    Args:
        subjects: sequence of str.
        paths: list of `Path`.

    Returns:
        dict of the source's name, without its ending, to a list of str.
    """
    if len(paths) == 1:
        return {paths[0].stem: list(subjects)}
    people = {}
    for subject in subjects:
        source, _, name = subject.partition("/")
        people.setdefault(source, []).append(name)
    return people
