import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A folder of tests bears the package's name: the package must be found.
sys.path.insert(0, str(ROOT))

pytest.importorskip(
    "tensorflow_datasets", reason="the builders need tensorflow-datasets"
)
pytest.importorskip(
    "importlib_resources", reason="TFDS needs importlib_resources"
)


@pytest.fixture(scope="session")
def prepare(tmp_path_factory):
    """Prepares `name` or `name/config` from its dummy data, once."""
    import tensorflow_datasets as tfds

    import tfds_builders  # noqa: F401

    data_dir = tmp_path_factory.mktemp("tfds")

    def _prepare(full_name):
        builder = tfds.builder(
            full_name, data_dir=data_dir, file_format="array_record"
        )
        name = full_name.split("/")[0]
        folder = ROOT / "tfds_builders" / name / "dummy_data"
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(manual_dir=folder)
        )
        return builder

    return _prepare


@pytest.fixture(scope="session")
def train_one_step():
    """Trains a small model for a step on a builder's prepared examples.

    What a step computes is tested on every backend elsewhere; here it is
    enough that the examples arrive in the form that the model takes.
    """
    import keras
    import numpy as np

    import keras_relcon as kr

    keras.utils.set_random_seed(0)
    encoder = keras.Sequential(
        [
            keras.Input((None, 3)),
            keras.layers.Conv1D(8, 3, activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    distance = kr.MotifDistance(embedding_dim=8, kernel_size=3)
    model = kr.RelConModel(encoder, distance)
    model.compile(keras.optimizers.Adam(1e-3), run_eagerly=True)

    def _train_one_step(builder, sample_rate_hz, window_length):
        groups = kr.data.groups_from_tfds(
            builder,
            sample_rate_hz=sample_rate_hz,
            window_length=window_length,
            batch_size=2,
            num_candidates=1,
        )
        batch = groups[0]
        assert batch["anchor"].shape == (2, window_length, 3)
        assert batch["candidates"].shape == (2, 1, window_length, 3)
        sizes = np.linalg.norm(batch["anchor"], axis=-1)
        assert 0.5 < np.median(sizes) < 1.6  # gravity, in g
        before = [np.array(weight) for weight in encoder.get_weights()]
        logs = model.train_on_batch(batch, return_dict=True)
        assert np.isfinite(logs["loss"])
        after = encoder.get_weights()
        assert any((a != b).any() for a, b in zip(after, before))

    return _train_one_step
