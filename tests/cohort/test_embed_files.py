"""A cohort in several processes gives what one gives."""

import dataclasses
import pickle
import shutil

import numpy as np
import pytest
from support import small_encoder

from keras_relcon.cohort import (
    Done,
    EmbedFiles,
    PredictFiles,
    RecordingJob,
    find_jobs,
    run,
)
from keras_relcon.estimators import MotionClassifier
from keras_relcon.evaluation import Embeddings
from keras_relcon.presets import save_to_preset
from keras_relcon.timeline import Timeline


@pytest.mark.slow
def test_several_processes_embed_as_one(
    jobs, tiny_preset, tmp_path, same_files
):
    for name, workers in (("one", 1), ("two", 2)):
        work = EmbedFiles(tiny_preset, tmp_path / name)
        found = dict_of(run(work, jobs, workers))
        assert isinstance(found.pop("s00/bad"), ValueError)
        assert len(found) == 12
        assert all(done.answers[0]["valid"] == 12 for done in found.values())
    same_files(tmp_path / "one", tmp_path / "two")
    # Made by two, finished for one.
    again = dict_of(run(EmbedFiles(tiny_preset, tmp_path / "two"), jobs))
    again.pop("s00/bad")
    assert all(done.finished_before for done in again.values())


def dict_of(outcomes):
    return {job.name: outcome for job, outcome in outcomes}


@pytest.mark.parametrize("kind", ["embed", "predict"])
def test_what_a_killed_run_left_half_written_is_removed(
    kind, jobs, tiny_preset, tmp_path, study
):
    endings, work = (".embeddings.npz",), EmbedFiles(tiny_preset, tmp_path)
    if kind == "predict":
        classifier = MotionClassifier(tiny_preset, num_folds=0)
        classifier.fit(study / "s01", read_options={"sample_rate_hz": 50})
        classifier.save(tmp_path / "model")
        endings = (".html", ".csv")
        work = PredictFiles(tmp_path / "model", tmp_path)
    job = jobs[1]
    leftovers = [
        tmp_path / f"{job.name}{ending}".replace("/", "/.partial-0123abcd-")
        for ending in endings
    ]
    if kind == "predict":
        leftovers.append(
            tmp_path
            / ".finished"
            / f"{job.name}.json".replace("/", "/.partial-0123abcd-")
        )
    for path in leftovers:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    work(job)
    assert not [path for path in leftovers if path.exists()]
    assert (tmp_path / f"{job.name}{endings[0]}").exists()


def test_half_precision_is_near_and_another_key(jobs, tiny_preset, tmp_path):
    job = jobs[1]
    found = {}
    for precision in ("float32", "bfloat16"):
        work = EmbedFiles(tiny_preset, tmp_path, precision=precision)
        work(dataclasses.replace(job, name=precision))
        path = tmp_path / f"{precision}.embeddings.npz"
        found[precision] = Embeddings.load(path).embeddings
    whole, half = found["float32"], found["bfloat16"]
    assert half.dtype == np.float32
    error = np.abs(half - whole).mean() / whole.std()
    assert 1e-5 < error < 0.02
    # What was made in one precision is not finished in the other.
    work = EmbedFiles(tiny_preset, tmp_path, precision="float32")
    with pytest.raises(FileExistsError, match="not made of this file by these"):
        work(dataclasses.replace(job, name="bfloat16"))
    with pytest.raises(ValueError, match="`precision` must be one of"):
        EmbedFiles(tiny_preset, tmp_path, precision="half").prepare()


def test_windows_of_another_preset_are_another_key(jobs, tmp_path):
    encoder = small_encoder()
    encoder.build((None, 64, 3))
    for rate in (50, 100):
        preset = save_to_preset(
            encoder, tmp_path / f"{rate}", sample_rate_hz=rate, window_length=64
        )
        work = EmbedFiles(preset, tmp_path / "out")
        if rate == 50:
            assert work(jobs[1]).answers[0]["windows"] == 6
    with pytest.raises(FileExistsError, match="not made of this file by these"):
        work(jobs[1])


def test_jobs_of_a_folder(study, tmp_path):
    jobs = find_jobs(study, sample_rate_hz=50, unit="g")
    assert [job.name for job in jobs[:2]] == ["s00/bad", "s00/running"]
    assert jobs[1].options == {
        "subject": "s00",
        "recording_id": "s00/running",
        "sample_rate_hz": 50,
        "unit": "g",
    }
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match="A folder must hold recordings"):
        find_jobs(tmp_path / "none")


def test_a_missing_preset_is_told_before_the_files(tmp_path):
    with pytest.raises(ValueError, match="preset"):
        EmbedFiles(tmp_path / "none", tmp_path).prepare()


