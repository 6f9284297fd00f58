import dataclasses

import keras
import numpy as np
import pytest

from keras_relcon.evaluation import (
    Fold,
    LinearProbe,
    RidgeProbe,
    cross_validate,
    embed_windows,
    grouped_k_fold,
    handmade_features,
    untrained_copy,
)
from keras_relcon.evaluation.representations import make_representations
from keras_relcon.models import SideBySide
from keras_relcon.presets.preset_metadata import PresetMetadata


class SpyTask:
    """Remembers what it was given first; predicts the first class."""

    calls = []

    def fit(self, train_x, train_y, validation_x, validation_y):
        assert not hasattr(self, "classes_"), "a task is fitted once"
        self.classes_ = np.unique(train_y)
        self.fitted = (train_x, train_y, validation_x, validation_y)

    def predict(self, x):
        if self.fitted is not None:  # the leak check asks again
            SpyTask.calls.append((*self.fitted, x))
        self.fitted = None
        return np.full(len(x), self.classes_[0])

    def predict_proba(self, x):
        return np.tile(1.0 / len(self.classes_), (len(x), len(self.classes_)))


@pytest.fixture
def spy_calls():
    SpyTask.calls.clear()
    return SpyTask.calls


FOLDS = [
    Fold(("1", "2", "3"), ("4",), ("5", "6")),
    Fold(("3", "4", "5"), ("6",), ("1", "2")),
]


def _rows(windows, subjects):
    return np.isin(windows.subjects, subjects)


def test_easy_classes_are_told_apart(make_labelled_windows, make_encoder):
    windows = make_labelled_windows()
    lines = []
    report = cross_validate(
        LinearProbe(),
        make_encoder(),
        windows,
        grouped_k_fold(windows.subjects, 3),
        progress=lines.append,
    )
    assert report.representations == (
        "encoder",
        "untrained encoder",
        "hand-made features",
    )
    assert report.mean("hand-made features") > 0.99
    assert len(report.results) == len(lines) == 9
    assert lines[0].startswith("encoder: fold 1 of 3, macro-F1 ")
    assert report.settings["task"]["max_iterations"] == 100
    assert report.settings["window_length"] == 64


def test_each_part_gets_the_embeddings_of_its_subjects(
    make_labelled_windows, make_encoder, spy_calls
):
    windows, encoder = make_labelled_windows(), make_encoder()
    cross_validate(SpyTask(), encoder, windows, FOLDS, controls=())
    expected = embed_windows(encoder, windows.acceleration)
    assert len(spy_calls) == 2
    for fold, call in zip(FOLDS, spy_calls):
        train_x, train_y, validation_x, validation_y, test_x = call
        train = _rows(windows, fold.train)
        validation = _rows(windows, fold.validation)
        np.testing.assert_array_equal(train_x, expected[train])
        np.testing.assert_array_equal(train_y, windows.labels[train])
        np.testing.assert_array_equal(validation_x, expected[validation])
        np.testing.assert_array_equal(validation_y, windows.labels[validation])
        test = _rows(windows, fold.test)
        np.testing.assert_array_equal(test_x, expected[test])


@pytest.mark.parametrize("standardize", [False, True])
def test_test_subjects_never_reach_the_fit(
    make_labelled_windows, make_encoder, spy_calls, standardize
):
    # Planted leak: wreck the test subjects. Nothing the task is fitted on
    # may move.
    windows, encoder = make_labelled_windows(), make_encoder()
    wrecked = windows.acceleration.copy()
    wrecked[_rows(windows, FOLDS[0].test)] *= 1000.0
    labels = windows.labels.copy()
    labels[_rows(windows, FOLDS[0].test)] = "run"
    other = dataclasses.replace(windows, acceleration=wrecked, labels=labels)
    for data in (windows, other):
        cross_validate(
            SpyTask(), encoder, data, FOLDS[:1], (), standardize=standardize
        )
    before, after = spy_calls
    for first, second in zip(before[:4], after[:4]):
        np.testing.assert_array_equal(first, second)
    assert not np.allclose(before[4], after[4])


