"""Pretrains an encoder from a config, stage by stage."""

import hashlib
import json
import platform
import shutil
import time

import keras

from keras_relcon import data, layers, models, presets
from keras_relcon.cli.pretrain_stage import Paused, fit_stage, stages_of
from keras_relcon.presets.preset_directory import read_preset

DISTANCE_SECTIONS = (
    "data",
    "held_out_subjects",
    "held_out_share",
    "seed",
    "recordings",
    "windows",
    "motif_distance",
)
NOT_OF_THE_MODEL = ("epochs", "steps", "batch_size", "learning_rate")

LOGGED_STEPS = 100  # of the motif distance, where its steps are given


def pretrain(config, overwrite=False, say=None):
    """Trains the motif distance, then the encoder, and writes a preset.

    A finished motif distance is kept beside the output, in
    `<output>.stages/motif_distance`, under a hash of all that it depends on,
    and checkpoints of the stage that is trained beside it: a run that was
    stopped or killed goes on there, and ends with the same weights. A preset
    that the same config wrote is kept as it is.

    Args:
        config: dict of `read_config` or `complete_config`.
        overwrite: bool. Whether a preset of another config may be replaced.
            Defaults to `False`.
        say: callable. Is given a line of text at each stage, e.g. `print`.
            Defaults to `None`.

    Returns:
        `Path` of the preset directory, or `None` if `run.max_minutes` were
        over first: call it again to go on.

    Raises:
        FileExistsError: if something else is at the output.
        ValueError: if a held-out subject has no recording, and as the readers
            and models.
    """
    say = say or (lambda line: None)
    output = config["output"]
    key = _key(config, [*DISTANCE_SECTIONS, "encoder", "relcon"])
    if output.exists() and _key_of(output) == key:
        say(f"{output} is finished already")
        return output
    if output.exists() and not overwrite:
        raise FileExistsError(
            "The output must not exist, or be of the same config. Received: "
            f"{str(output)!r}. Choose another output, or pass --overwrite."
        )
    keras.utils.set_random_seed(config["seed"])
    train, held_out = _split(config)
    info = train.info()
    say(
        f"training on {info['num_subjects']} subjects, {info['hours']:.2f} "
        f"hours; held out: {held_out}"
    )
    deadline, minutes = None, config["run"]["max_minutes"]
    if minutes is not None:
        deadline = time.monotonic() + 60 * minutes
    try:
        distance = _distance_stage(config, train, deadline, say)
        model, seconds = _train_encoder(
            config, train, distance, key, deadline, say
        )
    except Paused:
        say(f"paused after {minutes:g} minutes; saved in {stages_of(config)}")
        return None
    facts = _facts(config, train, held_out, model.history.history, seconds)
    path = presets.save_to_preset(
        model,
        output,
        facts={**facts, "config_sha256": key, **config["facts"]},
        overwrite=overwrite,
        **config["windows"],
    )
    shutil.rmtree(stages_of(config), ignore_errors=True)
    say(f"written to {path}")
    return path


def _split(config):
    """A store to train on, and the names of the subjects kept out of it."""
    recordings = data.load_recordings(config["data"], **config["recordings"])
    store = data.WindowStore.from_recordings(recordings, **config["windows"])
    held_out = [str(name) for name in config["held_out_subjects"]]
    unknown = sorted(set(held_out) - set(store.subjects))
    if unknown:
        raise ValueError(
            f"held_out_subjects must be among {store.subjects}. "
            f"Received: {unknown}."
        )
    if held_out:
        rest = [name for name in store.subjects if name not in held_out]
        return store.select_subjects(rest), held_out
    share = config["held_out_share"]
    if not share:
        return store, []
    train, rest = store.split_subjects((1 - share, share), config["seed"])
    return train, list(rest.subjects)


