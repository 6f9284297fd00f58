"""TS2Vec: its crops, its loss against loops, and its choice in training."""

import keras
import numpy as np
import pytest
from baselines.every_method import ENCODERS, small
from losses.test_hierarchical_contrastive import (
    hierarchical_by_loops,
    level_loss_by_loops,
)
from support import (
    gradients,
    numeric_gradient,
    plain_encoder,
    to_numpy,
    variable_gradients,
    windows_of_two_kinds,
)

from keras_relcon.baselines import (
    AdaptiveResolution,
    OverlappingViews,
    TS2Vec,
)
from keras_relcon.layers import ResNet1D34

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

# Of all backends only TensorFlow has to trace what is chosen by a step.
EVERY = ["epoch", "step"] if keras.backend.backend() == "torch" else ["step"]
every_choice = pytest.mark.parametrize("every", EVERY)


ALPHA = 0.3


def adaptive(every="epoch", lengths=(12, 24), **kwargs):
    return small(
        "TS2Vec",
        resolution=AdaptiveResolution(every=every, seed=5, **kwargs),
        overlap_lengths=lengths,
        alpha=ALPHA,
    )


def overlaps(model, outputs):
    """The samples that both views have, of the length that was drawn."""
    length = model.views.lengths[int(to_numpy(outputs["length"])[0])]
    both = np.float64(to_numpy(outputs["overlap"]))[:, :, :length]
    return both[:, 0], both[:, 1]


def clock(batch, time):
    """Windows whose samples tell their window and their place."""
    sample = np.arange(time, dtype="float32")
    window = 1000.0 * np.arange(batch, dtype="float32")
    return np.stack([window[:, None] + sample] * 3, axis=2)


@pytest.mark.parametrize("lengths", [(16, 24, 32), (20,), None])
def test_views_are_cut_from_one_window_and_overlap(lengths):
    views = OverlappingViews(None if lengths is None else 40, lengths, seed=1)
    x = clock(6, 64)
    starts, ends, spreads, places = [], [], [], set()
    for _ in range(20):
        first, second, place = views(x)
        shared = to_numpy(views.overlap(first, second, place))
        first, second = to_numpy(first), to_numpy(second)
        places.add(int(to_numpy(place)))
        length = views.lengths[int(to_numpy(place))]
        assert first.shape == second.shape == (6, 40, 3)
        for view in (first, second):
            np.testing.assert_array_equal(view[:, :, 0], view[:, :, 2])
            np.testing.assert_array_equal(np.diff(view, axis=1), 1)
            assert (view[:, 0, 0] // 1000 == np.arange(6)).all()
        np.testing.assert_array_equal(first[:, -length:], second[:, :length])
        np.testing.assert_array_equal(shared[:, 0, :length], second[:, :length])
        np.testing.assert_array_equal(shared[:, 1, :length], second[:, :length])
        spreads.append(len(set(first[:, 0, 0] % 1000)))
        starts.extend(first[:, 0, 0] % 1000)
        ends.extend(second[:, -1, 0] % 1000)
    assert max(spreads) > 1  # each window has a place of its own
    assert min(starts) == 0 and max(ends) == 63
    assert len(set(starts)) > 3 and places == set(range(len(views.lengths)))


@pytest.mark.parametrize("time", range(8, 40))
def test_the_default_views_fit_into_windows_of_any_length(time):
    views = OverlappingViews()
    views.build((None, time, 3))
    assert max(views.lengths) <= views.view
    assert 2 * views.view - min(views.lengths) <= time


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((50, (8,)), "must fit into a window"),
        ((8, (9,)), "must fit into a window"),
        ((None, (1,)), "`overlap_lengths` must be a whole number, at least 2"),
        ((None, ()), "must be a list of lengths"),
        ((0, None), "`view_length` must be a whole number"),
    ],
)
def test_views_that_do_not_fit_are_explained(arguments, text):
    with pytest.raises(ValueError, match=text):
        OverlappingViews(*arguments).build((None, 64, 3))
    with pytest.raises(ValueError, match="known length"):
        OverlappingViews().build((None, None, 3))
    views = OverlappingViews()
    views.build((None, 64, 3))
    views(np.ones((2, 80, 3), "float32"))
    with pytest.raises(ValueError, match="no shorter than.*: 64 samples"):
        views(np.ones((2, 63, 3), "float32"))