def test_standardize_uses_the_training_subjects_and_leaves_features_in_g(
    make_labelled_windows, make_encoder, spy_calls
):
    windows, encoder = make_labelled_windows(), make_encoder()
    cross_validate(
        SpyTask(), encoder, windows, FOLDS, ("handmade",), standardize=True
    )
    for fold, call in zip(FOLDS, spy_calls[:2]):
        train = windows.acceleration[_rows(windows, fold.train)]
        rows = train.reshape(-1, 3).astype("float64")
        scaled = (windows.acceleration - rows.mean(0)) / rows.std(0)
        expected = embed_windows(encoder, scaled[_rows(windows, fold.test)])
        np.testing.assert_allclose(call[4], expected, atol=1e-4)
    features = handmade_features(windows.acceleration)
    for fold, call in zip(FOLDS, spy_calls[2:]):
        expected = features[_rows(windows, fold.test)]
        np.testing.assert_array_equal(call[4], expected)


def test_each_fold_has_its_own_task(
    make_labelled_windows, make_encoder, spy_calls
):
    task = SpyTask()
    cross_validate(task, make_encoder(), make_labelled_windows(), FOLDS)
    assert len(spy_calls) == 6 and not hasattr(task, "classes_")


@pytest.mark.every_backend
def test_untrained_control_differs_and_repeats(make_encoder):
    encoder = make_encoder(seed=5)
    weights = [np.array(w) for w in encoder.get_weights()]
    first, again = untrained_copy(encoder, 0), untrained_copy(encoder, 0)
    other = untrained_copy(encoder, 1)
    assert not np.allclose(first.get_weights()[0], weights[0])
    assert not np.allclose(first.get_weights()[0], other.get_weights()[0])
    np.testing.assert_array_equal(
        first.get_weights()[0], again.get_weights()[0]
    )
    np.testing.assert_array_equal(encoder.get_weights()[0], weights[0])


def test_untrained_control_keeps_what_was_not_trained(make_encoder):
    generator = np.random.default_rng(0)
    windows = generator.normal(size=(4, 32, 3)).astype("float32")
    rocket = keras.Sequential(
        [keras.layers.GlobalMaxPooling1D(), keras.layers.Rescaling(2.0)]
    )
    wide = SideBySide([make_encoder(seed=5), rocket])
    found = make_representations(wide, ("untrained",), 0, 4, 32)
    learned, control = (each(windows) for each in found.values())
    assert list(found) == ["encoder", "untrained encoder"]
    assert learned.shape == control.shape
    np.testing.assert_array_equal(learned[:, -3:], control[:, -3:])
    assert not np.allclose(learned[:, :-3], control[:, :-3])


def test_untrained_control_is_scored_with_other_embeddings(
    make_labelled_windows, make_encoder
):
    windows, encoder = make_labelled_windows(), make_encoder(seed=5)
    report = cross_validate(
        LinearProbe((0.1,)), encoder, windows, FOLDS[:1], ("untrained",)
    )
    trained = report.of("encoder")[0].embeddings
    untrained = report.of("untrained encoder")[0].embeddings
    assert trained.shape == untrained.shape
    assert not np.allclose(trained, untrained)


