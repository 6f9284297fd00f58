"""Named benchmarks end to end, on small recordings in the real form."""

import numpy as np
import pytest

from keras_relcon.data import Interval, Recording
from keras_relcon.evaluation import (
    BENCHMARKS,
    LinearProbe,
    MLPProbe,
    run_benchmark,
)
from keras_relcon.evaluation.protocols.wisdm_watch import HELD_OUT

QUICK = LinearProbe((0.1,), max_iterations=20)
LEVELS = {"still": 0.02, "walk": 0.3, "run": 1.0}


def moving(rng, label, seconds, rate_hz):
    noise = rng.normal(scale=LEVELS[label], size=(seconds * rate_hz, 3))
    return noise + [0.0, 0.0, 1.0]


@pytest.fixture
def motionsense(rng):
    trials = {"sit_5": "still", "wlk_7": "walk", "jog_9": "run"}
    return [
        Recording(
            moving(rng, label, 9, 50),
            50,
            str(subject),
            labels=label,
            recording_id=f"{trial}/sub_{subject}",
        )
        for subject in range(1, 25)
        for trial, label in trials.items()
    ]


@pytest.fixture
def opportunity(rng):
    labels = {"stand": "still", "sit": "walk", "walk": "run"}
    return [
        Recording(
            np.concatenate(
                [moving(rng, level, 40, 30) for level in labels.values()]
            ),
            30,
            str(subject),
            labels=np.repeat(list(labels), 40 * 30),
            recording_id=f"S{subject}-ADL1@right_wrist",
        )
        for subject in range(1, 5)
    ]


def test_motionsense_has_its_folds_its_rows_and_its_quotes(motionsense):
    report = run_benchmark("table4_motionsense", motionsense, None, task=QUICK)
    assert len(report.results) == 5
    assert report.results[0].subjects == ("9", "17", "1", "19", "12")
    assert report.mean("hand-made features") > 0.9
    assert report.settings["benchmark"] == "table4_motionsense"
    assert report.settings["standardize"] is True
    assert report.settings["window_length"] == 200
    table = report.table()
    assert "80.35" in table and "quoted" in table


def test_few_labels_leave_the_test_subjects(motionsense):
    report = run_benchmark(
        "table4_motionsense", motionsense, None, QUICK, label_fraction=0.1
    )
    folds = report.settings["folds"]
    assert [len(fold["train"]) for fold in folds] == [2, 2, 2, 2, 2]
    assert [len(fold["test"]) for fold in folds] == [5, 5, 5, 5, 4]
    assert report.settings["label_fraction"] == 0.1


def test_wisdm_watch_tests_only_subjects_held_out_of_pretraining(rng):
    recordings = [
        Recording(
            moving(rng, label, 12, 20),
            20,
            subject,
            labels=label,
            recording_id=f"{subject}/{label}_1",
        )
        for subject in (*HELD_OUT, "1600")
        for label in LEVELS
    ]
    report = run_benchmark("wisdm_watch", recordings, None, task=QUICK)
    tested = [s for result in report.results for s in result.subjects]
    assert sorted(tested) == sorted(HELD_OUT)
    assert report.mean("hand-made features", "recording_accuracy") > 0.9
    for fold in report.settings["folds"]:
        assert "1600" not in sum(fold.values(), [])


def test_gait_is_scored_by_subject_over_five_seeds(rng):
    items = []
    for subject in range(12):
        speed = 0.5 + subject / 12
        signal = rng.normal(scale=speed, size=(900, 3))
        recording = Recording(signal, 100, str(subject), recording_id="1/left")
        walk = Interval(0, 9, targets={"walking_speed_m_s": speed})
        items.append((recording, [walk]))
    report = run_benchmark("ipol_gait_walking_speed_m_s", items, None)
    assert report.kind == "regression" and len(report.results) == 5
    assert {len(result.subjects) for result in report.results} == {6}
    assert report.mean("hand-made features", "mae") < 0.2


@pytest.mark.parametrize("variant, leaks", [("corrected", 0), ("released", 4)])
def test_released_variant_carries_its_leak(opportunity, variant, leaks):
    report = run_benchmark(
        "table3_opportunity",
        opportunity,
        None,
        task=MLPProbe(hidden=(8,), epochs=3),
        variant=variant,
    )
    assert sum(r.leak is not None for r in report.results) == leaks
    assert ("training part" in report.table()) == bool(leaks)
    assert report.settings["variant"] == variant


def test_every_benchmark_has_a_task_and_a_title():
    for name, benchmark in BENCHMARKS.items():
        assert name == benchmark.name and benchmark.title
        task = benchmark.task()
        assert task.kind in ("classification", "regression")


def test_unknown_names_are_told_the_nearest(motionsense):
    with pytest.raises(ValueError, match="mean 'table4_motionsense'"):
        run_benchmark("motionsense_table4", motionsense, None)
    with pytest.raises(ValueError, match="`variant` of table4_hhar must be"):
        run_benchmark("table4_hhar", [], None, variant="released")
    with pytest.raises(ValueError, match="`variant` of table3_opportunity"):
        run_benchmark("table3_opportunity", [], None, variant="leaky")
