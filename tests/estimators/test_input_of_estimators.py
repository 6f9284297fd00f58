"""What estimators refuse, and what they say of it."""

import dataclasses
import json
import pickle
import warnings

import keras
import numpy as np
import pytest
from motion_recordings import LENGTH, make_recording
from sklearn.base import clone
from support import small_encoder

from keras_relcon import MotionClassifier, MotionEmbedding, MotionRegressor
from keras_relcon.data import make_windows
from keras_relcon.presets import from_preset, save_to_preset

BOUTS = [("still", 6), ("walk", 6)]


@pytest.fixture
def fitted(preset, recordings):
    return MotionClassifier(preset, controls=(), num_folds=0).fit(recordings)


def test_windows_of_another_rate_are_refused(preset, recordings, fitted):
    slow = make_windows(recordings, 50, LENGTH, LENGTH)
    for call in (MotionClassifier(preset).fit, fitted.predict, fitted.score):
        with pytest.raises(ValueError, match="`sample_rate_hz` must be"):
            call(slow)


def test_arrays_of_another_length_are_warned_of(preset, windows, fitted):
    x, y, people = windows
    model = MotionClassifier(preset, controls=(), num_folds=0)
    with pytest.warns(UserWarning, match="of 64 samples .* fitted on 48 at"):
        model.fit(x[:, :48], y, people)
    with pytest.warns(UserWarning, match="of 64 samples .* used on 48 at"):
        fitted.predict(x[:, :48])


def test_windows_with_missing_samples_are_named(recordings, fitted):
    windows = make_windows(recordings[0], 100, LENGTH, LENGTH)
    valid = windows.valid.copy()
    valid[3] = False
    windows = dataclasses.replace(windows, valid=valid)
    with pytest.raises(ValueError, match=r"Received: 1 of 21.*windows.select"):
        fitted.predict_proba(windows)


