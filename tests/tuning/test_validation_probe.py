import dataclasses

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from support import small_encoder
from tiny_search import tiny_data

from keras_relcon.evaluation import Fold, LinearProbe


def probe(*arguments, **kwargs):
    from keras_relcon.tuning import ValidationProbe

    return ValidationProbe(*arguments, **kwargs)


def test_scores_are_those_of_validation_subjects_by_scikit_learn():
    _, windows, folds = tiny_data()
    keras.utils.set_random_seed(0)
    encoder = small_encoder()
    scores = probe(windows, folds).score(encoder)
    for fold, score in zip(folds, scores):
        parts = []
        for subjects in (fold.train, fold.validation):
            part = windows.select(np.isin(windows.subjects, subjects))
            vectors = encoder.predict(part.acceleration, verbose=0)
            parts.append((np.float64(vectors), part.labels))
        (x, y), (validation_x, validation_y) = parts
        mean, std = x.mean(0), x.std(0)
        std[std == 0] = 1
        classifier = LogisticRegression(C=0.1, max_iter=100)
        classifier.fit((x - mean) / std, y)
        expected = f1_score(
            validation_y,
            classifier.predict((validation_x - mean) / std),
            average="macro",
        )
        np.testing.assert_allclose(score["macro_f1"], expected, atol=1e-6)


def test_numbers_are_names_of_subjects():
    _, windows, folds = tiny_data()
    names = sorted(set(windows.subjects))
    numbered = dataclasses.replace(
        windows, subjects=np.searchsorted(names, windows.subjects)
    )
    fold = Fold(("0", "1"), ("2",), ("3",))
    expected = Fold(tuple(names[:2]), (names[2],), (names[3],))
    encoder = small_encoder()
    found = [
        probe(each, [part]).score(encoder)[0]["macro_f1"]
        for each, part in ((numbered, fold), (windows, expected))
    ]
    assert found[0] == found[1] > 0


def test_the_names_of_scores_are_known_before_there_are_any():
    from keras_relcon.tuning.validation_probe import mean_scores, score_names

    _, windows, folds = tiny_data()
    found = probe(windows, folds).score(small_encoder())
    for count in (1, 2):
        scores = mean_scores(found[:count])
        assert sorted(score_names(count)) == sorted(scores)
    assert scores["validation_macro_f1_fold_1"] == found[1]["macro_f1"]
    assert "validation_macro_f1_fold_2" not in scores


def test_test_subjects_are_never_read():
    _, windows, folds = tiny_data()
    damaged = windows.acceleration.copy()
    damaged[windows.subjects == "s04"] = np.nan
    encoder = small_encoder()
    damaged = dataclasses.replace(windows, acceleration=damaged)
    assert probe(damaged, folds).score(encoder) == (
        probe(windows, folds).score(encoder)
    )
    assert "s04" not in probe(windows, folds).windows.subjects
    assert probe(windows, folds).validation_subjects == ["s02", "s03"]
    assert probe(windows, folds).validation_train_ratio == 0.5


def test_bad_input_is_explained():
    _, windows, folds = tiny_data()
    with pytest.raises(ValueError, match="needs labels"):
        probe(dataclasses.replace(windows, labels=None), folds)
    with pytest.raises(ValueError, match="must have validation subjects"):
        probe(windows, [Fold(("s00",), (), ("s04",))])
    with pytest.raises(ValueError, match="must have validation subjects"):
        probe(windows, [])
    with pytest.raises(ValueError, match="none of.*s77"):
        probe(windows, [Fold(("s00", "s77"), ("s02",), ("s04",))])
    with pytest.raises(ValueError, match="needs validation rows"):
        probe(windows, folds, LinearProbe()).score(small_encoder())


def test_invalid_windows_are_left_out():
    from keras_relcon.tuning import ValidationProbe

    _, windows, folds = tiny_data()
    valid = np.arange(len(windows.valid)) % 3 > 0
    spoiled = np.where(valid[:, None, None], windows.acceleration, np.nan)
    encoder = small_encoder()
    expected = ValidationProbe(windows.select(valid), folds).score(encoder)
    spoiled = dataclasses.replace(windows, acceleration=spoiled, valid=valid)
    assert ValidationProbe(spoiled, folds).score(encoder) == expected


def test_windows_without_a_label_are_left_out():
    _, windows, folds = tiny_data()
    encoder = small_encoder()
    expected = probe(windows, folds).score(encoder)
    # Nine once more, moved, and without a label.
    both = windows.select([*range(len(windows)), *range(9)])
    both.acceleration[-9:] += 0.1
    both.labels[-9:] = ""
    assert probe(both, folds).score(encoder) == expected
    unlabelled = windows.labels.copy()
    unlabelled[windows.subjects == folds[0].train[0]] = ""
    with pytest.raises(ValueError, match="valid windows with a label"):
        probe(dataclasses.replace(windows, labels=unlabelled), folds)
