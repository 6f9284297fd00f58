"""Jobs one after another, and side by side in processes that may die."""

import os
import signal
import warnings
from pathlib import Path

import pytest
from cohort.small_work import SmallWork

from keras_relcon.cohort import Done, ProcessDied, RecordingJob, run
from keras_relcon.cores import num_cores


def job(name, kind=None, **options):
    return RecordingJob(Path(name), name, {"kind": kind, **options})


def by_name(work, jobs, workers):
    return {each.name: outcome for each, outcome in run(work, jobs, workers)}


def test_one_after_another_in_this_process(tmp_path):
    jobs = [job("a"), job("b", "fail"), job("c")]
    found = list(run(SmallWork(tmp_path), jobs))
    assert [each.name for each, _ in found] == ["a", "b", "c"]
    (_, a), (_, b), (_, c) = found
    assert a.answers[0]["pid"] == c.answers[0]["pid"] == os.getpid()
    assert a.answers[0]["num_loaded"] == c.answers[0]["num_loaded"]
    assert isinstance(b, FileNotFoundError)


def test_too_little_memory_fails_one_file(tmp_path):
    found = by_name(SmallWork(tmp_path), [job("a", "memory"), job("b")], 1)
    assert isinstance(found["a"], OSError)
    assert "too little memory" in str(found["a"])
    assert isinstance(found["b"], Done)


def test_a_bug_is_no_failure_of_a_file(tmp_path):
    with pytest.raises(KeyError, match="a bug"):
        list(run(SmallWork(tmp_path), [job("a", "bug")]))


@pytest.mark.slow
def test_side_by_side_each_outcome_is_that_of_its_job(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    jobs = [
        # Neither ends before the other has begun.
        job("first", "wait", **{"for": "second"}),
        job("second", "wait", **{"for": "first"}),
        job("a"),
        job("bad", "fail"),
        job("dead", "die"),
        job("gone", "leave"),
        job("odd", "warn"),
        job("b"),
    ]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = by_name(SmallWork(tmp_path), jobs, workers=2)
    assert found.keys() == {each.name for each in jobs}
    assert ["a strange recording"] == [
        str(w.message) for w in told if "strange" in str(w.message)
    ]
    done = {k: v.answers[0] for k, v in found.items() if isinstance(v, Done)}
    assert done.keys() == {"first", "second", "a", "odd", "b"}
    pids = {facts["pid"] for facts in done.values()}
    assert len(pids) >= 2 and os.getpid() not in pids
    assert done["first"]["pid"] != done["second"]["pid"]
    # Once in each process, whatever it does.
    assert {facts["num_loaded"] for facts in done.values()} == {1}
    share = str(max(1, num_cores() // 2))
    assert {facts["threads"] for facts in done.values()} == {share}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert isinstance(found["bad"], OSError)
    assert "no such file" in str(found["bad"])
    assert isinstance(found["dead"], ProcessDied)
    assert f"by signal {signal.SIGKILL} (SIGKILL)" in str(found["dead"])
    assert "use fewer workers" in str(found["dead"])
    assert "by exit code 3" in str(found["gone"])


@pytest.mark.slow
def test_a_bug_in_a_process_ends_all_with_its_traceback(tmp_path):
    jobs = [
        job("a"),
        job("b", "wait", **{"for": "c"}),
        job("c", "bug"),
        job("d", "wait", **{"for": "x"}),  # for ever
    ]
    pids = []
    with pytest.raises(RuntimeError, match="(?s)small_work.py.*a bug"):
        for _, done in run(SmallWork(tmp_path), jobs, workers=2):
            pids.append(done.answers[0]["pid"])
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_two_jobs_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="different names.*: a twice"):
        list(run(SmallWork(tmp_path), [job("a"), job("b"), job("a")]))
    assert not list(tmp_path.iterdir())


def test_workers_are_checked(tmp_path):
    with pytest.raises(ValueError, match="`workers` must be a whole number"):
        list(run(SmallWork(tmp_path), [job("a")], workers=0))
