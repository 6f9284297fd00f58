"""The facts of every protocol, written out, each with its source.

Section numbers are those of `PROTOCOLS.md`, the notes on the papers and on
the released code at commit aed836f.
"""

import numpy as np
import pytest

from keras_relcon.data import Recording
from keras_relcon.evaluation.benchmark import BENCHMARKS
from keras_relcon.evaluation.protocols import (
    hhar_table4,
    ipol_gait,
    motionsense_table4,
    opportunity_table3,
    pamap2,
    table3,
    table4,
    wisdm_watch,
)
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe
from keras_relcon.evaluation.tasks.mlp_probe import MLPProbe
from keras_relcon.evaluation.tasks.ridge_probe import RidgeProbe


def parts(folds):
    return [(fold.train, fold.validation, fold.test) for fold in folds]


def ids(text, prefix=""):
    """`"1,2 | 3 | 4"` of the notes, as parts of a fold."""
    return tuple(
        tuple(prefix + subject.strip() for subject in part.split(","))
        for part in text.split("|")
    )


def refuses_labels_but(make_windows, recording_of, labels):
    """Whether exactly these labels are known to a protocol of a builder."""
    with pytest.raises(ValueError, match="Labels must be of") as error:
        make_windows([recording_of("unheard of")])
    return f"Labels must be of {list(labels)}." in str(error.value)


# Section 2: common to the benchmarks of Table 4


def test_table_4_cuts_2_s_at_100_hz_without_overlap():
    assert table4.WINDOW_LENGTH == 200 and table4.SAMPLE_RATE_HZ == 100
    rows = np.zeros((601, 3)), *2 * [np.full(601, "walk")]
    windows = table4.cut_joined_rows({"a": rows}, ["walk"])
    assert windows.start_seconds.tolist() == [0, 2, 4]


# Section 2.1


def test_hhar_has_six_classes_nine_users_and_one_fixed_fold():
    classes = "bike sit stairsdown stairsup stand walk".split()
    assert list(hhar_table4.CLASSES) == classes  # 0 to 5
    assert list(hhar_table4.SUBJECTS) == list("abcdefghi")
    folds = hhar_table4.hhar_folds()
    assert parts(folds)[0] == ids("d,i,e,c,g | f,a | h,b")
    assert [len(fold.test) for fold in folds] == [2, 2, 2, 2, 1]
    assert [len(fold.validation) for fold in folds] == [2] * 5
    assert [len(fold.train) for fold in folds] == [5, 5, 5, 5, 6]
    # Ours are drawn by seed 0: they must not change from release to release.
    drawn = ["".join(fold.test) for fold in folds[1:]]
    assert drawn == ["df", "ei", "ag", "c"]


def test_hhar_reads_the_gear_at_100_hz_and_the_lg_at_200():
    def recording(label, watch="gear_1", rate_hz=100):
        return Recording(
            np.zeros((401, 3)), rate_hz, "a", label, f"a/{watch}@wrist"
        )

    make = hhar_table4.hhar_windows
    assert refuses_labels_but(make, recording, [*hhar_table4.CLASSES, "null"])
    assert len(make([recording("walk")])) == 2
    assert len(make([recording("walk", "lgwatch_1", 200)])) == 1
    for rate_hz in (50, 150):
        with pytest.raises(ValueError, match="recordings of 'hhar/watch'"):
            make([recording("walk", rate_hz=rate_hz)])


# Section 2.2

TRIALS = {
    "downstairs": "dws_1 dws_2 dws_11",
    "upstairs": "ups_3 ups_4 ups_12",
    "walking": "wlk_7 wlk_8 wlk_15",
    "jogging": "jog_9 jog_16",
    "standing": "std_6 std_14",
    "sitting": "sit_5 sit_13",
}
MOTIONSENSE_FOLDS = [
    "4,15,22,24,11,20,2,5,7,6,21,16,23,8,13 | 10,3,18,14 | 9,17,1,19,12",
    "12,22,5,19,21,23,4,14,24,6,17,10,15,20,9 | 1,7,16,3 | 11,18,13,8,2",
    "12,20,5,17,19,22,3,13,23,6,16,11,14,18,9 | 1,8,15,2 | 4,10,7,24,21",
    "10,20,4,17,19,21,3,11,24,5,15,9,12,18,8 | 1,7,13,2 | 22,6,16,23,14",
    "11,8,14,6,23,21,17,4,12,24,7,16,10,13,18,9 | 1,22,19,2 | 5,15,3,20",
]


