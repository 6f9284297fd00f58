import importlib

import pytest

from keras_relcon import evaluation


@pytest.mark.parametrize("name", sorted(evaluation.MOVED))
def test_a_name_that_moved_works_with_a_warning(name):
    module = f"keras_relcon.evaluation.{evaluation.MOVED[name]}"
    with pytest.warns(
        DeprecationWarning, match=f"`from {module} import {name}`"
    ):
        found = getattr(evaluation, name)
    assert found is getattr(importlib.import_module(module), name)
    assert name not in evaluation.__all__


def test_names_of_the_package_are_there_without_a_warning(recwarn):
    assert evaluation.__all__ == sorted(evaluation.__all__)
    for name in evaluation.__all__:
        getattr(evaluation, name)
    assert not recwarn.list


def test_a_name_that_never_was_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'hhar_fold'"):
        evaluation.hhar_fold
