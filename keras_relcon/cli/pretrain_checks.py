"""Checks values of the config of `keras-relcon pretrain`."""

import math

from keras_relcon.data.streams.candidate_checks import check_policy
from keras_relcon.layers.resnet1d34 import POOLINGS

SCHEDULES = ("constant", "cosine")
# Of the encoder. In mixed_float16 its gradient would need a scaled loss.
PRECISIONS = ("float32", "mixed_bfloat16")


def check_config(config):
    """Raises a `ValueError` at the first value that cannot be trained with.

    Args:
        config: dict, filled up, each value of the kind of its default.
    """
    _check_output(config["output"], config["data"])
    if not 0 <= config["held_out_share"] < 1:
        raise ValueError(
            "held_out_share must be 0, for none, or a share below 1. "
            f"Received: {config['held_out_share']}."
        )
    _check_positive(config["windows"], "windows", "sample_rate_hz")
    _check_at_least(config["windows"], "windows", {"window_length": 2})
    settings = config["motif_distance"]
    length = "epochs" if settings["steps"] is None else "steps"
    least = {length: 1, "batch_size": 1}
    _check_at_least(settings, "motif_distance", least)
    _check_positive(settings, "motif_distance", "learning_rate")
    _check_schedule(settings, "motif_distance")
    _check_among(config["encoder"], "encoder", "pooling", POOLINGS)
    _check_among(config["encoder"], "encoder", "precision", PRECISIONS)
    settings = config["relcon"]
    least = {
        "steps": 1,
        "steps_per_epoch": 1,
        "batch_size": 2,
        "num_candidates": 1,
    }
    _check_at_least(settings, "relcon", least)
    _check_positive(settings, "relcon", "learning_rate", "temperature")
    _check_schedule(settings, "relcon")
    _check_widths(settings, "relcon")
    check_policy(
        settings["policy"], settings["span_seconds"], settings["minimum_std_g"]
    )
    _check_views(config["views"])
    _check_at_least(config["run"], "run", {"checkpoint_steps": 1})


def check_warmup(section, warmup_steps, steps):
    """Raises a `ValueError` if a stage would end before it is warm."""
    if warmup_steps >= steps:
        raise ValueError(
            f"{section}.warmup_steps must be below its number of steps. "
            f"Received: {warmup_steps} of {steps}. Warm up for fewer steps."
        )


def _check_output(output, data):
    place = output.parent.resolve() / output.name
    if data.is_dir() and place.is_relative_to(data.resolve()):
        raise ValueError(
            "output must be outside of the folder data, where its files may be "
            f"read as recordings. Received: output = {str(output)!r} in "
            f"data = {str(data)!r}. Choose a place beside that folder."
        )


def _check_schedule(settings, section):
    _check_at_least(settings, section, {"warmup_steps": 0})
    _check_among(settings, section, "schedule", SCHEDULES)
    warmup_steps = settings["warmup_steps"]
    if warmup_steps and settings["schedule"] == "constant":
        raise ValueError(
            f'{section}.warmup_steps goes with {section}.schedule = "cosine". '
            f"Received: warmup_steps = {warmup_steps} with "
            '"constant". Choose "cosine", or leave out the warm-up.'
        )
    if settings["steps"] is not None:
        check_warmup(section, warmup_steps, settings["steps"])


def _check_views(settings):
    if not 0 <= settings["weight"] < math.inf:
        raise ValueError(
            "views.weight must be 0, for no views, or more. "
            f"Received: {settings['weight']}."
        )
    _check_positive(settings, "views", "temperature")
    _check_widths(settings, "views")


def _check_widths(settings, section):
    widths = settings["projector"]
    if not all(type(width) is int and width > 0 for width in widths):
        raise ValueError(
            f"{section}.projector must be a list of widths, such as "
            f"[256, 128], or []. Received: {widths}."
        )


def _check_among(settings, section, name, values):
    if settings[name] not in values:
        raise ValueError(
            f"{section}.{name} must be one of {list(values)}. "
            f"Received: {settings[name]!r}."
        )


def _check_positive(settings, section, *names):
    for name in names:
        if not 0 < settings[name] < math.inf:
            raise ValueError(
                f"{section}.{name} must be above 0, and finite. "
                f"Received: {settings[name]}."
            )


def _check_at_least(settings, section, least):
    for name, value in least.items():
        if type(settings[name]) is not int or settings[name] < value:
            raise ValueError(
                f"{section}.{name} must be a whole number of {value} or more. "
                f"Received: {settings[name]!r}."
            )
