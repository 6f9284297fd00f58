"""Pretrains an encoder: the motif distance first, then RelCon.

python examples/pretrain.py wisdm-dataset.zip --output my_preset --views 1

Killed, it goes on when it is run again. `keras-relcon pretrain` can do more.
"""

import argparse

import keras

import keras_relcon as kr


def main():
    args = parse_args()
    recordings = kr.data.load_recordings(args.data, args.sample_rate_hz)
    store = kr.data.WindowStore.from_recordings(recordings)
    train, test = store.split_subjects((0.8, 0.2))
    size = {"batch_size": args.batch_size, "steps_per_epoch": args.steps}
    keras.utils.set_random_seed(0)
    distance = kr.MotifDistance()
    windows = kr.data.WindowBatches(train, **size)
    fit(distance, windows, f"{args.output}.stages/motif_distance")
    unseen = [item for item in recordings if item.subject in test.subjects]
    facts = {"held_out_subjects": test.subjects, **score(distance, unseen)}
    keras.utils.set_random_seed(0)  # also where the first stage was read
    encoder = kr.layers.ResNet1D34(strides=(1, 2, 2, 2))
    views = kr.models.AugmentedViews(weight=args.views) if args.views else None
    model = kr.RelConModel(encoder, distance, temperature=0.1, views=views)
    size["num_candidates"] = args.num_candidates
    groups = kr.data.CandidateGroups(train, **size)
    fit(model, groups, f"{args.output}.stages/relcon")
    kr.presets.save_to_preset(model, args.output, facts, 100, 256)


def fit(model, batches, checkpoints):
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    resumable = kr.training.ResumableTraining(checkpoints, batches, every=100)
    model.fit(batches, shuffle=False, callbacks=[resumable])


def score(distance, recordings):
    """What labels, where there are some, say of the distance."""
    labelled = [item for item in recordings if item.labels is not None]
    try:
        auc = kr.evaluation.motif_distance_auc(
            distance, kr.data.make_windows(labelled), within_subject=True
        )
    except ValueError as error:  # too few labels, or none
        print(f"the distance is not scored: {error}")
        return {}
    print(f"same activity nearer, in held-out subjects (AUC): {auc:.3f}")
    return {"same_activity_auc": auc}


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="<subject>/<name>.csv files, or a zip")
    parser.add_argument("--sample-rate-hz", type=float)
    parser.add_argument("--output", default="my_preset")
    parser.add_argument("--steps", type=int, default=2000, help="of each stage")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument("--views", type=float, default=0, help="their weight")
    return parser.parse_args()


if __name__ == "__main__":
    main()