def _distance_stage(config, train, deadline, say):
    """The trained motif distance, from its stage where that is finished."""
    key = _key(config, DISTANCE_SECTIONS)
    stage = stages_of(config) / "motif_distance"
    if stage.exists() and _key_of(stage) == key:
        say("1. the motif distance is trained already")
        return presets.from_preset(stage)
    say("1. the motif distance learns to rebuild windows")
    settings = config["motif_distance"]
    distance = models.MotifDistance(
        **{k: v for k, v in settings.items() if k not in NOT_OF_THE_MODEL}
    )
    distance.compile(optimizer=keras.optimizers.Adam(settings["learning_rate"]))
    steps = settings["steps"]
    batches = data.WindowBatches(
        train,
        batch_size=settings["batch_size"],
        steps_per_epoch=steps and min(steps, LOGGED_STEPS),
        seed=config["seed"],
    )
    epochs = settings["epochs"]
    if steps:
        epochs = -(-steps // len(batches))
    training = fit_stage(
        distance, batches, epochs, "motif_distance", key, config, deadline
    )
    presets.save_to_preset(
        distance,
        stage,
        facts={"config_sha256": key, "seconds": training.seconds},
        overwrite=True,
        **config["windows"],
    )
    # The weights of the stage: a run that goes on from it is the same.
    return presets.from_preset(stage)


def _train_encoder(config, train, distance, key, deadline, say):
    """The trained model, and the seconds that both stages took."""
    say("2. RelCon teaches the encoder that order")
    settings = config["relcon"]
    keras.utils.set_random_seed(config["seed"] + 1)
    widths = settings["projector"]
    model = models.RelConModel(
        layers.ResNet1D34(**config["encoder"]),
        distance,
        temperature=settings["temperature"],
        projector=models.mlp_projector(widths) if widths else None,
        skip_nonfinite=settings["skip_nonfinite"],
    )
    steps_per_epoch = min(settings["steps_per_epoch"], settings["steps"])
    epochs = -(-settings["steps"] // steps_per_epoch)
    rate = _learning_rate(settings, epochs * steps_per_epoch)
    model.compile(optimizer=keras.optimizers.Adam(rate))
    groups = data.CandidateGroups(
        train,
        batch_size=settings["batch_size"],
        num_candidates=settings["num_candidates"],
        steps_per_epoch=steps_per_epoch,
        seed=config["seed"],
        policy=settings["policy"],
        span_seconds=settings["span_seconds"],
        minimum_std_g=settings["minimum_std_g"],
    )
    training = fit_stage(model, groups, epochs, "relcon", key, config, deadline)
    seconds = distance.preset_metadata.facts.get("seconds", 0)
    return model, seconds + training.seconds


def _learning_rate(settings, steps):
    rate, warmup = settings["learning_rate"], settings["warmup_steps"]
    if settings["schedule"] == "constant":
        return rate
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else rate,
        decay_steps=steps - warmup,
        warmup_target=rate if warmup else None,
        warmup_steps=warmup,
    )


def _facts(config, train, held_out, history, seconds):
    settings = config["relcon"]
    steps_per_epoch = min(settings["steps_per_epoch"], settings["steps"])
    return {
        "data": config["data"].name,
        "num_subjects": len(train.subjects),
        "held_out_subjects": held_out,
        "hours": round(train.info()["hours"], 3),
        "steps": steps_per_epoch * len(history["loss"]),
        "batch_size": settings["batch_size"],
        "num_candidates": settings["num_candidates"],
        "temperature": settings["temperature"],
        "seed": config["seed"],
        "training_time": f"{seconds:.0f} s",
        "machine": f"{platform.machine()}, {platform.system()}, "
        f"{keras.backend.backend()} backend",
        "last_loss_per_candidate": float(history["loss_per_candidate"][-1]),
    }


def _key(config, sections):
    """SHA-256 of parts of the config, and of the data's names and sizes."""
    path = config["data"]
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    content = {
        "config": {name: config[name] for name in sections},
        "files": [
            [str(file.relative_to(path)), file.stat().st_size]
            for file in files
            if file.is_file()
        ],
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _key_of(directory):
    """The hash that a finished directory is of, or `None`."""
    try:
        metadata = read_preset(directory)[1]
    except ValueError:
        return None
    return metadata.facts.get("config_sha256")