def test_loss_of_a_batch_is_that_of_loops(rng):
    model = small("TS2Vec", alpha=0.3)
    for _ in range(4):
        outputs = model(windows_of_two_kinds(rng, 4, 32), training=True)
        expected = hierarchical_by_loops(*overlaps(model, outputs), 0.3)
        loss = to_numpy(model.loss_of(outputs))
        np.testing.assert_allclose(loss, expected, rtol=2e-5)


def test_embeddings_of_a_sample_are_compared_in_both_views(rng):
    """Without a mask, a convolution of one sample embeds it alike in both."""
    encoder = type(ENCODERS["TS2Vec"]())(
        8, 8, depth=0, kernel_size=1, mask_rate=0.0, dropout=0.0
    )
    model = small("TS2Vec", encoder)
    windows = windows_of_two_kinds(rng, 4, 32)
    first, second = overlaps(model, model(windows, training=True))
    np.testing.assert_allclose(first, second, atol=1e-5)


@every_choice
@pytest.mark.parametrize("selection", ["adaptive", "uniform", "finest", "all"])
def test_loss_of_a_choice_is_that_of_its_level(rng, every, selection):
    model = adaptive(every, selection=selection)
    windows = windows_of_two_kinds(rng, 3, 40)
    model.build(windows.shape)
    for _ in range(4):
        selected = int(to_numpy(model.resolution.selected))
        outputs = model(windows, training=True)
        first, second = overlaps(model, outputs)
        count = int(np.log2(first.shape[1]))
        choice = set(to_numpy(outputs["choice"]).tolist())
        assert len(choice) == 1
        (chosen,) = choice
        if selection == "all":
            assert chosen == 4
            expected = hierarchical_by_loops(
                first, second, ALPHA, include_length_one=False
            )
        else:
            # That of before the step; the next one is drawn in it.
            assert selection == "finest" or chosen == selected
            # The finest of the view where a finer one was chosen.
            assert selection != "finest" or chosen == 3
            level = count - 1 - min(chosen, count - 1)
            expected = level_loss_by_loops(first, second, level, ALPHA)
        loss = to_numpy(model.loss_of(outputs))
        np.testing.assert_allclose(loss, expected, rtol=2e-5)


def test_each_choice_in_each_length_has_a_loss_of_its_own(rng):
    model = adaptive()
    model.build((None, 40, 3))
    overlap = rng.normal(size=(3, 2, 24, 4)).astype("float32")
    for place, length in enumerate((12, 24)):
        shared = overlap[:, 0, :length], overlap[:, 1, :length]
        count = int(np.log2(length))
        for chosen in range(5):
            outputs = {
                "overlap": overlap,
                "length": np.full(3, place, "int32"),
                "choice": np.full(3, chosen, "int32"),
            }
            outputs = keras.tree.map_structure(
                keras.ops.convert_to_tensor, outputs
            )
            if chosen == 4:
                expected = hierarchical_by_loops(
                    *shared, ALPHA, include_length_one=False
                )
            else:
                level = count - 1 - min(chosen, count - 1)
                expected = level_loss_by_loops(*shared, level, ALPHA)
            loss = to_numpy(model.loss_of(outputs))
            np.testing.assert_allclose(loss, expected, rtol=2e-5)


