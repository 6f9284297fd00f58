"""Spends half an hour of one GPU on the longest pretraining that fits into it.

    KERAS_BACKEND=jax python benchmarks/gpu_half_hour.py --leg-minutes 9

Call it again until it says that all is done: a call is a leg, which ends after
`--leg-minutes` and goes on where the one before ended. The first call measures
the seconds of a step, chooses the number of steps that `--minutes` have room
for, and keeps it in `<output>.plan.json`; so the learning rate ends at zero
with the time. When the preset is written, the next call measures the steps of
`accelerator` and `data_wait` with `--record`, unless `--no-measure`.

The data, people left out and sizes are those of a config of `keras-relcon
pretrain`; the default, `gpu_half_hour.toml`, has the encoder of `relcon_base`
and the corpus of `relcon_small`.
"""

import argparse
import importlib.util
import json
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

from keras_relcon import recipes  # noqa: E402  (needs the path above)
from keras_relcon.kept_files import replacing  # noqa: E402
from keras_relcon.recipes.comparison_scores import facts_of  # noqa: E402

# Of the two trials, whose difference has no compilation.
TRIAL_EPOCHS = (1, 3)


def main(arguments=None):
    args = parse_args(arguments)
    deadline = time.monotonic() + 60 * args.leg_minutes
    config = recipes.read_config(args.config)
    output = config["output"]
    plan = output.with_name(f"{output.name}.plan.json")
    if not plan.exists():
        per_epoch = config["relcon"]["steps_per_epoch"]
        seconds = seconds_of_step(config, per_epoch)
        epochs = max(1, int(60 * args.minutes / seconds) // per_epoch)
        chosen = {"steps": epochs * per_epoch, "seconds_of_a_step": seconds}
        with replacing(plan) as temporary:
            Path(temporary).write_text(json.dumps(chosen))
    planned = json.loads(plan.read_text())
    print(
        f"{planned['steps']} steps of {1e3 * planned['seconds_of_a_step']:.2f}"
        f" ms, in {plan}"
    )
    was_there = output.exists()
    left = max(0.0, deadline - time.monotonic()) / 60
    config["relcon"]["steps"] = planned["steps"]
    config["run"]["max_minutes"] = left
    if recipes.pretrain(config, say=print) is None:
        print("The leg is over. Call it again to go on.")
    elif args.measure and not was_there:
        print("Call it once more for the speed of a step.")
    else:
        if args.measure:
            measure()
        print("All is done.")


def measure():
    """The steps of all backends that are installed."""
    import run

    backends = [name for name in run.BACKENDS if importlib.util.find_spec(name)]
    parts = ["accelerator", "data_wait"]
    run.main([*parts, "--record", "--backends", *backends])


def seconds_of_step(config, per_epoch):
    """From two short trainings, one longer than the other."""
    trials = config["output"].with_name(f"{config['output'].name}.trials")
    seconds = []
    for epochs in TRIAL_EPOCHS:
        trial = {
            **config,
            "output": trials / str(epochs),
            "relcon": {**config["relcon"], "steps": epochs * per_epoch},
            "readout": {**config["readout"], "mini_rocket": 0, "compact": 0},
        }
        seconds.append(facts_of(recipes.pretrain(trial, say=print))["seconds"])
    fewer, more = TRIAL_EPOCHS
    return (seconds[1] - seconds[0]) / ((more - fewer) * per_epoch)


def parse_args(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "config", nargs="?", default=FOLDER / "gpu_half_hour.toml"
    )
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--leg-minutes", type=float, default=9.0)
    parser.add_argument("--no-measure", dest="measure", action="store_false")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