def test_motionsense_has_15_trials_of_six_classes_and_five_folds():
    from tfds_builders.motionsense import parse

    trials = [trial for group in TRIALS.values() for trial in group.split()]
    assert list(motionsense_table4.TRIALS) == trials
    assert parse.CLASS_NAMES == list(TRIALS)  # 0 to 5
    for trial in trials:
        name = parse.CLASS_NAMES[parse.LABEL_OF_ACT[trial.split("_")[0]]]
        assert trial in TRIALS[name]
    folds = motionsense_table4.motionsense_folds()
    assert parts(folds) == [ids(line) for line in MOTIONSENSE_FOLDS]


def test_a_tie_of_motionsense_goes_to_the_class_of_the_lower_code():
    recordings = [
        Recording(
            np.zeros((count, 3)), 50, "1", name, f"{group.split()[0]}/sub_1"
        )
        for name, group, count in (
            ("downstairs", TRIALS["downstairs"], 50),
            ("walking", TRIALS["walking"], 100),
            ("sitting", TRIALS["sitting"], 60),
        )
    ]
    # 50 to 100 Hz: 100 rows each of downstairs and of walking come first.
    windows = motionsense_table4.motionsense_windows(recordings)
    assert windows.labels.tolist() == ["downstairs", "walking"]


# Section 2.3

PAMAP2_CODES = {
    1: "lying",
    2: "sitting",
    3: "standing",
    4: "walking",
    5: "running",
    6: "cycling",
    7: "nordic_walking",
    12: "ascending_stairs",
    13: "descending_stairs",
    16: "vacuum_cleaning",
    17: "ironing",
    24: "rope_jumping",
}
ANKLE_FOLDS = [
    "4,9,5,3,7 | 6,1 | 8,2",
    "8,4,6,5,9 | 2,3 | 1,7",
    "7,3,6,5,8 | 1,2 | 4,9",
    "8,4,7,5,9 | 1,2 | 6,3",
    "1,9,3,6,4,8 | 2,7 | 5",
]


def test_pamap2_ankle_has_twelve_classes_and_five_folds():
    from tfds_builders.pamap2 import parse

    assert list(pamap2.ANKLE_CLASSES) == list(PAMAP2_CODES.values())
    for code, name in PAMAP2_CODES.items():
        assert parse.NAME_OF_ACTIVITY[code] == name
    assert parse.FIRST_COLUMN["ankle"] == 38 and parse.ACTIVITY_COLUMN == 1
    folds = pamap2.pamap2_ankle_folds()
    assert parts(folds) == [ids(line, "10") for line in ANKLE_FOLDS]


# Section 3: common to the benchmarks of Table 3


def test_table_3_cuts_10_s_with_half_an_overlap_and_clips_at_3_g():
    assert table3.WINDOW_LENGTH == 1000
    rows = np.full((2999, 3), 9.0)
    file = "1", "f", rows, np.full(2999, "walk")
    windows = table3.cut_half_shifted([file], ["null", "walk"], ["walk"], 100)
    assert windows.start_seconds.tolist() == [0, 10, 5]
    assert windows.acceleration.max() == 3
    file = "1", "f", -rows, np.full(2999, "walk")
    windows = table3.cut_half_shifted([file], ["null", "walk"], ["walk"], 100)
    assert windows.acceleration.min() == -3


@pytest.mark.parametrize(
    "make_folds, subjects",
    [
        (opportunity_table3.opportunity_folds, "1234"),
        (pamap2.pamap2_wrist_folds, range(101, 109)),  # 109 has no class
    ],
)
def test_table_3_leaves_one_subject_out_and_validates_on_another(
    make_folds, subjects
):
    subjects = [str(subject) for subject in subjects]
    for validation, place in (("highest", -1), ("lowest", 0)):
        folds = make_folds(validation=validation)
        assert [fold.test for fold in folds] == [(s,) for s in subjects]
        for fold, tested in zip(folds, subjects):
            rest = [subject for subject in subjects if subject != tested]
            assert fold.validation == (rest[place],)
    assert make_folds() == make_folds(validation="highest")