@keras.saving.register_keras_serializable(package="test")
class LazyEncoder(keras.Model):
    """Subclassed, built at its first call, with another output size."""

    def __init__(self, dim=4, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.dense = keras.layers.Dense(dim)

    def call(self, x):
        return keras.ops.mean(self.dense(x), axis=1)

    def get_config(self):
        return {**super().get_config(), "dim": self.dim}


class NoConfigEncoder(LazyEncoder):
    def __init__(self, size):
        super().__init__(size)

    def get_config(self):
        raise NotImplementedError("no config")


@pytest.mark.every_backend
def test_several_encoders_share_a_control_if_they_are_alike(
    make_labelled_windows, make_encoder
):
    windows = make_labelled_windows()
    probe = LinearProbe((0.1,))
    alike = {"one": LazyEncoder(), "two": LazyEncoder()}
    report = cross_validate(probe, alike, windows, FOLDS, ("untrained",))
    assert report.representations == ("one", "two", "untrained encoder")
    unlike = {"one": LazyEncoder(), "two": LazyEncoder(dim=5)}
    report = cross_validate(probe, unlike, windows, FOLDS, ("untrained",))
    assert report.representations == (
        "one",
        "two",
        "untrained one",
        "untrained two",
    )
    assert report.of("untrained two")[0].embeddings.shape[1] == 5


def test_report_tells_what_each_fold_chose(make_labelled_windows):
    windows = make_labelled_windows()
    for grid, choice in (((0.1,), 0.1), ((None,), "no penalty")):
        report = cross_validate(LinearProbe(grid), None, windows, FOLDS[:1])
        assert report.results[0].choice == {"C": choice}
    spied = cross_validate(SpyTask(), None, windows, FOLDS[:1])
    assert spied.results[0].choice is None


def test_features_alone_need_no_encoder(make_labelled_windows):
    windows = make_labelled_windows()
    report = cross_validate(LinearProbe(), None, windows, FOLDS)
    assert report.representations == ("hand-made features",)


def test_invalid_windows_are_dropped_with_a_count(
    make_labelled_windows, make_encoder
):
    windows = make_labelled_windows(invalid=[0, 3, 50])
    with pytest.warns(UserWarning, match="3 of 144 windows are invalid"):
        report = cross_validate(LinearProbe(), None, windows, FOLDS[:1])
    assert report.settings["num_windows"] == 141
    assert report.settings["num_dropped_windows"] == 3


def test_class_that_only_test_subjects_have_is_warned_of(
    make_labelled_windows,
):
    windows = make_labelled_windows()
    labels = windows.labels.astype("<U10")
    labels[_rows(windows, ["5"]) & (labels == "run")] = "swim"
    windows = dataclasses.replace(windows, labels=labels)
    with pytest.warns(UserWarning, match=r"Fold 1 tests classes .*swim"):
        report = cross_validate(LinearProbe(), None, windows, FOLDS[:1])
    assert "swim" in report.classes
    assert report.mean("hand-made features") < 0.9


def test_errors_say_what_to_do(make_labelled_windows, make_encoder):
    windows, encoder = make_labelled_windows(), make_encoder()
    probe = LinearProbe()

    def run(data=windows, model=encoder, folds=FOLDS, **kwargs):
        return cross_validate(probe, model, data, folds, **kwargs)

    for task in (LinearProbe, "linear"):
        with pytest.raises(TypeError, match=r"`task`.*such as `LinearProbe"):
            cross_validate(task, encoder, windows, FOLDS)
    with pytest.raises(TypeError, match="`data`.*ndarray.*`make_windows`"):
        run(windows.acceleration)
    with pytest.raises(TypeError, match="`encoder`.*'relcon_base'"):
        run(model="relcon_base")
    with pytest.raises(ValueError, match="must be a list of `Fold`"):
        run(folds=len)
    with pytest.raises(ValueError, match="must be labelled windows"):
        run(dataclasses.replace(windows, labels=None))
    with pytest.raises(ValueError, match="at least two classes"):
        run(windows.select(windows.labels == "run"))
    nobody = dataclasses.replace(windows, valid=np.zeros(144, bool))
    with pytest.raises(ValueError, match="must be valid windows"):
        run(nobody)
    single = np.where(_rows(windows, ["1", "2"]), "run", windows.labels)
    with pytest.raises(ValueError, match="Fold 2 trains on .*'run'.* two cl"):
        run(
            dataclasses.replace(windows, labels=single),
            folds=[FOLDS[1], Fold(("1", "2"), ("3",), ("4",))],
        )
    with pytest.raises(ValueError, match=r"fold 1 names \['9'\]"):
        run(folds=[Fold(("1", "9"), ("2",), ("3",))])
    with pytest.raises(ValueError, match="must be a list of `Fold`"):
        run(folds=[])
    with pytest.raises(ValueError, match="`controls` must be one of"):
        run(controls=("random",))
    with pytest.raises(ValueError, match="something to evaluate"):
        run(model=None, controls=())
    with pytest.raises(ValueError, match="must not be names of controls"):
        run(model={"untrained encoder": encoder})
    with pytest.raises(ValueError, match="made from its configuration"):
        run(model=NoConfigEncoder(4))
    encoder.set_weights([np.nan * w for w in encoder.get_weights()])
    with pytest.raises(ValueError, match="Every weight of the encoder"):
        run()


def test_regression_needs_its_target(make_labelled_windows):
    windows = make_labelled_windows()
    speed = np.unique(windows.subjects, return_inverse=True)[1] / 5
    probe = RidgeProbe("speed")
    with pytest.raises(ValueError, match=r"one of \[\].*target='speed'"):
        cross_validate(probe, None, windows, FOLDS)
    speed[:3] = np.nan
    timed = dataclasses.replace(windows, targets={"speed": speed})
    with pytest.warns(UserWarning, match="3 of 144 .* or target"):
        report = cross_validate(probe, None, timed, FOLDS)
    assert report.settings["num_windows"] == 141
    assert report.results[0].y_true.tolist() == sorted([0.8] * 24 + [1.0] * 24)
    assert report.results[0].metrics.keys() == {
        "mse",
        "sdse",
        "mae",
        "sdae",
        "correlation",
    }


def test_subjects_that_no_fold_names_are_left_alone(
    make_labelled_windows, make_encoder
):
    windows = make_labelled_windows()
    fold = FOLDS[0]
    named = fold.train + fold.validation + fold.test
    unnamed = ~np.isin(windows.subjects, named)
    extra = dataclasses.replace(
        windows,
        acceleration=np.concatenate(
            [windows.acceleration, np.full((5, 64, 3), np.nan, "float32")]
        ),
        **{
            name: np.concatenate([getattr(windows, name), values])
            for name, values in {
                "subjects": ["nobody"] * 5,
                "labels": windows.labels[:5],
                "recordings": windows.recordings[:5],
                "start_seconds": windows.start_seconds[:5],
                "valid": [True] * 5,
            }.items()
        },
    )
    report = cross_validate(LinearProbe(), make_encoder(), extra, [fold])
    assert report.settings["num_windows"] == np.sum(~unnamed)
    assert report.settings["subjects"] == sorted(named)
    assert report.settings["representations"]["encoder"]["num_weights"] > 0


def test_windows_without_a_label_are_left_out(make_labelled_windows):
    windows = make_labelled_windows()
    labels = np.array(windows.labels)
    labels[:3] = ""
    windows = dataclasses.replace(windows, labels=labels)
    with pytest.warns(UserWarning, match="3 of 144 .* without a label"):
        report = cross_validate(LinearProbe(), None, windows, FOLDS)
    assert report.settings["num_windows"] == 141
    assert "" not in report.results[0].y_true


def test_windows_that_a_preset_was_not_trained_on_are_told(
    make_labelled_windows, make_encoder
):
    windows, encoder = make_labelled_windows(), make_encoder()
    length = windows.acceleration.shape[1]
    encoder.preset_metadata = PresetMetadata(
        kind="encoder",
        sample_rate_hz=windows.sample_rate_hz + 50,
        window_length=length,
        weights={"sha256": "0"},
    )
    with pytest.warns(UserWarning, match=f"scored on {length} at "):
        cross_validate(LinearProbe(), encoder, windows, FOLDS)
