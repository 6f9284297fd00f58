"""A step is traced once on TensorFlow, as its variables are there before."""

import keras
import numpy as np
import pytest
from support import PlainDistance, tiny_encoder

import keras_relcon as kr

if keras.backend.backend() != "tensorflow":
    pytest.skip("Other backends build first.", allow_module_level=True)

import tensorflow as tf

pytestmark = pytest.mark.every_backend


def relcon_model():
    return kr.RelConModel(tiny_encoder(), PlainDistance())


def candidate_group(rng):
    return {
        "anchor": rng.normal(size=(2, 40, 3)).astype("float32"),
        "candidates": rng.normal(size=(2, 1, 40, 3)).astype("float32"),
    }


class Batches(keras.utils.PyDataset):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.batch


def generator(batch):
    while True:
        yield (batch,)


FORMS = {
    "arrays": lambda batch: batch,
    "tf.data": lambda batch: tf.data.Dataset.from_tensors(batch),
    "PyDataset": Batches,
    "generator": generator,
}


@pytest.fixture
def num_traces(monkeypatch):
    """Counts calls of the Python of a model's training step."""
    counts = {}

    def count(model):
        step = model.train_step
        counts[model] = 0

        def counted(*args):
            counts[model] += 1
            return step(*args)

        model.train_step = counted
        return lambda: counts[model]

    return count


@pytest.mark.parametrize("form", FORMS)
def test_relcon_model_is_traced_once(rng, num_traces, form):
    model = relcon_model()
    model.compile(optimizer="adam")
    count = num_traces(model)
    batch = candidate_group(rng)
    history = model.fit(
        FORMS[form](batch), steps_per_epoch=1, epochs=2, verbose=0
    )
    assert np.isfinite(history.history["loss"]).all()
    # A generator is left alone: its first batch would be lost.
    assert count() == (2 if form == "generator" else 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: kr.MotifDistance(embedding_dim=8, kernel_size=3),
        lambda: kr.baselines.SimCLR(tiny_encoder()),
        lambda: kr.baselines.AugPred(tiny_encoder()),
    ],
    ids=["MotifDistance", "SimCLR", "AugPred"],
)
def test_models_of_windows_are_traced_once(rng, num_traces, make):
    model = make()
    model.compile(optimizer="adam")
    count = num_traces(model)
    windows = rng.normal(size=(4, 100, 3)).astype("float32")
    model.fit(windows, batch_size=2, epochs=2, verbose=0)
    assert count() == 1


class LazyEncoder(keras.Model):
    """Has no `build`: its layer makes its variables in the first step."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4)

    def call(self, x):
        return keras.ops.mean(self.dense(x), axis=1)


@pytest.mark.filterwarnings("ignore:.*does not have a `build")
def test_an_encoder_without_build_trains(rng):
    encoder = LazyEncoder()
    model = kr.RelConModel(encoder, PlainDistance())
    model.compile(optimizer="adam")
    model.fit(candidate_group(rng), epochs=1, verbose=0)
    before = encoder.dense.kernel.numpy()
    model.fit(candidate_group(rng), epochs=1, verbose=0)
    assert np.any(encoder.dense.kernel.numpy() != before)


def test_variables_of_a_strategy_are_mirrored(rng):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        model = relcon_model()
        model.compile(optimizer="adam")
    model.fit(Batches(candidate_group(rng)), epochs=1, verbose=0)
    kernel = model.encoder.stem_conv.kernel.value
    assert isinstance(kernel, tf.distribute.DistributedValues)
