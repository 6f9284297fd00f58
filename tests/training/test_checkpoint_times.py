import pytest
from training.train_script import make_groups, make_model

from keras_relcon.training import ResumableTraining


@pytest.mark.parametrize(
    "every, inside", [(None, []), (2, [(0, 2), (0, 4)]), (3, [(0, 3)])]
)
def test_checkpoints_are_after_every_so_many_batches(tmp_path, every, inside):
    """Not before, nor after: a kill costs at most so many batches."""
    groups = make_groups(steps_per_epoch=5)
    resumable = ResumableTraining(tmp_path, groups, every=every)
    positions, write = [], resumable.files.write

    def noted(values, arrays):
        positions.append(tuple(values["position"]))
        return write(values, arrays)

    resumable.files.write = noted
    make_model().fit(groups, epochs=1, callbacks=[resumable], verbose=0)
    assert positions == [(0, 0), *inside, (1, 0)]