def test_gradient_of_a_choice_by_finite_differences(rng):
    model = adaptive()
    model.build((None, 40, 3))
    overlap = rng.normal(size=(2, 2, 24, 3))

    def loss(overlap):
        outputs = {
            "overlap": overlap,
            "length": keras.ops.zeros((2,), "int32"),
            "choice": keras.ops.ones((2,), "int32"),
        }
        return model.loss_of(outputs)

    (gradient,) = gradients(loss, [overlap])
    expected = numeric_gradient(
        lambda x: level_loss_by_loops(x[:, 0, :12], x[:, 1, :12], 1, ALPHA),
        overlap,
    )
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_the_losses_of_other_resolutions_have_no_gradient(rng):
    """The gradient of a step is that of the chosen loss alone."""
    windows = windows_of_two_kinds(rng, 3, 40)
    by_choice = []
    for selection in ("adaptive", "uniform"):
        model = adaptive("step", selection=selection)
        model.build(windows.shape)

        def loss(model=model):
            outputs = model(windows, training=True)
            return model.compute_loss(None, None, outputs)

        by_choice.append(variable_gradients(loss, model.trainable_variables))
    for one, other in zip(*by_choice, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_records_the_losses_of_its_own_samples(rng):
    model = adaptive("step")
    windows = windows_of_two_kinds(rng, 3, 40)
    known, lengths = np.zeros(4), []
    for _ in range(8):
        outputs = model(windows, training=True)
        first, second = overlaps(model, outputs)
        count = int(np.log2(first.shape[1]))
        lengths.append(count)
        for k in range(count):
            known[k] = level_loss_by_loops(first, second, count - 1 - k, ALPHA)
        np.testing.assert_allclose(
            to_numpy(model.resolution.previous), known, rtol=2e-5
        )
    assert "43" in "".join(map(str, lengths))  # a long overlap, then a short


def test_a_validation_records_nothing_and_is_over_all(rng):
    model = adaptive("step")
    windows = windows_of_two_kinds(rng, 3, 40)
    model.build(windows.shape)
    before = [to_numpy(v) for v in model.resolution.variables]
    outputs = model(windows, training=False)
    for old, variable in zip(before, model.resolution.variables, strict=True):
        np.testing.assert_array_equal(to_numpy(variable), old)
    expected = hierarchical_by_loops(
        *overlaps(model, outputs), ALPHA, include_length_one=False
    )
    loss = to_numpy(model.loss_of(outputs))
    np.testing.assert_allclose(loss, expected, rtol=2e-5)


@every_choice
@pytest.mark.traced
def test_it_chooses_in_fit_and_loads(rng, tmp_path, every):
    model = adaptive(every, lengths=(24,))
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    windows = windows_of_two_kinds(rng, 16, 48)
    seen = []

    class Choices(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(int(to_numpy(model.resolution.selected)))
            assert 0 < logs["resolution_entropy"] < 1 + 1e-5

    # The loss is that of another level each time: it need not fall.
    losses = model.fit(
        windows,
        epochs=10,
        batch_size=8,
        validation_data=(windows, None),
        callbacks=Choices(),
        verbose=0,
    ).history["loss"]
    assert np.isfinite(losses).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(set(seen)) > 1
    assert to_numpy(model.resolution.is_known).all()
    assert (to_numpy(model.resolution.previous) > 0).all()
    assert loaded.resolution.get_config() == model.resolution.get_config()
    for one, other in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(one), to_numpy(other))


def test_callbacks_may_be_given_by_their_place(rng):
    model = adaptive("epoch", lengths=(24,))
    model.compile(optimizer="adam")
    windows = windows_of_two_kinds(rng, 8, 48)
    logs = []
    seen = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, values: logs.append(values)
    )
    model.fit(windows, None, 8, 2, 0, [seen])
    assert len(logs) == 2
    assert to_numpy(model.resolution.is_known).any()


def test_wrong_arguments_are_explained(rng):
    with pytest.raises(TypeError, match="must have a method `sequences`"):
        TS2Vec(plain_encoder())
    with pytest.raises(TypeError, match="must be an `AdaptiveResolution`"):
        small("TS2Vec", resolution="adaptive")
    with pytest.raises(ValueError, match="`alpha`.*at most 1"):
        small("TS2Vec", alpha=2)
    resolution = AdaptiveResolution()
    resolution.build((3,))
    with pytest.raises(ValueError, match="which are 5.*built for 3"):
        small("TS2Vec", resolution=resolution).build((None, 64, 3))
    model = small(
        "TS2Vec",
        ResNet1D34(8, (1,), (8,), (3,), (1,)),
        view_length=40,
        overlap_lengths=(32,),
    )
    with pytest.raises(ValueError, match="embed every sample.*40"):
        model(windows_of_two_kinds(rng, 2))