# Section 3.1


def test_opportunity_has_four_modes_of_locomotion_at_the_right_wrist():
    from tfds_builders.opportunity import parse

    # after re-coding 0 to 3
    assert opportunity_table3.CLASSES == ("stand", "walk", "lie", "sit")
    names = {1: "stand", 2: "walk", 4: "sit", 5: "lie"}
    assert parse.NAME_OF_LOCOMOTION == names
    assert parse.CLASS_NAMES == ["stand", "walk", "lie", "sit", "null"]
    assert parse.FIRST_COLUMN["right_wrist"] == 22
    assert parse.LOCOMOTION_COLUMN == 243 and parse.SAMPLE_RATE_HZ == 30

    def recording(label):
        return Recording(
            np.zeros((99, 3)), 30, "1", label, "S1-ADL1@right_wrist"
        )

    # Ties go to the smallest code: the order of the votes is by code.
    assert refuses_labels_but(
        opportunity_table3.opportunity_windows,
        recording,
        ["null", *names.values()],
    )


def test_a_tie_of_opportunity_goes_to_the_smaller_code():
    # Tripled, 499 rows of lie (code 5) and as many of sit (code 4) need a
    # number of rows that 3 divides: 498, with 4 rows of no activity.
    labels = np.repeat(["lie", "null", "sit", "null"], [166, 1, 166, 1])
    recording = Recording(
        np.zeros((334, 3)), 30, "1", labels, "S1-ADL1@right_wrist"
    )
    windows = opportunity_table3.opportunity_windows([recording], "released")
    assert windows.labels.tolist() == ["sit"]


# Section 3.2


def test_pamap2_wrist_has_eight_classes_that_all_others_vote_against():
    from tfds_builders.pamap2 import parse

    codes = 1, 2, 3, 4, 12, 13, 16, 17
    names = [PAMAP2_CODES[code] for code in codes]
    assert list(pamap2.WRIST_CLASSES) == names
    assert parse.FIRST_COLUMN["hand"] == 4
    # The data set's list: 18 activities, and 0 for what is between them.
    assert list(parse.NAME_OF_ACTIVITY) == [*range(1, 8), *range(9, 14)] + [
        *range(16, 21),
        24,
    ]
    others = {
        9: "watching_tv",
        10: "computer_work",
        11: "car_driving",
        18: "folding_laundry",
        19: "house_cleaning",
        20: "playing_soccer",
    }
    by_code = sorted({**PAMAP2_CODES, **others}.items())
    order = ["null", *(name for _, name in by_code)]
    assert list(pamap2.activities()) == order
    labels = np.repeat(["walking", "rope_jumping"], 500)
    for tie, kept in ((labels, ["walking"]), (labels[::-1], ["walking"])):
        name = "Protocol/subject101@hand"
        recording = Recording(np.zeros((1000, 3)), 100, "101", tie, name)
        windows = pamap2.pamap2_wrist_windows([recording])
        assert windows.labels.tolist() == kept


# WISDM: our own protocol; the classes are those of its `activity_key.txt`


def test_wisdm_has_18_activities_in_the_order_of_its_letters():
    from tfds_builders.wisdm_watch import parse

    assert " ".join(parse.CLASS_NAMES) == (
        "walking jogging stairs sitting standing typing teeth soup chips "
        "pasta drinking sandwich kicking catch dribbling writing clapping "
        "folding"
    )
    assert parse.SAMPLE_RATE_HZ == 20


def test_wisdm_holds_out_the_same_ten_subjects_for_ever():
    assert " ".join(wisdm_watch.HELD_OUT) == (
        "1601 1602 1604 1611 1618 1619 1620 1621 1647 1648"
    )
    assert " ".join(wisdm_watch.VALIDATION) == "1603 1606 1610 1623 1627 1636"


# The paper's section 4.2.1, for IPOL's walks: halves, five seeds


