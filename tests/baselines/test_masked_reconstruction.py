"""Masked reconstruction against numbers and loops, and what it hides."""

import keras
import numpy as np
import pytest
from baselines.every_method import SequenceEncoder, small, waves
from support import (
    gradients,
    numeric_gradient,
    plain_encoder,
    to_numpy,
    variable_gradients,
    windows_of_two_kinds,
)

from keras_relcon.baselines import MaskedReconstruction
from keras_relcon.layers import SequenceDecoder1D, TransformerEncoder1D

pytestmark = pytest.mark.every_backend


def loss_by_loops(target, rebuilt, mask):
    """The mean over hidden samples and their channels, in float64."""
    total, count = 0.0, 0
    for place in np.ndindex(*target.shape):
        window, time, channel = place
        if mask[window, time, min(channel, mask.shape[2] - 1)]:
            total += (
                np.float64(target[place]) - np.float64(rebuilt[place])
            ) ** 2
            count += 1
    return total / max(count, 1)


def as_outputs(target, rebuilt, mask):
    return {"target": target, "rebuilt": rebuilt, "mask": mask}


@pytest.mark.parametrize("num_channels", [1, 3])
def test_loss_of_known_numbers(num_channels):
    mask = (np.arange(24) % 4 == 0).reshape(4, 6, 1)
    mask = np.repeat(mask, num_channels, axis=2)
    arrays = [waves((4, 6, 3)), waves((4, 6, 3), 1.2), mask]
    outputs = [keras.ops.convert_to_tensor(x, "float32") for x in arrays]
    model = small("MaskedReconstruction")
    loss = to_numpy(model.loss_of(as_outputs(*outputs)))
    np.testing.assert_allclose(loss, 0.865362, atol=1e-6)
    np.testing.assert_allclose(loss_by_loops(*arrays), 0.865362, atol=1e-6)


def test_gradient_is_of_hidden_samples_only():
    model = small("MaskedReconstruction")
    target, rebuilt = waves((2, 4, 3)), waves((2, 4, 3), 1.2)
    mask = waves((2, 4, 3), 0.7) > 0.3
    (found,) = gradients(
        lambda x: model.loss_of(
            as_outputs(target.astype("float32"), x, mask.astype("float32"))
        ),
        [rebuilt],
    )
    expected = numeric_gradient(
        lambda x: loss_by_loops(target, x, mask), rebuilt
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (found[~mask] == 0).all() and (found[mask] != 0).all()


def test_loss_of_a_batch_is_that_of_loops(rng):
    model = small("MaskedReconstruction", channel_ratio=0.2)
    windows = windows_of_two_kinds(rng, 6)
    outputs = {
        name: to_numpy(value)
        for name, value in model(windows, training=True).items()
    }
    np.testing.assert_array_equal(outputs["target"], windows)
    expected = loss_by_loops(
        *[outputs[name] for name in ("target", "rebuilt", "mask")]
    )
    loss = to_numpy(model.loss_of(outputs))
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_nothing_hidden_is_a_loss_of_nothing():
    model = small("MaskedReconstruction")
    outputs = as_outputs(
        waves((2, 4, 3)), waves((2, 4, 3), 1.2), np.zeros((2, 4, 1))
    )
    assert to_numpy(model.loss_of(outputs)) == 0


def test_hidden_samples_are_not_seen(rng):
    """Whatever they were: the same is rebuilt."""
    windows = windows_of_two_kinds(rng, 4)
    other, found = windows.copy(), []
    for batch in (windows, other):
        model = small("MaskedReconstruction", channel_ratio=0.2)
        outputs = model(batch)
        found.append(to_numpy(outputs["rebuilt"]))
        other += 3.0 * to_numpy(outputs["mask"])
    np.testing.assert_array_equal(*found)
    seen = windows + (1.0 - to_numpy(outputs["mask"]))
    change = to_numpy(small("MaskedReconstruction")(seen)["rebuilt"]) - found[0]
    assert np.abs(change).max() > 1e-3


@pytest.mark.parametrize("span", [1, 5])
def test_each_sample_is_hidden_with_the_given_probability(span):
    model = MaskedReconstruction(
        SequenceEncoder(), ratio=0.3, span=span, seed=0
    )
    mask = to_numpy(model.draw_mask((4000, 12, 3)))
    assert mask.shape == (4000, 12, 1)
    assert set(np.unique(mask)) == {0, 1}
    # Four standard errors; the samples of the edges too.
    np.testing.assert_allclose(mask[..., 0].mean(0), 0.3, atol=0.03)
    # Hidden runs that do not touch an edge are as long as a span or longer.
    runs = [
        len(run)
        for row in mask[:, :, 0].astype(int)
        for run in "".join(map(str, row)).strip("1").split("0")
        if run
    ]
    assert min(runs) == span
    # Draws are apart: by windows, and from one call to the next.
    assert not (mask == mask[:1]).all()
    assert not (to_numpy(model.draw_mask((4000, 12, 3))) == mask).all()


def test_channels_are_hidden_as_a_whole():
    model = MaskedReconstruction(
        SequenceEncoder(), ratio=0.0, channel_ratio=0.25, seed=0
    )
    mask = to_numpy(model.draw_mask((4000, 5, 3)))
    assert (mask == mask[:, :1]).all()
    np.testing.assert_allclose(mask[:, 0].mean(0), 0.25, atol=0.03)
    # Each channel by itself.
    both = (mask[:, 0, 0] * mask[:, 0, 1]).mean()
    np.testing.assert_allclose(both, 0.25**2, atol=0.02)


def test_transformer_learns_to_fill_in(rng):
    keras.utils.set_random_seed(0)
    encoder = TransformerEncoder1D(8, 1, 2, 8)
    model = MaskedReconstruction(encoder, ratio=0.3, seed=0)
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    windows = windows_of_two_kinds(rng, length=16)
    losses = model.fit(windows, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0], losses
    assert isinstance(model.decoder, SequenceDecoder1D)
    assert model.decoder.widths == (64, 32)


def test_encoder_gets_a_gradient(rng):
    model = small("MaskedReconstruction")
    windows = windows_of_two_kinds(rng, 4)
    model.build(windows.shape)
    found = variable_gradients(
        lambda: model.loss_of(model(windows, training=True)),
        [model.encoder.conv.kernel, model.decoder.convolutions[-1].kernel],
    )
    assert all(np.abs(gradient).max() > 1e-5 for gradient in found)


def test_bad_input_is_explained():
    with pytest.raises(TypeError, match="must have a method `sequences`"):
        MaskedReconstruction(plain_encoder())
    with pytest.raises(ValueError, match="`decoder` must be one of"):
        MaskedReconstruction(SequenceEncoder(), "relu")
    with pytest.raises(TypeError, match="`decoder` must be a Keras layer"):
        MaskedReconstruction(SequenceEncoder(), np.mean)
    with pytest.raises(ValueError, match="`ratio`.*below 1"):
        MaskedReconstruction(SequenceEncoder(), ratio=1)
    with pytest.raises(ValueError, match="`span`"):
        MaskedReconstruction(SequenceEncoder(), span=0)
    with pytest.raises(ValueError, match="`ratio` or `channel_ratio`"):
        MaskedReconstruction(SequenceEncoder(), ratio=0.0)
    decoder = SequenceDecoder1D(32, 3)
    with pytest.raises(ValueError, match="`decoder` must give windows"):
        MaskedReconstruction(SequenceEncoder(), decoder).build((None, 64, 3))