def test_windows_that_overlap_say_nothing_of_changes(preset, recordings):
    windows = make_windows(recordings, 100, LENGTH, LENGTH // 2)
    model = MotionClassifier(preset, controls=(), num_folds=0)
    with pytest.warns(UserWarning, match="must not overlap.*stride=64"):
        model.fit(windows)
    assert model.transitions_ is None
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.set_params(smoothing=None).fit(windows)


def test_a_signal_without_gravity_is_refused(preset, recordings, fitted):
    quiet = np.random.default_rng(0).normal(0, 0.002, (1344, 3))
    still = [dataclasses.replace(r, acceleration=quiet) for r in recordings]
    with pytest.raises(ValueError, match="must measure gravity") as fitting:
        MotionClassifier(preset).fit(still)
    with pytest.raises(ValueError, match="must measure gravity") as predicting:
        fitted.predict(still[0])
    # Neither has that option.
    for error in (fitting, predicting):
        assert "without_gravity" not in str(error.value)


def test_a_recording_without_windows_is_named(fitted, recordings):
    short = make_recording("new", [("walk", 1)])
    short = dataclasses.replace(
        short, acceleration=short.acceleration[:-1], labels=None
    )
    with pytest.raises(ValueError, match="Recording 1 of the list, .* 'new'"):
        fitted.predict([recordings[0], short])
    with pytest.raises(ValueError, match="^At least one recording must be"):
        fitted.predict(short)


def test_options_of_reading_are_for_paths(preset, recordings, fitted, windows):
    options = {"sample_rate_hz": 100}
    cut = make_windows(recordings, 100, LENGTH, LENGTH)
    for call, given in (
        (MotionClassifier(preset).fit, recordings),
        (MotionClassifier(preset).fit, cut),
        (fitted.predict, recordings),
        (fitted.predict, cut),
        (fitted.predict, windows[0]),
    ):
        with pytest.raises(ValueError, match="`read_options` are for paths"):
            call(given, read_options=options)


def test_one_window_is_not_embeddings(fitted, windows):
    with pytest.raises(ValueError, match=r"of shape \(64, 3\).*`X\[None\]`"):
        fitted.predict(windows[0][0])
    with pytest.raises(ValueError, match="Embeddings must have .* Embed win"):
        fitted.predict(np.zeros((2, 5)))


def test_files_of_one_name_are_not_one_person(preset, tmp_path):
    paths = []
    for person in ("a", "b"):
        recording = make_recording(person, BOUTS)
        (tmp_path / person).mkdir()
        paths.append(tmp_path / person / "walk.npz")
        np.savez(paths[-1], **dict(zip("xyz", recording.acceleration.T)))
    options = {"sample_rate_hz": 100}
    with pytest.raises(ValueError, match="'walk' twice"):
        MotionClassifier(preset).fit(paths, read_options=options)


def test_recordings_are_for_predict(fitted):
    with pytest.raises(TypeError, match="`predict` takes recordings"):
        fitted.predict_proba(make_recording("new", BOUTS))


def test_any_path_is_a_path(fitted, tmp_path):
    class OwnPath:
        def __fspath__(self):
            return str(tmp_path / "walk.npz")

    signal = make_recording("new", BOUTS).acceleration
    np.savez(tmp_path / "walk.npz", **dict(zip("xyz", signal.T)))
    timeline = fitted.predict(OwnPath(), {"sample_rate_hz": 100})
    assert len(timeline) == 12


@pytest.mark.parametrize("kind", [MotionClassifier, MotionRegressor])
def test_one_fold_and_no_seed(kind, preset, windows):
    x, y, people = windows
    for arguments, match in (
        ({"num_folds": 1}, "at least 2, or 0 for no score"),
        ({"seed": "a"}, "`seed` must be"),
    ):
        with pytest.raises((TypeError, ValueError), match=match):
            kind(preset, **arguments).fit(x, np.arange(len(y)), people)


def test_whole_numbers_stay_whole_numbers(preset, windows, tmp_path):
    x, y, people = windows
    codes = np.unique(y, return_inverse=True)[1] + 3
    model = MotionClassifier(preset, controls=(), max_windows=np.int64(80))
    model.fit(x, codes, people)
    loaded = MotionClassifier.load(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    assert loaded.predict(x).dtype.kind == "i"
    assert loaded.score(x, codes) == model.score(x, codes)


def test_names_that_a_timeline_keeps_for_itself_are_no_classes(preset):
    bouts = [("still", 6), ("walk", 6)]
    named = []
    for index in range(3):
        recording = make_recording(f"s{index}", bouts, seed=index)
        labels = np.where(recording.labels == "walk", "unknown", "still")
        named.append(recording.with_labels(labels))
    with pytest.raises(ValueError, match="windows labelled 'unknown'"):
        MotionClassifier(preset, num_folds=0).fit(named)


def test_rows_without_a_person_are_counted(windows):
    x, y, people = windows
    people = people.astype(object)
    people[:4] = None
    with pytest.raises(ValueError, match="4 of .* rows without one"):
        MotionClassifier().fit(x.reshape(len(x), -1), y, groups=people)
    labels = y.astype(object)
    labels[3] = None
    with pytest.raises(ValueError, match="`y` must have.*1 of .* without one"):
        MotionClassifier().fit(x.reshape(len(x), -1), labels)


def test_people_are_numbers_or_texts(windows):
    x, y, _ = windows
    mixed = np.array([1, "a"] * (len(x) // 2), dtype=object)
    with pytest.raises(ValueError, match="all numbers or all texts"):
        MotionClassifier().fit(x.reshape(len(x), -1), y, groups=mixed)


def test_people_who_were_seen_are_a_list(windows):
    x, y, people = windows
    numbers = np.unique(people, return_inverse=True)[1].astype("float64")
    model = MotionClassifier(num_folds=0)
    model.fit(x.reshape(len(x), -1), y, groups=numbers)
    assert model.seen([1, 2.0, 77]) == [1, 2.0]
    with pytest.raises(TypeError, match=r"a list of names.*Pass \['s01'\]"):
        model.seen("s01")


def test_windows_without_a_label_are_no_class(preset, recordings):
    windows = make_windows(recordings, 100, LENGTH, LENGTH)
    labels = windows.labels.astype(object)
    labels[::5] = np.nan
    labels[1::5] = None
    windows = dataclasses.replace(windows, labels=labels)
    with pytest.warns(UserWarning, match="no label"):
        fitted = MotionClassifier(preset, num_folds=0).fit(windows)
    assert sorted(fitted.classes_) == ["run", "still", "walk"]


@pytest.mark.parametrize("values", [[1.0, 2.0], [False, True]])
def test_classes_keep_their_kind(windows, tmp_path, values):
    x, y, _ = windows
    x, y = x.reshape(len(x), -1), np.array(values)[(y == y[0]).astype(int)]
    fitted = MotionClassifier(num_folds=0).fit(x, y)
    classes = fitted.classes_
    assert classes.dtype == y.dtype
    facts = json.loads(json.dumps(fitted.saved_facts()))
    again = MotionClassifier()
    again.take_facts({**facts, "scores": None})
    np.testing.assert_array_equal(again.classes_, classes, strict=True)


def test_an_encoder_of_no_preset_is_saved_with_it(recordings, tmp_path):
    encoder = small_encoder()
    fitted = MotionClassifier(encoder, num_folds=0, controls=())
    windows = make_windows(recordings, 100, LENGTH, LENGTH)
    fitted.fit(windows)
    with pytest.raises(ValueError, match="Only the encoder of a preset"):
        fitted.save(tmp_path / "model", has_encoder=False)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("is_written_again", [True, False])
def test_what_is_saved_is_what_was_fitted(
    recordings, windows, tmp_path, is_written_again
):
    def write(name, seed):
        keras.utils.set_random_seed(seed)
        encoder = small_encoder()
        encoder.build((None, LENGTH, 3))
        sizes = {"sample_rate_hz": 100, "window_length": LENGTH}
        return save_to_preset(encoder, tmp_path / name, overwrite=True, **sizes)

    preset = write("first", 0)
    fitted = MotionClassifier(preset, num_folds=0, controls=()).fit(recordings)
    if is_written_again:
        write("first", 1)
    else:
        fitted.set_params(encoder=write("second", 1))
    with pytest.raises(ValueError, match="Only the encoder of a preset"):
        fitted.save(tmp_path / "model", has_encoder=False)
    loaded = MotionClassifier.load(fitted.save(tmp_path / "model"))
    np.testing.assert_allclose(
        loaded.predict_proba(windows[0]),
        fitted.predict_proba(windows[0]),
        atol=1e-3,
    )
    assert loaded.facts()["Encoder"] == fitted.facts()["Encoder"] == "first"


def test_a_copy_predicts_with_the_windows_of_its_preset(tmp_path):
    recordings = [
        make_recording(f"s{index}", BOUTS, seed=index) for index in range(3)
    ]
    encoder = small_encoder()
    encoder.build((None, 32, 3))
    path = save_to_preset(
        encoder, tmp_path / "p", sample_rate_hz=50, window_length=32
    )
    fitted = MotionClassifier(path, num_folds=0, controls=()).fit(recordings)
    copy = pickle.loads(pickle.dumps(fitted))
    for model in (fitted, copy):
        assert model.predict(recordings[0]).window_seconds == 32 / 50
        assert model.score(recordings) == fitted.score(recordings)
    tuned = MotionClassifier(
        path, output="embedding", head="fine_tune", epochs=1, num_folds=0
    ).fit(recordings)
    assert 0 <= tuned.score(recordings) <= 1
    assert tuned.to_keras().preset_metadata.window_length == 32
    with pytest.raises(ValueError, match="must be what the encoder's preset"):
        tuned.predict(make_windows(recordings, 100, 64, 64))
    assert tuned.predict(recordings[0]).window_seconds == 32 / 50
    loaded = MotionClassifier.load(tuned.save(tmp_path / "tuned"))
    assert loaded.facts()["Encoder"] == tuned.facts()["Encoder"] == "p"


@pytest.mark.parametrize(
    "copied", [clone, lambda x: pickle.loads(pickle.dumps(x))]
)
@pytest.mark.parametrize("kind", [MotionClassifier, MotionEmbedding])
def test_a_copy_of_one_with_a_model_knows_its_preset(tmp_path, kind, copied):
    encoder = small_encoder()
    encoder.build((None, 32, 3))
    path = save_to_preset(
        encoder, tmp_path / "p", sample_rate_hz=50, window_length=32
    )
    encoder = from_preset(path)
    copy = copied(kind(encoder))
    assert copy.encoder.preset_metadata == encoder.preset_metadata
    assert (copy.encoder is encoder) == (copied is clone)


def test_a_model_of_no_preset_has_the_windows_of_its_fit(tmp_path):
    recordings = [
        make_recording(f"s{index}", BOUTS, seed=index) for index in range(3)
    ]
    windows = make_windows(recordings, 50, 32, 32)
    encoder = small_encoder()
    fitted = MotionClassifier(encoder, num_folds=0, controls=()).fit(windows)
    fitted.save(tmp_path / "model")
    for model in (fitted, MotionClassifier.load(tmp_path / "model")):
        assert model.encoder_window_ == (50, 32)
        assert model.predict(recordings[0]).window_seconds == 32 / 50
    assert fitted.score(windows) == fitted.score(recordings)


def test_fitted_again_on_other_things(preset, recordings, windows):
    x, y, people = windows
    fitted = MotionClassifier(preset, controls=(), num_folds=0)
    fitted.fit(x.reshape(len(x), -1)[:, :8], y, groups=people)
    fitted.fit(recordings)
    assert fitted.predict(x).shape == (len(x),)


def test_classes_that_are_numbers_score_recordings(preset, recordings, windows):
    x, y, people = windows
    names, codes = np.unique(y, return_inverse=True)
    fitted = MotionClassifier(preset, controls=(), num_folds=0)
    fitted.fit(x, codes, groups=people)
    numbered = [
        r.with_labels(np.searchsorted(names, r.labels).astype(str))
        for r in recordings
    ]
    expected = MotionClassifier(preset, controls=(), num_folds=0)
    expected.fit(x, y, groups=people)
    assert fitted.score(numbered) == expected.score(recordings) > 0.5
    fitted.fit(x, codes.astype("float64"), groups=people)
    assert fitted.score(numbered) == expected.score(recordings)
    points = [r.with_labels(r.labels.astype("float64")) for r in numbered]
    assert fitted.score(points) == expected.score(recordings)
    with pytest.raises(ValueError, match="run, still, walk, none of which is"):
        fitted.score(recordings)


def test_columns_may_be_named_by_scikit_learn(preset, windows):
    x, _, _ = windows
    x = np.float32(np.random.default_rng(0).normal(size=(5, LENGTH, 3)))
    embedding = MotionEmbedding(preset, output="embedding")
    frame = embedding.set_output(transform="pandas").fit(x).transform(x)
    assert list(frame.columns) == list(embedding.get_feature_names_out())
