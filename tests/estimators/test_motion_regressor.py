import json
from dataclasses import replace

import numpy as np
import pytest
from motion_recordings import LENGTH
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.preprocessing import StandardScaler

from keras_relcon import MotionClassifier, MotionEmbedding, MotionRegressor
from keras_relcon.data import Recording, make_windows
from keras_relcon.estimators.linear_head import fit_number_head
from keras_relcon.estimators.number_fitting import _person_quantile
from keras_relcon.estimators.number_scores import NumberScores, score_numbers
from keras_relcon.evaluation import embed_windows


def make_swinging(subject, seed, labelled=True, **facts):
    """Swings of several sizes, six windows each; the size is the label."""
    generator = np.random.default_rng(seed)
    sizes = np.repeat(generator.uniform(0.2, 1.0, 5).round(2), 6 * LENGTH)
    seconds = np.arange(len(sizes)) / 100
    wave = (sizes * np.sin(2 * np.pi * 5 * seconds))[:, None]
    signal = [0.0, 0.0, 1.0] + wave + generator.normal(0, 0.02, (len(wave), 3))
    return Recording(
        signal,
        sample_rate_hz=100,
        subject=subject,
        labels=sizes.astype(str) if labelled else None,
        recording_id=f"{subject}_{seed}",
        **facts,
    )


@pytest.fixture(scope="module")
def swings():
    return [make_swinging(f"s{i}", seed=i) for i in range(6)]


@pytest.fixture
def fitted(preset, swings):
    return MotionRegressor(preset, controls=()).fit(swings)


def test_the_only_target_gives_the_number_its_name(preset, swings, tmp_path):
    windows = make_windows(swings, 100, LENGTH, LENGTH)
    targets = {"speed_m_s": windows.labels.astype(float)}
    windows = replace(windows, labels=None, targets=targets)
    model = MotionRegressor(preset, controls=(), num_folds=np.int64(2))
    model.fit(windows).save(tmp_path / "model")
    for each in (model, MotionRegressor.load(tmp_path / "model")):
        assert each.facts()["Number"] == "speed_m_s"
        assert each.predict(swings[0]).quantity == "speed_m_s"


def sizes_of(recording):
    windows = make_windows(recording, 100, LENGTH, LENGTH)
    return windows.acceleration, windows.labels.astype(float)


@pytest.mark.every_backend
def test_recordings_give_scores_and_numbers_in_time(preset, swings, tmp_path):
    model = MotionRegressor(preset).fit(swings)
    rows = model.scores_.rows
    names = ["tiny", "untrained encoder", "hand-made features"]
    assert list(rows) == [*names, "mean of the others"]
    assert rows["tiny"]["mae"] < 0.5 * rows["mean of the others"]["mae"]
    assert model.scores_.num_subjects == 6
    new = make_swinging("new", seed=50, start_time=1.7e9, time_zone="UTC")
    windows, true = sizes_of(new)
    timeline = model.predict(new)
    table = timeline.table
    assert str(table["start"][0]) == "2023-11-14 22:13:20+00:00"
    np.testing.assert_allclose(
        table["value"], model.predict(windows), rtol=1e-4, atol=1e-5
    )
    assert np.mean(np.abs(table["value"] - true)) < 0.1
    np.testing.assert_allclose(
        table["high"] - table["value"], model.half_width_
    )
    assert model.score([new]) == pytest.approx(
        r2_score(true, model.predict(windows))
    )
    # The model of Keras is the head on the encoder.
    found = embed_windows(model.to_keras(), windows)[:, 0]
    np.testing.assert_allclose(found, model.predict(windows), atol=1e-5)


def test_new_people_are_scored(fitted, swings, tmp_path):
    (one, another) = (make_swinging(f"n{i}", seed=60 + i) for i in range(2))
    scores = fitted.evaluate([one, another])
    errors, means = [], []
    mean = np.mean([sizes_of(each)[1] for each in swings])
    for each in (one, another):
        windows, true = sizes_of(each)
        errors.append(np.mean(np.abs(fitted.predict(windows) - true)))
        means.append(np.mean(np.abs(mean - true)))
    (row, simplest) = scores.rows.values()
    assert row["mae"] == pytest.approx(np.mean(errors))
    assert simplest["mae"] == pytest.approx(np.mean(means), rel=1e-5)
    loaded = MotionRegressor.load(fitted.save(tmp_path / "model"))
    assert loaded.test_scores_ == scores
    assert "it was tested on 2 people" in loaded.facts()["What to expect"]
    scores = fitted.evaluate(one)
    assert "(it was tested on one person)" in scores.sentence()
    assert " to " not in scores.table()  # no interval of one person
    with pytest.raises(ValueError, match="'s0', on whom it was fitted"):
        fitted.evaluate(swings[0])


@pytest.mark.every_backend
def test_a_saved_regressor_is_the_same(fitted, tmp_path):
    windows, _ = sizes_of(make_swinging("new", seed=50))
    path = fitted.save(tmp_path / "model")
    loaded = MotionRegressor.load(path)
    np.testing.assert_allclose(
        loaded.predict(windows), fitted.predict(windows), atol=1e-6
    )
    assert loaded.scores_ == fitted.scores_
    assert loaded.half_width_ == fitted.half_width_
    assert loaded.seen(["s0", "s9"]) == ["s0"]
    assert "nine of ten errors" in (path / "README.md").read_text()
    with pytest.raises(ValueError, match="Use `MotionRegressor.load`"):
        MotionClassifier.load(path)
    facts = json.loads((path / "regressor.json").read_text())
    (path / "regressor.json").write_text(json.dumps({**facts, "scores": 3}))
    with pytest.raises(ValueError, match="is damaged"):
        MotionRegressor.load(path)


