"""The sets of the suite: what each is for, and how its people are split."""

import dataclasses
from typing import Any, Callable

from keras_relcon.checks import check_one_of, message
from keras_relcon.data.readers.archives import (
    read_motionsense,
    read_wisdm_watch,
)
from keras_relcon.data.readers.corpus import read_corpus
from keras_relcon.evaluation.protocols.wisdm_watch import (
    HELD_OUT,
    VALIDATION,
)

ROLES = ("train", "choose", "test")
WISDM = "wisdm-dataset.zip"


@dataclasses.dataclass(frozen=True)
class SuiteSet:
    """One row of the table of sets.

    Attributes:
        name: str.
        role: str. `"train"`: for pretraining. `"choose"`: settings may be
            chosen by it. `"test"`: it is scored once per finished preset, and
            nothing is trained or chosen on it.
        file: str. In the folder of the data, or in its folder `corpus`.
        read: callable from a path to recordings.
        split: str. How people are split: `"folds"`, five folds of people;
            `"leave_one_out"`, each person of `subjects` is tested once;
            `"others"`, people of the archive who may be pretrained on train,
            `subjects` are tested. `None` for sets that are not scored.
        subjects: tuple of str. The people of a part of the file; `None` for
            all.
        no_class: tuple of str. Labels that mean "something else".
    """

    name: str
    role: str
    file: str
    read: Callable[..., Any]
    split: str | None = "folds"
    subjects: tuple[str, ...] | None = None
    no_class: tuple[str, ...] = ()


def _corpus(name, role, split="folds", **facts):
    return SuiteSet(name, role, f"{name}.npz", read_corpus, split, **facts)


def _wisdm(name, role, split, subjects):
    return SuiteSet(name, role, WISDM, read_wisdm_watch, split, subjects)


SETS = (
    _corpus("nurse_stress_e4", "train", None),
    _corpus("wise_stress_exercise_e4", "train", None),
    _corpus("stress_predict_e4", "train", None),
    _corpus("wisdm2019_phone", "train", None),
    _corpus("quiroz_gear2_walk", "train", None),
    _corpus("geotec_sw", "choose", no_class=("OTHER",)),
    _corpus("weda_fall", "choose"),
    _corpus("umafall_wrist", "choose"),
    _corpus("hmp_adl_wrist", "choose"),
    _wisdm("wisdm_left_out", "choose", "leave_one_out", VALIDATION),
    _wisdm("wisdm_others", "choose", "others", VALIDATION),
    _wisdm("wisdm_test_left_out", "test", "leave_one_out", HELD_OUT),
    _wisdm("wisdm_test_others", "test", "others", HELD_OUT),
    SuiteSet(
        "motionsense", "test", "A_DeviceMotion_data.zip", read_motionsense
    ),
    _corpus("sphere_challenge_train", "test", no_class=("unlabelled",)),
    _corpus("sphere_challenge_test", "test", None),  # published unlabelled
    _corpus("dsads_right_wrist", "test"),
    _corpus("dsads_left_wrist", "test"),
)
# Sets of the same people, whom an interval must draw together.
SAME_PEOPLE = {"dsads_left_wrist.npz": "dsads_right_wrist.npz"}


def sets_of(roles, names=None):
    """Returns the sets that are scored for some roles.

    Args:
        roles: sequence of str, of `"choose"` and `"test"`.
        names: sequence of str, or `None` for all of these roles.

    Returns:
        list of `SuiteSet`.

    Raises:
        ValueError: if a role or a name is unknown, a set of another role is
            named, or the role is `"train"`, whose sets are not scored.
    """
    for role in roles:
        check_one_of(
            "roles", role, ROLES[1:], "Sets to train on are not scored."
        )
    scored = {s.name: s for s in SETS if s.split is not None}
    for name in names or ():
        check_one_of("sets", name, list(scored))
        if scored[name].role not in roles:
            raise ValueError(
                message(
                    f"The set {name!r} is for the role {scored[name].role!r}.",
                    {"roles": tuple(roles)},
                    f'Pass roles=("{scored[name].role}",), and a test set '
                    "only to score a finished preset.",
                )
            )
    return [
        each
        for each in scored.values()
        if each.role in roles and (names is None or each.name in names)
    ]