def test_gait_folds_are_five_halves():
    subjects = [str(number) for number in range(176)]
    folds = ipol_gait.ipol_gait_folds(subjects)
    assert [len(fold.test) for fold in folds] == [88] * 5
    assert ipol_gait.SPEED == "walking_speed_m_s"
    assert ipol_gait.STRIDE_TIME == "stride_time_s"


# What each benchmark reads, fits and quotes

TABLE_4 = dict(
    regularization=(1e-1, 1e-2, 1e-3, 1e-4, 1e-5, None),  # section 2
    max_iterations=100,
)
TABLE_3 = dict(  # section 3
    hidden=(512,),
    learning_rate=1e-3,
    alphas=(1e-4,),
    batch_size=200,
    epochs=200,
    patience=5,
    tolerance=1e-4,
    early_stopping="validation",  # V4: the released code draws rows
)
# name: standardised, task, its settings, published rows, released variant
FACTS = {
    # Section 2: mean and std per axis of the training subjects' rows
    "table4_hhar": (True, LinearProbe, TABLE_4, "table4_hhar", False),
    "table4_motionsense": (
        True,
        LinearProbe,
        TABLE_4,
        "table4_motionsense",
        False,
    ),
    "table4_pamap2_ankle": (
        True,
        LinearProbe,
        TABLE_4,
        "table4_pamap2_ankle",
        False,
    ),
    # Section 3: in g, no standardisation
    "table3_opportunity": (
        False,
        MLPProbe,
        TABLE_3,
        "table3_opportunity",
        True,
    ),
    "table3_pamap2_wrist": (
        False,
        MLPProbe,
        TABLE_3,
        "table3_pamap2_wrist",
        True,
    ),
    "wisdm_watch": (False, LinearProbe, TABLE_4, None, False),
    # The paper's section 4.2.1: a linear regression without a penalty
    "ipol_gait_stride_time_s": (
        False,
        RidgeProbe,
        dict(target="stride_time_s", alphas=(0.0,)),
        None,
        False,
    ),
    "ipol_gait_walking_speed_m_s": (
        False,
        RidgeProbe,
        dict(target="walking_speed_m_s", alphas=(0.0,)),
        None,
        False,
    ),
}


def test_the_benchmarks_are_these():
    assert list(BENCHMARKS) == list(FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_a_benchmark_has_its_standardisation_task_and_quotes(name):
    standardize, kind, settings, published, has_variants = FACTS[name]
    benchmark = BENCHMARKS[name]
    task = benchmark.task()
    assert benchmark.standardize is standardize
    assert benchmark.published == published
    assert benchmark.has_variants is has_variants
    assert type(task) is kind
    for setting, value in settings.items():
        assert getattr(task, setting) == value, setting


def test_the_benchmarks_of_a_builder_read_its_sensor(monkeypatch):
    from keras_relcon.evaluation import benchmark

    asked = []

    def record(name, data_dir):
        asked.append((name, data_dir))
        return []

    monkeypatch.setattr(benchmark, "tfds_recordings", record)
    for name in FACTS:
        if name.startswith("table") and name != "table4_motionsense":
            BENCHMARKS[name].read("folder")
    assert asked == [
        ("hhar/watch", "folder"),
        ("pamap2/ankle", "folder"),
        ("opportunity/right_wrist", "folder"),
        ("pamap2/hand", "folder"),
    ]


def test_a_benchmark_cuts_and_folds_by_its_own_protocol():
    subjects = {
        "table4_hhar": "abcdefghi",
        "table4_motionsense": [str(k) for k in range(1, 25)],
        "table4_pamap2_ankle": [str(k) for k in range(101, 110)],
        "wisdm_watch": wisdm_watch.HELD_OUT,
    }
    for name, expected in subjects.items():
        folds = BENCHMARKS[name].folds(None)
        tested = [subject for fold in folds for subject in fold.test]
        assert sorted(tested) == sorted(expected)
    for name, expected in (
        ("table3_opportunity", 4),
        ("table3_pamap2_wrist", 8),
    ):
        folds = BENCHMARKS[name].folds(None, variant="corrected")
        assert len(folds) == expected
