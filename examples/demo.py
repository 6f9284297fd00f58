"""The whole pipeline: recordings, motif distance, RelCon, embeddings, probe.

python examples/demo.py                       # synthetic recordings
python examples/demo.py --data archive.zip    # MotionSense, WISDM, or a folder
"""

import argparse
from pathlib import Path

import keras
import numpy as np

import keras_relcon as kr

MAXIMUM_PROBED_WINDOWS = 4000


def main():
    args = parse_args()
    keras.utils.set_random_seed(args.seed)
    size = {"subjects": 6, "epochs": 1, "steps": 5} if args.quick else {}
    recordings = load(args.data, size.get("subjects", 12))
    store = kr.data.WindowStore.from_recordings(recordings)
    num_subjects = len(store.subjects)
    if num_subjects < 5:
        raise SystemExit(
            "The demo needs 5 subjects or more: 2 to pretrain on and 3 others "
            f"to probe. Received: {store.subjects}. Add recordings."
        )
    # The probe's subjects are never seen in pretraining.
    share = max(0.5, 3 / num_subjects)
    pretrain, probe = store.split_subjects((1 - share, share), seed=args.seed)
    say(f"{store.info()}\npretraining on subjects {pretrain.subjects}")

    windows = kr.data.make_windows(recordings)
    windows = windows.select(windows.valid)
    seen = windows.select(np.isin(windows.subjects, pretrain.subjects))
    unseen = windows.select(np.isin(windows.subjects, probe.subjects))

    say("\n1. The motif distance learns to reconstruct windows")
    distance = small_distance()
    distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    distance_history = distance.fit(
        thin(seen, 64 * size.get("steps", 45)).acceleration,
        batch_size=64,
        epochs=size.get("epochs", 6),
    ).history
    if windows.labels is not None:
        report_auc(distance, unseen)

    say("\n2. RelCon trains the encoder to keep the order of the distances")
    encoder = kr.layers.ResNet1D34(
        widths=(32, 64, 128, 256), strides=(1, 2, 2, 2)
    )
    model = kr.RelConModel(encoder, distance, temperature=0.1)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    groups = kr.data.CandidateGroups(
        pretrain,
        batch_size=32,
        num_candidates=8,
        steps_per_epoch=size.get("steps", 30),
        seed=args.seed,
    )
    history = model.fit(groups, epochs=size.get("epochs", 3)).history
    encoder.save(args.output / "encoder.keras")

    say("\n3. A linear probe on unseen subjects, beside its controls")
    unseen = thin(unseen, MAXIMUM_PROBED_WINDOWS)
    if windows.labels is None:
        result = kr.evaluation.embed(encoder, unseen)
        np.savez(args.output / "embeddings.npz", **vars(result))
        say(f"there are no labels to probe: embeddings are in {args.output}")
        return
    report = kr.evaluation.cross_validate(
        kr.evaluation.LinearProbe(),
        {"RelCon": encoder},
        unseen,
        kr.evaluation.grouped_k_fold(
            unseen.subjects, num_folds=min(4, len(probe.subjects))
        ),
        progress=say,
    )
    report.save(
        args.output,
        histories={"motif distance": distance_history, "RelCon": history},
    )
    say(f"\n{report.table()}\nwritten to {args.output}/")


def small_distance():
    """A distance that ranks fast: few channels, at half of the rate."""
    return kr.MotifDistance(
        embedding_dim=32, downsampling=2, ranking_attention="softmax"
    )


def load(path, num_subjects):
    if path:
        return kr.data.load_recordings(path)
    return kr.data.synthetic_recordings(
        num_subjects=num_subjects, seconds_per_motion=60
    )


def thin(windows, maximum):
    """Every k-th window, so that at most `maximum` are left."""
    step = -(-len(windows) // maximum)
    return windows.select(np.arange(0, len(windows), step))


def report_auc(distance, windows):
    for name, candidate in {
        "trained distance": distance,
        "untrained distance": small_distance(),
        "Euclidean distance": kr.evaluation.euclidean_distance,
    }.items():
        auc = kr.evaluation.motif_distance_auc(
            candidate, windows, num_anchors=32, num_candidates=32
        )
        say(f"{name} ranks the same motion nearer with AUC {auc:.3f}")


def say(text):
    print(text, flush=True)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", help="MotionSense or WISDM zip, or a folder")
    parser.add_argument("--output", type=Path, default=Path("report"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--quick", action="store_true", help="a few steps, to try it out"
    )
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    return args


if __name__ == "__main__":
    main()
