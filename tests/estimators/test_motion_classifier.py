import dataclasses
import hashlib
import json
import pickle

import keras
import numpy as np
import pytest
from motion_recordings import LENGTH, make_recording
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from support import small_encoder

import keras_relcon as kr
from keras_relcon import MotionClassifier, MotionEmbedding
from keras_relcon.data import file_limits, make_windows
from keras_relcon.estimators import fine_tuned
from keras_relcon.estimators.hidden_markov import smooth
from keras_relcon.evaluation import embed_windows
from keras_relcon.presets import save_to_preset

LONG = [("still", 8), ("walk", 12), ("still", 4), ("run", 8)]


@pytest.fixture
def fitted(preset, recordings):
    return MotionClassifier(preset, controls=()).fit(recordings)


@pytest.mark.every_backend
def test_recordings_give_scores_and_a_timeline(preset, recordings):
    model = MotionClassifier(preset).fit(recordings)
    assert model.classes_.tolist() == ["run", "still", "walk"]
    assert model.num_subjects_ == 6
    names = list(model.scores_.rows)
    assert names == [
        "tiny",
        "tiny, smoothed",
        "untrained encoder",
        "hand-made features",
        "most frequent class",
    ]
    assert model.scores_.rows["tiny"]["accuracy"] > 0.9
    new = make_recording("new", LONG, seed=50, start_time=1.7e9)
    timeline = model.predict(new)
    expected = np.repeat([m for m, _ in LONG], [n for _, n in LONG])
    assert np.mean(timeline.labels == expected) > 0.9
    assert str(timeline.table["start"][0]) == "2023-11-14 22:13:20"
    proba = model.predict_proba(make_windows(new, 100, LENGTH, LENGTH))
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-6)
    assert model.score([new]) == np.mean(
        model.classes_[proba.argmax(1)] == expected
    )


@pytest.fixture(scope="module")
def new_people():
    return [make_recording(f"n{i}", LONG, seed=60 + i) for i in range(4)]


def test_scores_of_new_people_are_those_of_each(fitted, new_people, tmp_path):
    of_fit = fitted.facts()["What to expect"]
    scores = fitted.evaluate(new_people)
    true = np.repeat([m for m, _ in LONG], [n for _, n in LONG])
    shares = []
    for person in new_people:
        windows = make_windows(person, 100, LENGTH, LENGTH)
        shares.append(np.mean(fitted.predict(windows) == true))
    assert list(scores.rows) == ["tiny", "tiny, smoothed"]
    assert scores.rows["tiny"]["accuracy"] == pytest.approx(np.mean(shares))
    assert scores.num_subjects == 4 and scores.num_windows == 4 * len(true)
    confusion = np.array(scores.confusion)
    assert confusion.sum(axis=1).tolist() == [8 * 4, 12 * 4, 12 * 4]
    # Smoothed as the timeline is.
    found = [
        np.mean(np.array(fitted.classes_)[p.argmax(axis=1)] == true)
        for p in (fitted.predict(each).probabilities for each in new_people)
    ]
    smoothed = scores.rows["tiny, smoothed"]["accuracy"]
    assert smoothed == pytest.approx(np.mean(found))

    path = fitted.save(tmp_path / "model")
    for model in (fitted, MotionClassifier.load(path)):
        assert model.test_scores_ == scores
        expected = model.facts()["What to expect"]
        assert "it was tested on 4 people; lowest" in expected != of_fit
    card = (path / "README.md").read_text()
    assert card.index("on new people") < card.index("on people left out")
    assert fitted.fit(new_people).test_scores_ is None


def test_people_to_test_on_are_named_and_new(fitted, recordings, new_people):
    with pytest.raises(ValueError, match="new to the model.*'s1', on whom"):
        fitted.evaluate([*new_people, recordings[1]])
    (first, *_) = new_people
    other = np.where(first.labels == "run", "swim", first.labels)
    with pytest.raises(ValueError, match="8 of 32 windows of swim"):
        fitted.evaluate(first.with_labels(other))
    windows = make_windows(new_people, 100, LENGTH, LENGTH)
    with pytest.raises(ValueError, match="`groups` must name the person"):
        fitted.evaluate(windows.acceleration, windows.labels)
    assert fitted.test_scores_ is None
    scores = fitted.evaluate(
        windows.acceleration, windows.labels, groups=windows.subjects
    )
    assert list(scores.rows) == ["tiny"]  # their order in time is not known
    assert " to " in scores.table()
    assert " to " not in fitted.evaluate(first).table()
    assert scores.rows["tiny"] == fitted.evaluate(windows).rows["tiny"]


