"""Files of earlier versions are read, or refused with what to do.

`tests/old_files/DATE.tar.xz` is what the version of that day wrote, by
`tests/old_files/write_files.py`, with the numbers that it gave itself.
"""

import csv
import dataclasses
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from support import to_numpy

import keras_relcon as kr
from keras_relcon.cli.main import main
from keras_relcon.data.streams.stored_ranking import StoredRanking
from keras_relcon.presets import from_preset

OLD_FILES = Path(__file__).parent / "old_files"
sys.path.append(str(OLD_FILES))
from old_models import (  # noqa: E402
    make_groups,
    make_model,
    make_optimizer,
    make_recordings,
    make_windows,
    write_pretraining,
)

DATES = sorted(path.name.split(".")[0] for path in OLD_FILES.glob("*.xz"))


@pytest.fixture(params=DATES)
def old(request, tmp_path):
    """The folder of what a version wrote."""
    folder = tmp_path / request.param
    with tarfile.open(OLD_FILES / f"{request.param}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def expected(old):
    """What the version gave itself, by name."""
    with np.load(old / "expected.npz") as archive:
        return dict(archive)


def _need(path):
    if not path.exists():
        pytest.skip(f"the version of {path.parent.name} wrote no {path.name}")
    return path


def test_every_version_is_there():
    assert DATES == ["2026-11-21", "2026-11-26", "2026-11-28", "2026-11-29"]


@pytest.mark.every_backend
@pytest.mark.eager
def test_presets_give_what_they_gave(old, expected):
    encoder = from_preset(old / "encoder")
    found = encoder.predict(make_windows(), verbose=0)
    np.testing.assert_allclose(found, expected["encoder"], atol=1e-5)
    model = from_preset(old / "relcon", task="pretrain")
    assert model.temperature == 0.5
    ranks = to_numpy(model.rank_candidates(make_groups()[0]))
    np.testing.assert_allclose(ranks, expected["ranks"], rtol=1e-3)
    again = kr.presets.save_to_preset(encoder, old / "again")
    np.testing.assert_array_equal(
        from_preset(again).predict(make_windows(), verbose=0), found
    )


def test_stores_give_the_same_windows(old, expected):
    store = kr.data.WindowStore.open(old / "windows.h5")
    assert store.subjects == ["s00", "s01", "s02"]
    starts = [piece.start for piece in store.pieces]
    np.testing.assert_array_equal(starts, expected["store_starts"])
    np.testing.assert_array_equal(store.read(starts), expected["store"])


def test_an_old_store_grows(old):
    new = dataclasses.replace(make_recordings()[0], subject="s09")
    kr.data.WindowStore.open(old / "windows.h5").append([new])
    store = kr.data.WindowStore.open(old / "windows.h5")
    assert store.subjects == ["s00", "s01", "s02", "s09"]


@pytest.mark.parametrize("name", ["embeddings.npz", "embeddings.parquet"])
def test_embeddings_are_loaded(old, expected, name):
    found = kr.evaluation.Embeddings.load(old / name)
    np.testing.assert_array_equal(found.embeddings, expected["embeddings"])
    np.testing.assert_array_equal(
        found.subjects, expected["embeddings_subjects"]
    )


def test_a_training_goes_on_from_an_old_checkpoint(old, expected):
    directory = _need(old / "checkpoint")
    model, groups = make_model(), make_groups()
    model.compile(optimizer=make_optimizer())
    kept = kr.training.ResumableTraining(directory, groups)
    fit = {"epochs": 3, "verbose": 0, "shuffle": False}
    model.fit(groups, callbacks=[kept], **fit)
    assert int(model.optimizer.iterations.numpy()) == 6
    for index, weight in enumerate(model.encoder.get_weights()):
        np.testing.assert_allclose(
            weight, expected[f"trained_{index}"], atol=1e-5
        )


def test_a_pretraining_goes_on_in_its_stage(old, expected, monkeypatch, capsys):
    folder = _need(old / "pretraining")
    assert _losses(folder, "motif_distance").size == 1
    write_pretraining(folder)
    monkeypatch.chdir(folder)
    assert main(["pretrain", "config.json"]) == 0
    for name in ("motif_distance", "relcon"):
        np.testing.assert_allclose(
            _losses(folder, name), expected[f"losses_{name}"], rtol=1e-3
        )
    assert not (folder / "preset.stages").exists()


def _losses(folder, name):
    with open(folder / "preset.logs" / f"{name}.csv") as file:
        return np.array([float(row["loss"]) for row in csv.DictReader(file)])


def test_classifiers_give_the_same_probabilities(old, expected):
    classifier = kr.MotionClassifier.load(_need(old / "classifier"))
    timeline = classifier.predict(make_recordings()[0])
    np.testing.assert_allclose(
        timeline.probabilities, expected["probabilities"], atol=1e-5
    )
    loaded = kr.timeline.Timeline.load(old / "timeline.parquet")
    np.testing.assert_allclose(
        loaded.probabilities, expected["probabilities"], atol=1e-6
    )


def test_rankings_are_loaded(old):
    ranking = StoredRanking.load(_need(old / "ranking.h5"))
    np.testing.assert_array_equal(ranking.starts, np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(ranking.ranks[0, 0], [0, 1, 2])
