import keras
from keras import ops

from keras_relcon import distributed

# Further apart than a training draws: PyTorch adds seed and count.
SEED_STEP = 1_000_003


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator whose replicas draw different numbers.

    Keras gives every replica the same seeds. Here each adds its index, times a
    large number; the first, or the only one, draws as `SeedGenerator` does.
    """

    def next(self, ordered=True):
        seed = super().next(ordered)
        shift = ops.stack([distributed.replica_index() * SEED_STEP, 0])
        return seed + ops.cast(shift, seed.dtype)