def test_another_place_of_the_device_is_named(preset, recordings, new_people):
    at = [dataclasses.replace(r, placement="wrist") for r in recordings]
    model = MotionClassifier(preset, controls=(), num_folds=0).fit(at)
    other = dataclasses.replace(new_people[0], placement="hip")
    with pytest.warns(UserWarning, match="wrist.*a device at the hip"):
        model.evaluate(other)


@pytest.mark.every_backend
def test_a_saved_model_is_the_same(fitted, preset, tmp_path):
    new = make_recording("new", LONG, seed=50)
    fitted.evidence_ = 0.25
    path = fitted.save(tmp_path / "model")
    loaded = MotionClassifier.load(path)
    before, after = fitted.predict(new), loaded.predict(new)
    np.testing.assert_array_equal(before.labels, after.labels)
    np.testing.assert_allclose(
        before.probabilities, after.probabilities, atol=1e-6
    )
    assert loaded.scores_ == fitted.scores_
    assert loaded.seen(["s0", "s9"]) == ["s0"]
    assert loaded.facts() == fitted.facts()
    # The model of Keras is the head on the encoder.
    windows = make_windows(new, 100, LENGTH, LENGTH).acceleration
    found = embed_windows(loaded.to_keras(), windows)
    np.testing.assert_allclose(found, fitted.predict_proba(windows), atol=1e-5)


@pytest.mark.every_backend
def test_predict_takes_the_program_of_the_encoder(fitted, monkeypatch):
    """Another model would be compiled once more, which takes JAX a while."""
    new = make_recording("new", LONG, seed=51)
    fitted.smoothing = None
    windows = make_windows(new, 100, LENGTH, LENGTH).acceleration
    expected = embed_windows(fitted.to_keras(), windows)

    def fail(*args, **kwargs):
        raise AssertionError("a model was made")

    monkeypatch.setattr(keras, "Sequential", fail)
    found = fitted.predict(new).probabilities
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.every_backend
@pytest.mark.filterwarnings("ignore")  # of the converters
def test_a_classifier_is_exported_whole(fitted, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    converters = {"tensorflow": "tf2onnx", "jax": "jax2onnx"}
    converter = converters.get(keras.backend.backend(), "onnxscript")
    pytest.importorskip(converter, reason="needs the converter")
    path = tmp_path / "classifier.onnx"
    kr.presets.export_encoder(fitted.to_keras(), path, window_length=LENGTH)
    windows = make_windows(
        make_recording("new", LONG, seed=50), 100, LENGTH, LENGTH
    ).acceleration
    session = runtime.InferenceSession(path)
    (entry,) = session.get_inputs()
    found = session.run(None, {entry.name: windows})[0]
    np.testing.assert_allclose(found, fitted.predict_proba(windows), atol=1e-4)


def test_a_saved_model_reads_at_the_scales_it_was_fitted_on(windows, tmp_path):
    x, y, people = windows
    keras.utils.set_random_seed(0)
    encoder = small_encoder()
    encoder.build((None, LENGTH, 3))
    path = tmp_path / "tiny"

    def save(scales):
        save_to_preset(
            encoder, path, None, 100, LENGTH, True, feature_scales=scales
        )

    save((1, 2))
    model = MotionClassifier(path, output="features", num_folds=0)
    model.fit(x, y, groups=people)
    # The preset of that name is read at others now.
    model.save(tmp_path / "model", has_encoder=False)
    save((0.5, 1))
    facts = json.loads((tmp_path / "model/classifier.json").read_text())
    assert facts["encoder"]["scales"] == [1, 2]
    facts["encoder"]["name"] = str(path)
    (tmp_path / "model/classifier.json").write_text(json.dumps(facts))
    loaded = MotionClassifier.load(tmp_path / "model")
    np.testing.assert_allclose(
        loaded.predict_proba(x), model.predict_proba(x), atol=1e-5
    )
    # One of before there were scales: the windows as they are.
    del facts["encoder"]["scales"]
    (tmp_path / "model/classifier.json").write_text(json.dumps(facts))
    loaded = MotionClassifier.load(tmp_path / "model")
    assert loaded.encoder_.scales == (1,)


def test_fine_tuning_changes_a_copy_of_the_encoder(preset, windows, tmp_path):
    x, y, people = windows
    model = MotionClassifier(
        preset, head="fine_tune", epochs=3, num_folds=2, controls=()
    )
    model.fit(x, y, groups=people)
    pretrained = kr.presets.from_preset(preset)
    changed = [
        not np.allclose(a, b)
        for a, b in zip(model.encoder_.get_weights(), pretrained.get_weights())
    ]
    assert any(changed)
    proba = model.predict_proba(x[:9])
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-6)
    assert model.scores_.num_folds == 2
    loaded = MotionClassifier.load(model.save(tmp_path / "tuned"))
    np.testing.assert_allclose(loaded.predict_proba(x[:9]), proba, atol=2e-2)


