"""What an encoder of WISDM's watch is worth on another data set.

    python benchmarks/transfer.py --data DATA --output transfer --record

DATA holds `wisdm-dataset.zip` and `A_DeviceMotion_data.zip`; for the targets
`pamap2_hand` and `hhar_watch` it is also TFDS's folder with their builders
prepared. The source is WISDM's watch, without the people by whom presets were
chosen; its test people are those held out of every preset. A third of the
target's people test. `target_ssl` is SimCLR from fresh weights. `--max-windows`
and `--steps` make it a trial; nothing may be concluded of one.
"""

import argparse
import time
from pathlib import Path

import keras
import measuring
import numpy as np

import keras_relcon as kr
from keras_relcon.baselines import SimCLR
from keras_relcon.data import make_windows
from keras_relcon.evaluation import (
    activity_map,
    held_out,
    transfer_matrix,
    untrained_copy,
)
from keras_relcon.evaluation.protocols.wisdm_watch import (
    HELD_OUT,
    VALIDATION,
)
from keras_relcon.evaluation.transfer.transfer_matrix import ROWS

RATE_HZ, LENGTH = 100, 256
QUESTION = "What is an encoder of one data set worth on another?"
NAME_OF_SOURCE = "wisdm-dataset"
UNSAID = ("data", "output", "record")  # of the command on the page
TFDS_NAMES = {"pamap2_hand": "pamap2/hand", "hhar_watch": "hhar/watch"}


def main(words=None):
    args = parse_args(words)
    began = time.time()
    labels = activity_map("wisdm_watch", args.target)
    source = windows_of(
        [
            recording
            for recording in kr.data.read_wisdm_watch(
                args.data / f"{NAME_OF_SOURCE}.zip"
            )
            if recording.subject not in VALIDATION
        ],
        args,
        labels.codes_of_source,
    )
    target = windows_of(recordings_of(args), args, labels.codes_of_target)
    people = sorted(set(target.subjects.tolist()))
    (fold,) = held_out(people, 1 / 3, 0.0, args.seed)
    encoder = kr.presets.from_preset(args.encoder)
    result = transfer_matrix(
        source,
        target,
        labels,
        encoder,
        pretrain=lambda windows: pretrained(encoder, windows, args),
        rows=args.rows,
        shares=args.shares,
        windows_per_class=args.windows_per_class,
        source_test=HELD_OUT,
        target_test=fold.test,
        num_draws=args.num_draws,
        steps=args.steps,
        seed=args.seed,
        names=(NAME_OF_SOURCE, args.target),
        progress=lambda line: print(line, flush=True),
    )
    result.save(args.output)
    print(result.table())
    if args.record:
        text = page(result, args, time.time() - began)
        print(measuring.record("transfer", QUESTION, text))


def recordings_of(args):
    if args.target == "motionsense":
        path = args.data / "A_DeviceMotion_data.zip"
        return list(kr.data.read_motionsense(path))
    name = TFDS_NAMES[args.target]
    return list(kr.data.tfds_recordings(name, data_dir=args.data))


def windows_of(recordings, args, codes_of):
    """Windows without overlap of a shared class, at most `--max-windows`."""
    windows = make_windows(recordings, RATE_HZ, LENGTH, LENGTH)
    rows = np.flatnonzero(windows.valid & (codes_of(windows.labels) >= 0))
    if args.max_windows is not None and len(rows) > args.max_windows:
        generator = np.random.default_rng(args.seed)
        rows = generator.choice(rows, args.max_windows, replace=False)
    return windows.select(np.sort(rows))


def pretrained(encoder, windows, args):
    """The network of the encoder, pretrained on windows without labels."""
    own = untrained_copy(encoder, args.seed, LENGTH)
    model = SimCLR(own, seed=args.seed)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    generator = np.random.default_rng(args.seed)
    rows = generator.integers(
        len(windows), size=(args.pretrain_steps * args.pretrain_batch)
    )
    model.fit(
        windows.acceleration[rows],
        batch_size=args.pretrain_batch,
        shuffle=False,
        verbose=0,
    )
    return own


def page(result, args, seconds):
    settings = result.settings
    command = measuring.command_line(
        "transfer.py --data DATA", make_parser(), args, UNSAID
    )
    return f"""\
`{args.encoder}` on the windows of {settings["source"]["name"]}'s watch
({len(settings["source"]["train"])} training people, \
{len(settings["source"]["test"])} test people) and of \
{settings["target"]["name"]} ({len(settings["target"]["train"])} and \
{len(settings["target"]["test"])}).
Classes: {", ".join(settings["classes"])}. {args.steps} training steps of each \
network, {args.pretrain_steps}
steps of SimCLR, {seconds / 60:.0f} minutes in all.

```
{command}
```

```
{result.table()}
```

{measuring.machine()}"""


def parse_args(words):
    return make_parser().parse_args(words)


def make_parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--target",
        choices=("motionsense", *TFDS_NAMES),
        default="motionsense",
    )
    parser.add_argument("--encoder", default="relcon_small@1")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument(
        "--shares", nargs="*", type=float, default=(0.01, 0.05, 0.1, 0.5, 1.0)
    )
    parser.add_argument(
        "--windows-per-class", nargs="*", type=int, default=(1, 5, 10, 50)
    )
    parser.add_argument("--num-draws", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--pretrain-steps", type=int, default=3000)
    parser.add_argument("--pretrain-batch", type=int, default=64)
    parser.add_argument("--max-windows", type=int, metavar="NUMBER")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("transfer"))
    parser.add_argument("--record", action="store_true")
    return parser


if __name__ == "__main__":
    main()
