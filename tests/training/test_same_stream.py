import pytest
from training.train_script import make_groups, make_model

from keras_relcon.training import ResumableTraining


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model, and the folder of its checkpoints of one step."""
    folder, model = tmp_path_factory.mktemp("checkpoints"), make_model()
    groups = make_groups(steps_per_epoch=1)
    callbacks = [ResumableTraining(folder, groups)]
    model.fit(groups, epochs=1, callbacks=callbacks, verbose=0)
    return model, folder


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 5},
        {"policy": "recording"},
        {"policy": "time_span", "span_seconds": 60.0},
        {"allow_overlap": True},
        {"minimum_std_g": 1e-6},
        {"is_fixed": True},
        {"steps_per_epoch": 2},
    ],
    ids=lambda change: list(change)[-1],
)
def test_a_checkpoint_of_other_batches_is_refused(trained, change):
    """With any of these the batches are others, so it would not go on."""
    model, folder = trained
    groups = make_groups(**{"steps_per_epoch": 1, **change})
    name = list(change)[-1].replace("steps_per_epoch", "num_batches")
    with pytest.raises(ValueError, match=f"same stream.* {name}="):
        model.fit(
            groups,
            epochs=2,
            callbacks=[ResumableTraining(folder, groups)],
            verbose=0,
        )


def test_a_checkpoint_of_the_same_batches_goes_on(trained):
    model, folder = trained
    groups = make_groups(steps_per_epoch=1)
    resumable = ResumableTraining(folder, groups)
    model.fit(groups, epochs=1, callbacks=[resumable], verbose=0)
    assert resumable.is_finished
    assert resumable.position == (1, 0)