def test_the_head_sees_embeddings_and_the_people(preset, windows):
    x, y, people = windows
    model = MotionClassifier(preset, controls=()).fit(x, y, groups=people)
    embeddings = MotionEmbedding(preset).fit_transform(x)
    same = MotionClassifier(preset).fit(embeddings, y, groups=people)
    np.testing.assert_allclose(
        model.predict_proba(x), same.predict_proba(embeddings), atol=1e-5
    )
    assert model.strength_ == same.strength_
    assert model.scores_.rows["tiny"] == same.scores_.rows["embeddings"]
    with pytest.raises(ValueError, match="fitted on embeddings"):
        same.predict(make_recording("s", LONG))
    assert MotionClassifier(preset).fit(embeddings, y).scores_ is None


@pytest.mark.parametrize("has_people", [True, False])
def test_rows_left_out_for_their_number_count_all_the_same(has_people):
    generator = np.random.default_rng(0)
    codes = (generator.random(4000) < 0.06).astype(int)
    rows = generator.normal(size=(4000, 4)) + [[1.2, 0, 0, 0]] * codes[:, None]
    people = np.arange(4000) % 8 if has_people else None
    whole, thinned, balanced = (
        MotionClassifier(None, max_windows=number, class_weight=weight)
        .fit(rows, codes, groups=people)
        .predict_proba(rows)[:, 1]
        .mean()
        for number, weight in ((4000, None), (500, None), (500, "balanced"))
    )
    assert whole == pytest.approx(codes.mean(), abs=0.01)
    assert thinned == pytest.approx(whole, abs=0.02)
    assert balanced > 0.15


@pytest.mark.parametrize("has_people", [True, False])
def test_a_fine_tuned_head_says_how_often_its_classes_occur(
    preset, windows, monkeypatch, has_people
):
    x, y, people = windows
    order = np.argsort(y, kind="stable")
    x, codes = x[order], np.unique(y[order], return_inverse=True)[1]
    people = people[order] if has_people else None
    calibrated_on = []

    def find_sharpness(outputs, codes, weights):
        calibrated_on.append((set(codes.tolist()), weights))
        return 1.0

    monkeypatch.setattr(fine_tuned, "find_sharpness", find_sharpness)
    shares = np.array([3.0, 0.5, 1.0])
    encoder = kr.presets.from_preset(preset)
    plain, weighted = (
        fine_tuned.fit_fine_tuned(
            encoder, x, codes, people, epochs=1, weights=each
        ).head
        for each in (None, shares[codes])
    )
    np.testing.assert_allclose(weighted.kernel, plain.kernel, atol=1e-5)
    np.testing.assert_allclose(
        weighted.bias - plain.bias, np.log(shares), atol=1e-5
    )
    (classes, none), (_, weights) = calibrated_on
    assert classes == {0, 1, 2} and none is None
    assert set(weights.tolist()) == set(shares.tolist())


