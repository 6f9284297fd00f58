"""Pretrains an encoder on recordings: the motif distance, then RelCon.

python examples/pretrain.py wisdm-dataset.zip --output pretrained
"""

import argparse
import json
from pathlib import Path

import keras
import numpy as np

import keras_relcon as kr


def main():
    args = parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(args.seed)
    recordings = kr.data.load_recordings(args.data)
    store = kr.data.WindowStore.from_recordings(recordings)
    train, held_out = split(store, args.hold_out, args.seed)
    print("training on", train.info(), "held out:", held_out.subjects)

    windows = kr.data.make_windows(recordings, stride=256)
    windows = windows.select(windows.valid)
    is_train = np.isin(windows.subjects, train.subjects)
    unseen = windows.select(~is_train)

    distance = kr.MotifDistance()
    distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    distance_history = distance.fit(
        windows.select(is_train).acceleration,
        validation_data=(unseen.acceleration[::10],),
        batch_size=64,
        epochs=args.distance_epochs,
    ).history
    distance.save(args.output / "motif_distance.keras")
    auc = {
        name: kr.evaluation.motif_distance_auc(
            candidate, unseen, within_subject=True
        )
        for name, candidate in {
            "motif distance": distance,
            "untrained": kr.MotifDistance(),
            "Euclidean": kr.evaluation.euclidean_distance,
        }.items()
    }
    print("same activity nearer, in held-out subjects (AUC):", auc)

    encoder = kr.layers.ResNet1D34(
        widths=(32, 64, 128, 256), strides=(1, 2, 2, 2), name="relcon"
    )
    model = kr.RelConModel(encoder, distance, temperature=args.temperature)
    model.compile(optimizer=keras.optimizers.Adam(args.learning_rate))
    groups = kr.data.CandidateGroups(
        train,
        batch_size=args.batch_size,
        num_candidates=args.num_candidates,
        steps_per_epoch=100,
        seed=args.seed,
    )
    history = model.fit(groups, epochs=args.steps // 100).history
    encoder.save(args.output / "encoder.keras")
    model.save(args.output / "relcon.keras")
    (args.output / "run.json").write_text(
        json.dumps(
            {
                "arguments": {k: str(v) for k, v in vars(args).items()},
                "backend": keras.backend.backend(),
                "train": train.info(),
                "held_out_subjects": held_out.subjects,
                "same_activity_auc": auc,
                "motif distance": distance_history,
                "RelCon": history,
            },
            indent=1,
        )
    )


def split(store, hold_out, seed):
    """A store to train on, and one of subjects that it never shows."""
    if not hold_out:
        return store.split_subjects((0.8, 0.2), seed=seed)
    rest = [name for name in store.subjects if name not in hold_out]
    return store.select_subjects(rest), store.select_subjects(hold_out)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="an archive or folder of recordings")
    parser.add_argument("--output", type=Path, default=Path("pretrained"))
    parser.add_argument(
        "--hold-out",
        nargs="+",
        metavar="SUBJECT",
        help="subjects to keep for probing (default: a fifth, at random)",
    )
    parser.add_argument("--distance-epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument("--temperature", type=float, default=0.1)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
