"""What holds of each method that trains on windows alone."""

import keras
import numpy as np
import pytest
from baselines.every_method import METHODS, quiet, small
from support import (
    assert_trains_and_keeps_its_encoder,
    to_numpy,
    windows_of_two_kinds,
)

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

every_method = pytest.mark.parametrize("name", METHODS)


# All have one base; its train step depends on the backend.
@pytest.mark.parametrize(
    "name",
    METHODS
    if keras.backend.backend() == "torch"
    else ["SimCLR", "BYOL", "Taxonomy", "SLR", "OutlierExposure"],
)
def test_fit_lowers_the_loss_and_the_encoder_stays(rng, tmp_path, name):
    model = small(name, **quiet(name))
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    windows = windows_of_two_kinds(rng)
    assert_trains_and_keeps_its_encoder(
        model,
        windows,
        windows,
        tmp_path,
        # What draws much, or fills a queue first, takes longer.
        epochs=12 if name in ("AugPred", "SLR") else 6,
        batch_size=8,
        validation_data=(windows, None),
    )
    history = model.history.history
    assert np.isfinite(history["val_loss"]).all()
    # It embeds different windows differently.
    assert history["embedding_spread"][-1] > 0.05


@every_method
def test_the_loss_is_in_float32_in_mixed_precision(rng, name):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small(name)
        outputs = model(windows_of_two_kinds(rng, 4), training=True)
        loss = model.compute_loss(None, None, outputs)
    finally:
        keras.config.set_dtype_policy(policy)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    assert np.isfinite(to_numpy(loss))


@every_method
def test_what_are_no_windows_is_explained(name):
    with pytest.raises(ValueError, match="shape .batch, time, channels"):
        small(name)(np.ones((64, 3), "float32"))
    with pytest.raises(TypeError, match="`encoder` must be a Keras model"):
        METHODS[name](np.mean)