def test_smoothing_and_unknown(fitted):
    new = make_recording("new", LONG, seed=50)
    windows = make_windows(new, 100, LENGTH, LENGTH).acceleration
    head = fitted.head_  # less sure than it is
    fitted.head_ = dataclasses.replace(
        head, kernel=head.kernel * 0.1, bias=head.bias * 0.1
    )
    fitted.evidence_ = 0.25
    smoothed = fitted.predict(new)
    expected = smooth(
        fitted.predict_proba(windows),
        fitted.priors_,
        fitted.transitions_,
        np.zeros(len(windows), int),
        evidence=0.25,
    )
    np.testing.assert_allclose(smoothed.probabilities, expected, atol=1e-5)
    plain = clone(fitted)
    assert plain.get_params() == fitted.get_params()
    fitted.smoothing = None
    alone = fitted.predict(new)
    np.testing.assert_allclose(
        alone.probabilities, fitted.predict_proba(windows), atol=1e-5
    )
    assert (alone.probabilities != smoothed.probabilities).any()
    least = np.median(alone.probabilities.max(1))
    fitted.min_probability = float(least)
    is_unknown = fitted.predict(new).labels == "unknown"
    np.testing.assert_array_equal(
        is_unknown, alone.probabilities.max(1) < least
    )
    assert 0 < is_unknown.sum() < len(is_unknown)


def test_recordings_of_one_class_each_are_not_smoothed_by(preset):
    people = [
        make_recording(f"s{i}", [(motion, 5)], seed=i)
        for i in range(4)
        for motion in ("still", "walk")
    ]
    model = MotionClassifier(preset, controls=()).fit(people)
    assert model.transitions_ is None
    assert list(model.scores_.rows) == ["tiny", "most frequent class"]
    new = make_recording("new", LONG, seed=50)
    windows = make_windows(new, 100, LENGTH, LENGTH).acceleration
    np.testing.assert_allclose(
        model.predict(new).probabilities,
        model.predict_proba(windows),
        atol=1e-5,
    )
    assert model.facts()["Smoothing"] == "none"


def test_the_model_of_the_package():
    model = MotionClassifier.load("activities_wrist")
    assert len(model.classes_) == 10 and model.placements_ == ("wrist",)
    assert model.num_subjects_ == 30 and model.transitions_ is None
    # The people it is tested on are not among those it was fitted on.
    assert model.seen(["1600", "1601", "1603", "1605"]) == ["1600", "1605"]
    # It says how it does on them, and not on those left out in turn.
    assert model.test_scores_.num_subjects == 10
    assert "tested on" in model.facts()["What to expect"]
    generator = np.random.default_rng(0)
    wave = np.sin(2 * np.pi * 2.5 * np.arange(25_600) / 100)[:, None]
    noise = generator.normal(0, 0.05, (25_600, 3))
    shaken = [0.5, 1.2, 0.9] * wave + [0.0, 0.0, 1.0] + noise
    timeline = model.predict(kr.data.Recording(shaken, 100, "new"))
    assert len(timeline) == 100 and timeline.worn.all()


def test_in_a_pipeline_and_in_a_search_by_people(preset, windows):
    x, y, people = windows
    search = GridSearchCV(
        make_pipeline(
            MotionEmbedding(preset), MotionClassifier(preset, num_folds=0)
        ),
        {"motionclassifier__strength": [0.01, 1.0]},
        cv=GroupKFold(3),
    ).fit(x, y, groups=people)
    assert search.best_score_ > 0.9
    pipeline = make_pipeline(
        FunctionTransformer(lambda v: v / 9.80665),
        MotionClassifier(preset, controls=()),
    )
    pipeline.fit(x * 9.80665, y, motionclassifier__groups=people)
    assert pipeline[-1].num_subjects_ == 6
    assert pipeline.score(x * 9.80665, y) > 0.9
    other = make_pipeline(MotionEmbedding(preset), LogisticRegression())
    assert other.fit(x, y).score(x, y) > 0.9
    names = other[0].get_feature_names_out()
    assert len(names) == other[0].n_features_out_ == 64
    with pytest.raises(NotFittedError):
        MotionEmbedding(preset).transform(x)
    pickled = pickle.loads(pickle.dumps(MotionEmbedding(preset)))
    assert pickled.get_params() == MotionEmbedding(preset).get_params()


