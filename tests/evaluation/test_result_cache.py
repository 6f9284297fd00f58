import dataclasses
import functools
import json

import keras
import numpy as np
import pytest

from keras_relcon.evaluation import (
    LinearProbe,
    cross_validate,
    grouped_k_fold,
)
from keras_relcon.evaluation.result_cache import ResultCache, told_settings
from keras_relcon.kept_files import content_key


class CountingProbe(LinearProbe):
    fits = 0
    stops_before = None

    def fit(self, *args):
        if CountingProbe.fits == CountingProbe.stops_before:
            raise KeyboardInterrupt
        CountingProbe.fits += 1
        return super().fit(*args)


@pytest.fixture(autouse=True)
def no_fits():
    CountingProbe.fits, CountingProbe.stops_before = 0, None


@pytest.fixture
def run(make_labelled_windows, make_encoder, tmp_path):
    windows = make_labelled_windows()

    def run(task=None, encoder=None, data=windows, **kwargs):
        return cross_validate(
            task or CountingProbe((0.1, 0.01)),
            encoder or make_encoder(seed=7),
            data,
            grouped_k_fold(data.subjects, 3),
            cache_dir=tmp_path / "cache",
            **kwargs,
        )

    return run


def test_second_run_fits_nothing_and_says_the_same(run):
    first = run()
    assert CountingProbe.fits == 9
    second = run()
    assert CountingProbe.fits == 9
    assert (
        second.to_dict()["representations"]
        == (first.to_dict()["representations"])
    )
    for before, after in zip(first.results, second.results):
        for field in dataclasses.fields(before):
            old = getattr(before, field.name)
            new = getattr(after, field.name)
            if isinstance(old, np.ndarray):
                np.testing.assert_array_equal(old, new)
            else:
                assert old == new, field.name


def test_stopped_run_goes_on_where_it_ended(run):
    CountingProbe.stops_before = 4
    with pytest.raises(KeyboardInterrupt):
        run()
    CountingProbe.stops_before = None
    report = run()
    assert CountingProbe.fits == 9  # 4 before, 5 after
    assert len(report.results) == 9


@pytest.mark.parametrize(
    "change", ["task", "labels", "windows", "weights", "standardize"]
)
def test_whatever_changes_is_computed_again(
    run, change, make_labelled_windows, make_encoder
):
    run(controls=())
    windows = make_labelled_windows()
    labels = windows.labels.copy()
    labels[[0, 1]] = labels[[1, 0]]
    moved = windows.acceleration.copy()
    moved[0, 0, 0] += 1e-3
    changes = {
        "task": {"task": CountingProbe((0.1, 0.02))},
        "labels": {"data": dataclasses.replace(windows, labels=labels)},
        "windows": {"data": dataclasses.replace(windows, acceleration=moved)},
        "weights": {"encoder": make_encoder(seed=8)},
        "standardize": {"standardize": True},
    }
    run(controls=(), **changes[change])
    assert CountingProbe.fits == 6


def test_another_task_reads_the_embeddings_kept(run, monkeypatch):
    run()

    def fail(*args):
        raise AssertionError("embedded again")

    monkeypatch.setattr(
        "keras_relcon.evaluation.representations.embed_windows", fail
    )
    run(CountingProbe((0.5,)))
    assert CountingProbe.fits == 18


def test_another_name_for_an_encoder_reads_its_results(run, make_encoder):
    encoder = make_encoder()
    run(encoder={"a": encoder}, controls=())
    report = run(encoder={"b": encoder}, controls=())
    assert CountingProbe.fits == 3
    assert report.representations == ("b",)


@pytest.mark.parametrize("damage", ["cut", "emptied", "flipped"])
def test_damaged_file_is_computed_again_with_a_warning(run, tmp_path, damage):
    run(controls=())
    files = sorted((tmp_path / "cache").glob("fold-*.npz"))
    assert len(files) == 3
    content = bytearray(files[0].read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 255
    files[0].write_bytes(
        {"cut": content[:-200], "emptied": b""}.get(damage, content)
    )
    with pytest.warns(UserWarning, match="is damaged .* computed again"):
        report = run(controls=())
    assert CountingProbe.fits == 4 and len(report.results) == 3


def test_without_a_directory_nothing_is_kept(tmp_path):
    cache, calls = ResultCache(None), []
    for _ in range(2):
        cache.embeddings("key", lambda: calls.append(1))
    assert len(calls) == 2 and not list(tmp_path.iterdir())


def test_files_of_earlier_releases_are_read(tmp_path):
    key = "0123456789abcdef" * 4
    rest = {
        "representation": "encoder",
        "fold": 1,
        "metrics": {"macro_f1": 0.5, "kappa": float("nan")},
        "subjects": ["a", "b"],
        "choice": {"C": 0.1},
        "classes": ["run", "sit"],
        "seconds": 2.0,
        "leak": None,
    }
    arrays = {
        "y_true": np.array(["run", "sit"]),
        "y_pred": np.array(["sit", "sit"]),
        "embeddings": np.ones((2, 3), "float32"),
        "probabilities": np.full((2, 2), 0.5, "float32"),
        "window_subjects": np.array(["a", "b"]),
    }
    folder, name = tmp_path, f"{key[:32]}.npz"
    np.savez(folder / f"fold-{name}", rest=np.array(json.dumps(rest)), **arrays)
    np.savez(folder / f"embeddings-{name}", embeddings=arrays["embeddings"])
    cache = ResultCache(folder)
    result = cache.fold(key, pytest.fail)
    assert result.subjects == ("a", "b") and result.classes == ("run", "sit")
    assert result.metrics["macro_f1"] == 0.5 and result.choice == {"C": 0.1}
    assert (result.fold, result.seconds, result.leak) == (1, 2.0, None)
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(result, name), array)
    np.testing.assert_array_equal(
        cache.embeddings(key, pytest.fail), arrays["embeddings"]
    )


