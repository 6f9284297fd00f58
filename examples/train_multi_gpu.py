"""Trains RelCon on all devices of one machine, or of several machines.

python examples/train_multi_gpu.py windows.h5 motif_distance.keras
torchrun --nproc-per-node=8 examples/train_multi_gpu.py ...    # PyTorch

Started again, it resumes (not on several machines with TensorFlow).
"""

import argparse

import keras_relcon as kr  # first: it chooses the backend

# isort: split
import keras


def main():
    args = parse_args()
    parallel = kr.distributed.DataParallel()  # before anything else
    keras.utils.set_random_seed(args.seed)
    groups = kr.data.CandidateGroups(
        kr.data.WindowStore.open(args.windows),
        args.batch_size,
        args.num_candidates,
        args.seed,
        args.steps_per_epoch,
    )
    batches = parallel.shard(groups)
    callbacks = []
    if parallel.process_index == 0:
        callbacks = [kr.training.EpochLog(f"{args.output}.csv")]
    if isinstance(batches, keras.utils.PyDataset):
        folder = f"{args.output}.checkpoints"
        callbacks += [kr.training.ResumableTraining(folder, batches, every=100)]
    with parallel.scope():
        model = kr.RelConModel(
            kr.layers.ResNet1D34(),
            keras.saving.load_model(args.distance),
            temperature=args.temperature,
        )
        model.compile(optimizer=keras.optimizers.Adam(args.learning_rate))
    model.fit(
        batches,
        steps_per_epoch=len(groups),
        epochs=args.epochs,
        callbacks=callbacks,
        verbose=2 if parallel.process_index == 0 else 0,
    )
    if parallel.process_index == 0:
        model.encoder.save(args.output)
        print(f"trained on {parallel.num_replicas} devices")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows", help="a file of WindowStore.create")
    parser.add_argument("distance", help="a trained MotifDistance, .keras")
    parser.add_argument("--output", default="encoder.keras")
    parser.add_argument("--batch-size", type=int, default=64, help="global")
    parser.add_argument("--num-candidates", type=int, default=20)
    parser.add_argument("--temperature", type=float, default=0.1)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps-per-epoch", type=int)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