def test_work_goes_to_another_process_without_its_model(tiny_preset, tmp_path):
    work = EmbedFiles(tiny_preset, tmp_path, stride=32)
    work.prepare()
    moved = pickle.loads(pickle.dumps(work))
    assert moved == work and moved._model is None
    assert len(pickle.dumps(work)) < 2000
    assert isinstance(moved, EmbedFiles) and Done(()).answers == ()


@pytest.fixture
def classifier(tiny_preset, study, tmp_path):
    model = MotionClassifier(tiny_preset, num_folds=0)
    model.fit(study / "s01", read_options={"sample_rate_hz": 50})
    model.save(tmp_path / "model")
    return tmp_path / "model"


def test_what_no_answer_depends_on_is_in_no_key(classifier, tmp_path, study):
    model = shutil.copytree(classifier, tmp_path / "copy")
    job = find_jobs(study, sample_rate_hz=50)[1]

    def again():
        return PredictFiles(model, tmp_path / "answers")(job).finished_before

    assert not again()
    (model / ".DS_Store").write_text("x")
    (model / "README.md").write_text("of mine")
    assert again()
    (model / "head.npz").write_bytes((model / "head.npz").read_bytes() + b"0")
    with pytest.raises(ValueError, match="damaged"):
        again()


def test_recordings_are_never_written_over(classifier, tmp_path, study):
    """Also without `reserve`, and where all may be replaced."""
    shutil.copytree(study / "s00", tmp_path / "own" / "s00")
    jobs = find_jobs(tmp_path / "own", sample_rate_hz=50)
    before = {job.file: job.file.read_bytes() for job in jobs}
    work = PredictFiles(classifier, tmp_path / "own", overwrite=True)
    for job, error in run(work, jobs):
        if job.name != "s00/bad":
            assert f"{job.file} is a recording that is read" in str(error)
    assert before == {job.file: job.file.read_bytes() for job in jobs}
    # Those of others, which no job of this run is about.
    other = dataclasses.replace(
        find_jobs(study, sample_rate_hz=50)[3], name=jobs[1].name
    )
    with pytest.raises(FileExistsError, match="is no table of answers"):
        work(other)
    assert before == {job.file: job.file.read_bytes() for job in jobs}


def test_what_a_killed_run_had_begun_is_done_again(
    classifier, jobs, tmp_path, monkeypatch
):
    output = tmp_path / "answers"
    work = PredictFiles(classifier, output)
    saved = Timeline.save

    def killed(self, path):
        if path.suffix == ".csv":
            raise KeyboardInterrupt
        saved(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(Timeline, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            work(jobs[1])
    page = output / f"{jobs[1].name}.html"
    assert page.exists() and not page.with_suffix(".csv").exists()
    assert not work.finished_rows()
    assert not work(jobs[1]).finished_before
    assert page.with_suffix(".csv").exists()
    assert work(jobs[1]).finished_before
    assert len(work.finished_rows()) == 1
    # What is not this job's stays.
    page.with_name("other.html").write_text("mine")
    name = page.with_name("other").relative_to(output).as_posix()
    other = dataclasses.replace(jobs[1], name=name)
    with pytest.raises(FileExistsError, match="other.html exists already"):
        work(other)


def test_a_part_without_a_window_fails_no_file(classifier, tmp_path):
    counts = (200, 20, 200)
    clock = np.concatenate([np.arange(n) / 50 for n in counts])
    rows = [f"{t:.2f},0.0,0.6,0.8" for t in clock]
    file = tmp_path / "back.csv"
    file.write_text("\n".join(["time,x,y,z", *rows]))
    options = {"on_clock_change": "split"}
    job = RecordingJob(file, "back", options, is_in_folder=False)
    work = PredictFiles(classifier, tmp_path / "answers")
    with pytest.warns(UserWarning, match="1 of 3 parts .* are left out"):
        done = work(job)
    assert [row["recording"] for row in done.rows] == ["back_0", "back_2"]
    file.write_text("\n".join(["time,x,y,z", *rows[200:220]]))
    short = dataclasses.replace(job, name="short")
    with pytest.raises(ValueError, match="^At least one recording must be"):
        work(short)


def test_a_wrong_setting_is_told_before_anything_is_read(tiny_preset):
    for name, value, expected in (
        ("format", "csv", r"must be one of \['npz'"),
        ("stride", 0, "must be a whole number, at least 1"),
        ("batch_size", 2.5, "must be a whole number, at least 1"),
    ):
        work = EmbedFiles(tiny_preset, "out", **{name: value})
        with pytest.raises(ValueError, match=f"`{name}` {expected}"):
            work.prepare()
