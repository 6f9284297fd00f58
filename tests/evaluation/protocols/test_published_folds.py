"""What holds of the folds of every protocol."""

import pytest

from keras_relcon.evaluation import (
    few_labels,
    repeated_held_out,
)
from keras_relcon.evaluation.protocols.hhar_table4 import (
    hhar_folds,
)
from keras_relcon.evaluation.protocols.ipol_gait import (
    ipol_gait_folds,
)
from keras_relcon.evaluation.protocols.motionsense_table4 import (
    motionsense_folds,
)
from keras_relcon.evaluation.protocols.opportunity_table3 import (
    opportunity_folds,
)
from keras_relcon.evaluation.protocols.pamap2 import (
    pamap2_ankle_folds,
    pamap2_wrist_folds,
)
from keras_relcon.evaluation.protocols.wisdm_watch import (
    wisdm_watch_folds,
)

SUBJECTS = [str(k) for k in range(1, 12)]
# name: folds, number of folds, of subjects, whether each is tested once
PROTOCOLS = {
    "hhar": (hhar_folds, 5, 9, True),
    "hhar, another seed": (lambda: hhar_folds(3), 5, 9, True),
    "motionsense": (motionsense_folds, 5, 24, True),
    "pamap2 ankle": (pamap2_ankle_folds, 5, 9, True),
    "pamap2 wrist": (pamap2_wrist_folds, 8, 8, True),
    "opportunity": (opportunity_folds, 4, 4, True),
    "opportunity, lowest": (
        lambda: opportunity_folds(validation="lowest"),
        4,
        4,
        True,
    ),
    "wisdm": (wisdm_watch_folds, 5, 10, True),
    "wisdm, validation": (lambda: wisdm_watch_folds("validation"), 3, 6, True),
    "ipol gait": (lambda: ipol_gait_folds(SUBJECTS), 5, 11, False),
    "repeated": (lambda: repeated_held_out(SUBJECTS), 5, 11, False),
}


@pytest.fixture(params=PROTOCOLS.values(), ids=PROTOCOLS)
def protocol(request):
    make_folds, *facts = request.param
    return make_folds(), *facts


def test_no_subject_is_in_two_parts_and_all_are_in_one(protocol):
    folds, num_folds, num_subjects, _ = protocol
    assert len(folds) == num_folds
    for fold in folds:
        named = fold.train + fold.validation + fold.test
        assert len(named) == len(set(named)) == num_subjects
        assert fold.train and fold.validation and fold.test


def test_subjects_are_tested_as_often_as_stated(protocol):
    folds, _, num_subjects, is_once = protocol
    tested = [subject for fold in folds for subject in fold.test]
    if is_once:
        assert len(tested) == len(set(tested)) == num_subjects
    else:
        assert [len(fold.test) for fold in folds] == [6] * 5


def test_few_labels_leave_a_fold_everyone_can_use(protocol):
    for fraction in (0.01, 0.5):
        for fold in few_labels(protocol[0], fraction):
            assert fold.train and fold.validation and fold.leak is None
