import keras
import numpy as np
import pytest
from support import PlainDistance, plain_encoder, to_numpy, windows_of_two_kinds

from keras_relcon.baselines import SimCLR

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


def compiled_method():
    model = SimCLR(plain_encoder(), seed=0)
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    return model


@pytest.mark.parametrize("make", [compiled_method, PlainDistance])
@pytest.mark.parametrize("name", ["loss", "metrics", "weighted_metrics"])
def test_what_would_not_be_read_is_refused(make, name):
    given = "mse" if name == "loss" else ["mse"]
    with pytest.raises(ValueError, match=f"of its own. Received: `{name}`"):
        make().compile(optimizer="adam", **{name: given})


def test_a_compiled_method_is_loaded_with_its_optimizer(rng, tmp_path):
    model, windows = compiled_method(), windows_of_two_kinds(rng, 8)
    model.fit(windows, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    pairs = zip(
        model.optimizer.variables, loaded.optimizer.variables, strict=True
    )
    for one, other in pairs:
        np.testing.assert_array_equal(to_numpy(one), to_numpy(other))
    assert int(to_numpy(loaded.optimizer.iterations)) == 2
    loaded.fit(windows, batch_size=4, verbose=0)


def test_what_an_older_file_did_not_read_is_passed_over():
    model = compiled_method()
    config = {**model.get_compile_config(), "loss": "mse", "metrics": ["mae"]}
    other = SimCLR(plain_encoder(), seed=0)
    other.compile_from_config(config)
    assert other.compiled and other.get_compile_config()["loss"] is None
    assert other.optimizer.get_config() == model.optimizer.get_config()


def test_arguments_of_compile_may_be_given_by_place():
    model = SimCLR(plain_encoder(), seed=0)
    model.compile("adam", None, None, None, None, True)
    assert model.run_eagerly


@keras.saving.register_keras_serializable("tests")
class WithItsOwnCompile(SimCLR):
    def compile(self, optimizer, alpha, **kwargs):
        self.alpha = alpha
        super().compile(optimizer=optimizer, **kwargs)


def test_a_model_with_a_compile_of_its_own_is_loaded(tmp_path):
    model = WithItsOwnCompile(plain_encoder(), seed=0)
    model.build((None, 64, 3))
    model.compile("adam", alpha=3.0)
    model.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="was not called as part of"):
        keras.saving.load_model(tmp_path / "model.keras")