def test_keys_tell_shapes_and_types_apart():
    zeros = np.zeros((2, 3), "float32")
    keys = {
        content_key(zeros),
        content_key(zeros.T.copy()),
        content_key(zeros.astype("float64")),
        content_key(zeros, "a"),
        content_key("a", zeros),
        content_key("", ""),
        content_key(""),
        content_key(["", ""]),
    }
    assert len(keys) == 8
    assert content_key(zeros) == content_key(zeros.copy())


@pytest.mark.every_backend
def test_keys_of_models_forget_the_numbers_in_their_names(make_encoder):
    first, again = make_encoder(), make_encoder()
    assert first.layers[0].name != again.layers[0].name
    assert content_key(first) == content_key(again)
    assert content_key(first) != content_key(make_encoder(seed=1))
    wider = make_encoder()
    wider.layers[0].activation = keras.activations.tanh
    assert content_key(first) != content_key(wider)


class Wrapped(keras.Model):
    """An encoder that cannot say what it is made of."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


@pytest.mark.every_backend
def test_encoders_without_a_configuration_are_told_apart(
    make_labelled_windows, tmp_path
):
    windows = make_labelled_windows()
    encoders = {
        "mean": Wrapped(lambda x: keras.ops.mean(x, axis=1)),
        "std": Wrapped(lambda x: keras.ops.std(x, axis=1)),
    }
    alone = [
        cross_validate(
            LinearProbe(),
            encoder,
            windows,
            grouped_k_fold(windows.subjects, 3),
            controls=(),
        ).mean("encoder")
        for encoder in encoders.values()
    ]
    assert alone[0] != alone[1]
    with pytest.warns(UserWarning, match="'mean', 'std'. are not kept"):
        together = cross_validate(
            LinearProbe(),
            encoders,
            windows,
            grouped_k_fold(windows.subjects, 3),
            controls=(),
            cache_dir=tmp_path,
        )
    assert [together.mean(name) for name in encoders] == alone
    assert not list(tmp_path.iterdir())


@pytest.mark.every_backend
def test_encoder_is_built_before_it_is_named(run, make_encoder):
    def unbuilt(seed):
        keras.utils.set_random_seed(seed)
        return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4)])

    run(encoder=unbuilt(1), controls=())
    run(encoder=unbuilt(2), controls=())
    assert CountingProbe.fits == 6


class NumpyChoice(CountingProbe):
    @property
    def choice_(self):
        return {"penalty": np.float32(0.5), "steps": (np.int64(3),)}


def test_choice_of_numpy_values_is_kept(run):
    first = run(NumpyChoice((0.1,)), controls=()).results[0].choice
    assert first == {"penalty": 0.5, "steps": [3]}
    assert run(NumpyChoice((0.1,)), controls=()).results[0].choice == first


def test_tasks_of_one_name_are_told_apart(run):
    def make(scale):
        class Probe(CountingProbe):
            def predict(self, x):
                return super().predict(scale * x)

        Probe.__qualname__ = f"Probe{scale}"
        return Probe((0.1,))

    run(make(1), controls=())
    run(make(-1), controls=())
    assert CountingProbe.fits == 6


class Holder:
    """A task of somebody's own."""

    def __init__(self, value):
        self.value = value


def _scale(x, factor):
    return factor * x


@pytest.mark.parametrize(
    "one, other",
    [
        (
            functools.partial(_scale, factor=1),
            functools.partial(_scale, factor=2),
        ),
        (np.mean, np.median),
        ({"a": [1, Holder(2)]}, {"a": [1, Holder(3)]}),
        (np.zeros(3, "float32"), np.zeros(3)),
        (range(3), range(4)),
        (keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.2)),
    ],
)
def test_settings_of_a_task_are_told_apart(one, other):
    (first, untold), (second, _) = (
        told_settings(Holder(value)) for value in (one, other)
    )
    assert not untold and content_key(first) != content_key(second)
    assert content_key(told_settings(Holder(one))[0]) == content_key(first)


@pytest.mark.every_backend
def test_an_encoder_of_a_task_is_told_by_its_weights(make_encoder):
    keys = [
        content_key(told_settings(Holder(make_encoder(seed=seed)))[0])
        for seed in (0, 0, 1)
    ]
    assert keys[0] == keys[1] != keys[2]


class Hidden:
    """As a DataFrame, which has its values in a private attribute."""

    def __init__(self, value):
        self._value = value


@pytest.mark.parametrize(
    "value",
    [
        lambda x: x,
        [lambda x: x],
        functools.partial(lambda x: x),
        [].append,
        object(),
        np.array([object()]),
        np.random.default_rng(0),
        Hidden(1),
        Wrapped(abs),
    ],
)
def test_what_does_not_say_what_it_is_is_untold(value):
    assert told_settings(Holder(value)) == ({}, ["value"])


class HiddenScale(CountingProbe):
    def __init__(self, scale):
        super().__init__((0.1,))
        self._scale = scale


def test_private_attributes_of_a_task_of_ones_own_are_told(run):
    run(HiddenScale(1), controls=())
    run(HiddenScale(1), controls=())
    assert CountingProbe.fits == 3
    run(HiddenScale(2), controls=())
    assert CountingProbe.fits == 6


def test_results_of_a_task_with_a_lambda_are_not_kept(run, tmp_path):
    for factor in (1, 2):
        with pytest.warns(UserWarning, match="HiddenScale, whose _scale says"):
            run(HiddenScale(lambda x: factor * x), controls=())
    assert CountingProbe.fits == 6
    assert not list((tmp_path / "cache").glob("fold-*"))