def test_placements_and_few_people_are_warned_of(preset):
    bouts = [("still", 6), ("walk", 6)]
    people = [
        make_recording(f"s{i}", bouts, seed=i, placement="wrist")
        for i in range(3)
    ]
    people.append(make_recording("s4", [*bouts, ("run", 4)], placement="wrist"))
    with pytest.warns(UserWarning, match=r"fewer for run \(1\)"):
        model = MotionClassifier(preset, controls=()).fit(people)
    hip = make_recording("new", bouts, placement="hip")
    with pytest.warns(UserWarning, match="devices at the wrist.*at the hip"):
        model.predict(hip)


@pytest.mark.parametrize(
    "arguments, match",
    [
        ({"head": "deep"}, "`head` must be one of"),
        ({"smoothing": "median"}, "`smoothing` must be one of"),
        ({"class_weight": 2}, "`class_weight` must be one of"),
        ({"min_probability": 2}, "`min_probability` must be"),
        ({"num_folds": -1}, "`num_folds` must be"),
        ({"strength": 0}, "`strength` must be"),
        ({"encoder": "relcon_smal"}, "Did you mean 'relcon_small'"),
        ({"controls": ("chance",)}, "`controls` must be one of"),
    ],
)
def test_arguments_out_of_range(preset, windows, arguments, match):
    x, y, people = windows
    with pytest.raises(ValueError, match=match):
        MotionClassifier(**{"encoder": preset, **arguments}).fit(x, y, people)


def test_input_that_does_not_fit(preset, windows, recordings, fitted):
    x, y, people = windows
    model = MotionClassifier(preset)
    with pytest.raises(ValueError, match="at least two classes"):
        model.fit(x[::3], y[::3])
    with pytest.raises(ValueError, match="`y` is for arrays"):
        model.fit(recordings, y)
    with pytest.raises(ValueError, match="trains an encoder on windows"):
        MotionClassifier(preset, head="fine_tune").fit(x[:, :, 0], y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(x, y, groups=people[:5])
    with pytest.raises(NotFittedError):
        model.predict(recordings[0])
    with pytest.raises(FileExistsError, match="must not exist"):
        fitted.save(preset)


def test_damaged_models_are_refused(fitted, tmp_path, monkeypatch):
    path = fitted.save(tmp_path / "model")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        fitted.save(path)
    fitted.save(path, overwrite=True)
    facts = json.loads((path / "classifier.json").read_text())
    assert "s0" not in json.dumps(facts["subjects"])
    with pytest.raises(ValueError, match="must be one of"):
        MotionClassifier.load(tmp_path)

    def refuses(match, **changes):
        text = json.dumps({**facts, **changes})
        (path / "classifier.json").write_text(text)
        with pytest.raises(ValueError, match=match):
            MotionClassifier.load(path)

    refuses("Install a newer", format_version=99)
    refuses("describes no classifier", kind="encoder")
    refuses("is damaged", settings={})
    refuses("do not fit together", classes=["a"])
    refuses("do not fit together", priors=[1.0])
    refuses("its checksum is another", head_sha256="0")
    other = {**facts["encoder"], "weights_sha256": "0"}
    refuses("whose weights are others", encoder=other)
    (path / "classifier.json").write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        MotionClassifier.load(path)
    (path / "classifier.json").write_text(json.dumps(facts))
    # Made by somebody: 4 MB of zeros, and the checksum of that file.
    np.savez_compressed(path / "head.npz", mean=np.zeros(1 << 20, "float32"))
    bomb = hashlib.sha256((path / "head.npz").read_bytes()).hexdigest()
    monkeypatch.setattr(file_limits, "FREE_BYTES", 1 << 16)
    refuses("at most 300 times its size", head_sha256=bomb)
    (path / "head.npz").unlink()
    (path / "classifier.json").write_text(json.dumps(facts))
    with pytest.raises(ValueError, match="it is missing"):
        MotionClassifier.load(path)