def test_the_head_is_a_ridge_whose_strength_people_left_out_choose():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 4)) * [1, 5, 20, 1] + 3
    y = x @ [1.0, 0.2, 0.0, 0.5] + generator.normal(0, 1.0, 60)
    head = fit_number_head(x, y, strength=0.7)
    expected = Ridge(alpha=0.7 * 4).fit(StandardScaler().fit_transform(x), y)
    found = head.outputs(x)[:, 0]
    np.testing.assert_allclose(
        found,
        expected.predict(StandardScaler().fit_transform(x)),
        rtol=1e-4,
    )
    people = np.repeat([f"p{i}" for i in range(6)], 10)
    # Each person has a level of their own, which no column can tell.
    own = generator.normal(0, 3, 6).repeat(10)
    free = fit_number_head(x, y, people).strength
    assert fit_number_head(x, y + own, people).strength >= free


def test_nobody_is_predicted_by_a_head_that_saw_their_numbers():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(40, 6))
    y = x[:, 0] + generator.normal(size=40)
    people = np.repeat([f"p{i}" for i in range(4)], 10)
    model = MotionRegressor(strength=0.5, num_folds=9).fit(x, y, people)
    predicted = np.empty(40)
    for person in np.unique(people):
        own = people == person
        scale = StandardScaler().fit(x[~own])
        ridge = Ridge(alpha=0.5 * 6).fit(scale.transform(x[~own]), y[~own])
        predicted[own] = ridge.predict(scale.transform(x[own]))
    row = model.scores_.rows["embeddings"]
    assert row["mae"] == pytest.approx(np.mean(np.abs(predicted - y)), rel=1e-5)
    errors = np.sort(np.abs(predicted - y))
    assert model.half_width_ == pytest.approx(errors[35], rel=1e-5)
    assert model.scores_.num_folds == 4


def test_scores_are_means_over_people():
    generator = np.random.default_rng(1)
    groups = np.repeat(["a", "b", "c"], [5, 10, 20])
    true = generator.normal(size=35)
    predicted = true + generator.normal(0.3, 0.5, 35)
    row = score_numbers(true, predicted, groups)
    mae = [
        mean_absolute_error(true[groups == g], predicted[groups == g])
        for g in "abc"
    ]
    assert row["mae"] == pytest.approx(np.mean(mae))
    assert row["mae_spread"] == pytest.approx([min(mae), max(mae)])
    assert row["r2"] == pytest.approx(r2_score(true, predicted))
    assert row["rmse"] == pytest.approx(
        np.sqrt(np.mean((predicted - true) ** 2))
    )
    bias = [np.mean((predicted - true)[groups == g]) for g in "abc"]
    assert row["bias"] == pytest.approx(np.mean(bias))
    scores = NumberScores(3, 35, 3, {"mine": row, "mean of the others": row})
    assert "expect a window to be wrong by" in scores.sentence()
    assert "(3 people were left out in turn; lowest" in scores.sentence()
    assert "mine" in scores.table()
    assert NumberScores.from_dict(scores.to_dict()) == scores


def test_the_interval_holds_nine_of_ten_errors_of_each_person_alike():
    errors = np.arange(1.0, 21.0)
    assert _person_quantile(errors, np.repeat(["a", "b"], 10), 0.9) == 18
    # 10 windows of one person count as much as one window of another.
    errors, groups = np.array([*[1.0] * 10, 5.0]), ["a"] * 10 + ["b"]
    assert _person_quantile(errors, groups, 0.5) == 1.0
    assert _person_quantile(errors, groups, 0.6) == 5.0


def test_numbers_come_from_targets_or_labels(preset, swings, fitted):
    windows = make_windows(swings, 100, LENGTH, LENGTH)
    sizes = windows.labels.astype(float)
    named = replace(windows, labels=None, targets={"size_g": sizes})
    model = MotionRegressor(preset, controls=(), target="size_g").fit(named)
    np.testing.assert_allclose(model.head_.kernel, fitted.head_.kernel)
    x = MotionEmbedding(preset).fit_transform(windows.acceleration)
    rows = MotionRegressor(controls=()).fit(x, sizes, windows.subjects)
    np.testing.assert_allclose(
        rows.head_.kernel, fitted.head_.kernel, atol=1e-6
    )
    assert rows.scores_.rows["embeddings"] == fitted.scores_.rows["tiny"]
    two = replace(named, targets={"size_g": sizes, "other": sizes})
    with pytest.raises(ValueError, match="one of the targets.*size_g, other"):
        MotionRegressor(preset).fit(two)
    with pytest.raises(ValueError, match="of which there are none"):
        MotionRegressor(preset, target="speed").fit(windows)
    some = np.where(np.arange(len(sizes)) % 2, sizes, np.nan)
    with pytest.warns(UserWarning, match="90 of 180 windows have missing"):
        half = MotionRegressor(preset, controls=()).fit(
            replace(windows, targets={"size_g": some})
        )
    assert half.scores_.num_windows == 90


def test_labels_that_are_no_numbers(preset, recordings):
    with pytest.raises(ValueError, match="the label 'run'.*MotionClassifier"):
        MotionRegressor(preset).fit(recordings)
    still = [make_swinging(f"s{i}", seed=0) for i in range(2)]
    still = [replace(r, labels="1.0") for r in still]
    with pytest.raises(ValueError, match="numbers must differ"):
        MotionRegressor(preset).fit(still)
