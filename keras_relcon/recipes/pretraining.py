"""Pretrains an encoder from a config, stage by stage."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from keras_relcon import data, kept_files, presets
from keras_relcon.presets.preset_directory import check_is_free
from keras_relcon.presets.save_to_preset import check_facts
from keras_relcon.recipes.pretraining_data import (
    candidate_groups,
    split_data,
)
from keras_relcon.recipes.pretraining_facts import (
    pretraining_facts,
    same_activity_auc,
)
from keras_relcon.recipes.pretraining_models import (
    check_models,
    in_float32,
    learning_rate,
    load_distance,
    make_distance,
    make_model,
)
from keras_relcon.recipes.pretraining_stages import (
    Paused,
    fit_stage,
    key_of,
    other_stages,
    stage_keys,
    stages_of,
)
from keras_relcon.recipes.readout import check_neighbours, fit_readout

LOGGED_STEPS = 100  # in an epoch of the motif distance, if it has steps


def pretrain(
    config: dict[str, Any],
    overwrite: bool = False,
    say: Callable[[str], Any] | None = None,
) -> Path | None:
    """Trains the motif distance, then the encoder, and writes a preset.

    A finished motif distance is kept beside the output, in
    `<output>.stages/motif_distance`, with a hash of everything that it depends
    on. Checkpoints of the current stage are kept beside it. So a run that was
    stopped or killed resumes, and ends with the same weights. A preset that
    the same config wrote is left unchanged.

    Args:
        config: dict of `read_config` or `complete_config`.
        overwrite: bool. Whether a preset or checkpoints of another config
            may be replaced. Defaults to `False`.
        say: callable. Called with a line of text at each stage, e.g. `print`.
            Defaults to `None`.

    Returns:
        `Path` of the preset directory; or `None` if `run.max_minutes` passed
        before the end. Call it again to continue.

    Raises:
        FileExistsError: if something else is at the output, or checkpoints
            of another config are beside it.
        FileNotFoundError: if there is no data.
        FloatingPointError: if a loss is not finite.
        OSError: if another process pretrains into the same output.
        TypeError: if JSON cannot hold the facts.
        ValueError: if a held-out subject has no recording, and as the readers
            and models.
    """
    say = say or (lambda line: None)
    output = config["output"]
    keys = stage_keys(config)
    if output.exists() and key_of(output) == keys["relcon"]:
        say(f"{output} is finished already")
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    with kept_files.lock(stages_of(config), wait=False):
        return _pretrain(config, keys, overwrite, say)


def _pretrain(config, keys, overwrite, say):
    """Trains the two stages and writes the preset, in a locked folder."""
    output = config["output"]
    _check_start(config, overwrite)
    others = other_stages(config, keys, overwrite)
    keras.utils.set_random_seed(config["seed"])
    train, held_out, unseen = split_data(config)
    info = train.info()
    say(
        f"training on {info['num_subjects']} subjects, {info['hours']:.2f} "
        f"hours; held out: {held_out}"
    )
    groups = candidate_groups(config, train)
    check_neighbours(config, groups)
    # Only now is it known that there is data to train on.
    for folder in others:
        shutil.rmtree(folder)
    deadline, minutes = None, config["run"]["max_minutes"]
    if minutes is not None:
        deadline = time.monotonic() + 60 * minutes
    try:
        distance = _distance_stage(
            config, train, unseen, keys["motif_distance"], deadline, say
        )
        auc = distance.preset_metadata.facts.get("same_activity_auc")
        if auc is not None:
            scores = ", ".join(f"{k} {v:.3f}" for k, v in auc.items())
            say(f"same activity nearer, in held-out subjects (AUC): {scores}")
        groups = _ranked_groups(config, train, groups, distance, say)
        model, seconds = _train_encoder(
            config, groups, distance, keys["relcon"], deadline, say
        )
    except Paused:
        say(f"paused after {minutes:g} minutes; saved in {stages_of(config)}")
        return None
    facts = pretraining_facts(config, train, held_out, model, auc, seconds)
    model = in_float32(model)
    path = presets.save_to_preset(
        model,
        output,
        facts={**facts, "config_sha256": keys["relcon"]},
        overwrite=overwrite,
        **config["windows"],
        **fit_readout(config, model.encoder, groups),
    )
    shutil.rmtree(stages_of(config), ignore_errors=True)
    say(f"written to {path}")
    return path


def _check_start(config, overwrite):
    """Raises before training if the preset could not be saved after it."""
    output = config["output"]
    if output.exists() and not overwrite:
        raise FileExistsError(
            "The output must not exist, or be of the same config. Received: "
            f"{str(output)!r}. Choose another output, or pass overwrite=True."
        )
    check_is_free(output, overwrite)
    check_is_free(stages_of(config) / "motif_distance", overwrite=True)
    check_facts(config["facts"])
    check_models(config)


def _distance_stage(config, train, unseen, key, deadline, say):
    """The trained motif distance, from its stage if that is finished."""
    if config["motif_distance"]["preset"] is not None:
        name = config["motif_distance"]["preset"]
        say(f"1. the motif distance is that of {name}")
        return load_distance(name)
    stage = stages_of(config) / "motif_distance"
    if stage.exists() and key_of(stage) == key:
        say("1. the motif distance is trained already")
        return presets.from_preset(stage)
    say("1. the motif distance learns to reconstruct windows")
    settings = config["motif_distance"]
    distance, steps = make_distance(config), settings["steps"]
    batches = data.WindowBatches(
        train,
        batch_size=settings["batch_size"],
        steps_per_epoch=steps and min(steps, LOGGED_STEPS),
        seed=config["seed"],
    )
    epochs = settings["epochs"]
    if steps:
        epochs = -(-steps // len(batches))
    rate = learning_rate(config, "motif_distance", epochs * len(batches))
    distance.compile(optimizer=keras.optimizers.Adam(rate))
    training = fit_stage(
        distance, batches, epochs, "motif_distance", key, config, deadline
    )
    facts = {"config_sha256": key, "seconds": training.seconds}
    auc = same_activity_auc(distance, unseen, config["windows"], say)
    if auc is not None:
        facts["same_activity_auc"] = auc
    presets.save_to_preset(
        distance,
        stage,
        facts=facts,
        overwrite=True,
        **config["windows"],
    )
    # The saved weights, so that a run that resumes here is the same.
    return presets.from_preset(stage)


def _ranked_groups(config, train, groups, distance, say):
    """The groups with their order of candidates, ranked once."""
    path = config["relcon"]["ranking"]
    if path is None:
        return groups
    say(f"the candidates of {len(groups)} groups are ranked, in {path.name}")
    data.rank_groups(groups, distance, path)
    return candidate_groups(config, train, path)


def _train_encoder(config, groups, distance, key, deadline, say):
    """The trained model, and the seconds that both stages took."""
    say("2. RelCon trains the encoder to keep the order of the distances")
    settings = config["relcon"]
    keras.utils.set_random_seed(config["seed"] + 1)
    model = make_model(config, distance)
    epochs = -(-settings["steps"] // len(groups))
    rate = learning_rate(config, "relcon", epochs * len(groups))
    model.compile(optimizer=keras.optimizers.Adam(rate))
    training = fit_stage(model, groups, epochs, "relcon", key, config, deadline)
    seconds = distance.preset_metadata.facts.get("seconds", 0)
    return model, seconds + training.seconds
