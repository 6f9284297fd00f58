import keras
import numpy as np
import pytest
from keras import ops

from keras_relcon import evaluation
from keras_relcon.evaluation import RivalEncoder

pytestmark = pytest.mark.every_backend
torch = pytest.importorskip("torch")


class Block(torch.nn.Module):
    """Pre-activation block of harnet: its length and channels stay."""

    def __init__(self, channels):
        super().__init__()
        self.layers = torch.nn.Sequential(
            *(
                layer
                for _ in range(2)
                for layer in (
                    torch.nn.BatchNorm1d(channels),
                    torch.nn.ReLU(),
                    _convolution(channels, channels),
                )
            )
        )

    def forward(self, x):
        return x + self.layers(x)


class Downsample(torch.nn.Module):
    """Depthwise convolution with a fixed kernel: a box, once or twice."""

    def __init__(self, channels, factor, order):
        super().__init__()
        kernel = np.ones(factor)
        for _ in range(order):
            kernel = np.convolve(kernel, np.ones(factor))
        kernel = torch.tensor(kernel / kernel.sum(), dtype=torch.float32)
        self.register_buffer("kernel", kernel.repeat(channels, 1, 1))
        self.factor = factor
        self.padding = order * (factor - 1) // 2 + (order * (factor - 1)) % 2

    def forward(self, x):
        return torch.nn.functional.conv1d(
            x,
            self.kernel,
            stride=self.factor,
            padding=self.padding,
            groups=x.shape[1],
        )


def _convolution(inputs, outputs):
    return torch.nn.Conv1d(
        inputs, outputs, 5, padding=2, padding_mode="circular", bias=False
    )


def harnet(width=1):
    """A network of the shape of harnet10: 300 samples at 30 Hz to one.

    Args:
        width: int. The channels are `64 * width // 64` and so on; 64 is the
            published size.
    """
    layers, inputs = [], 3
    for outputs, blocks, factor, order in (
        (width, 2, 2, 2),
        (2 * width, 2, 2, 2),
        (4 * width, 2, 5, 1),
        (8 * width, 2, 5, 1),
        (16 * width, 0, 3, 1),
    ):
        layers.append(_convolution(inputs, outputs))
        layers += [Block(outputs) for _ in range(blocks)]
        layers += [torch.nn.BatchNorm1d(outputs), torch.nn.ReLU()]
        layers.append(Downsample(outputs, factor, order))
        inputs = outputs
    return torch.nn.Sequential(*layers)


@pytest.fixture
def windows():
    time = np.arange(256) / 100
    hz = np.linspace(0.5, 5, 7)[:, None, None]
    phase = np.arange(3)
    wave = np.sin(2 * np.pi * hz * time[:, None] + phase)
    return wave.astype("float32")


def test_harnet_gives_one_vector_per_window(windows):
    torch.manual_seed(0)
    network = harnet(4).train()
    rival = RivalEncoder(network, 30, 300, clip_g=3, batch_size=4)
    vectors = rival(windows)
    assert vectors.shape == (7, 64) and vectors.dtype == np.float32
    assert network.training  # as it was
    np.testing.assert_allclose(rival(windows[2:3]), vectors[2:3], atol=1e-6)
    (prepared,) = rival.prepare(windows)
    assert prepared.shape == (7, 3, 300)
    with torch.no_grad():
        expected = network.eval()(torch.tensor(prepared))[:, :, 0]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_published_size_of_harnet():
    num_weights = sum(p.numel() for p in harnet(64).parameters())
    assert num_weights == 10_457_408


def test_a_short_window_is_continued_without_a_jump(windows):
    rival = RivalEncoder(harnet(), 30, 300)
    (prepared,) = rival.prepare(windows)
    length = 77  # 2.56 s at 30 Hz
    period = prepared[:, :, : 2 * length - 2]
    np.testing.assert_allclose(
        prepared[:, :, length : 2 * length - 2],
        prepared[:, :, length - 2 : 0 : -1],
        atol=1e-6,
    )
    np.testing.assert_allclose(prepared[:, :, 152:300], period[:, :, :148])
    time = np.arange(5, 70) / 30  # away from the edges
    expected = np.sin(2 * np.pi * 0.5 * time)
    np.testing.assert_allclose(prepared[0, 0, 5:70], expected, atol=0.02)


def test_a_long_window_is_cut_into_pieces_that_cover_it(windows):
    class Mean(keras.layers.Layer):
        def call(self, x):
            return ops.mean(x, axis=1)

    rival = RivalEncoder(Mean(), 100, 100)
    pieces = rival.prepare(windows)
    starts = [0, 78, 156]
    for piece, start in zip(pieces, starts, strict=True):
        np.testing.assert_array_equal(piece, windows[:, start : start + 100])
    expected = np.mean([piece.mean(1) for piece in pieces], 0)
    np.testing.assert_allclose(rival(windows), expected, atol=1e-6)


def test_unit_limit_and_layout(windows):
    settings = {"sample_rate_hz": 100, "window_length": 256}
    flat = keras.layers.Flatten()
    first = RivalEncoder(flat, **settings)(windows)
    np.testing.assert_array_equal(first, windows.reshape(7, -1))
    metric = RivalEncoder(flat, **settings, unit="m/s2", clip_g=0.5)(windows)
    expected = 9.80665 * np.clip(windows, -0.5, 0.5).reshape(7, -1)
    np.testing.assert_allclose(metric, expected, rtol=1e-6)
    turned = RivalEncoder(flat, **settings, channels_first=True)(windows)
    expected = windows.transpose(0, 2, 1).reshape(7, -1)
    np.testing.assert_array_equal(turned, expected)


def test_keras_networks_are_in_inference_mode(windows):
    network = keras.Sequential(
        [keras.layers.Dropout(0.5), keras.layers.GlobalMaxPooling1D()]
    )
    rival = RivalEncoder(network, 50, 128)
    np.testing.assert_array_equal(rival(windows), rival(windows))


def test_the_suite_scores_it(tmp_path, write_set):
    torch.manual_seed(0)
    rival = RivalEncoder(harnet(2), 30, 300, clip_g=3)
    result = evaluation.suite(
        {"harnet": rival},
        write_set(tmp_path, num_people=4, seconds=8),
        sets=["geotec_sw"],
        num_labelled=None,
        heads="ridge",
        controls=("handmade", "side_by_side"),
    )
    assert result.row("harnet embedding").mean() > 0.5
    assert result.row("harnet embedding + hand-made features").mean() > 0.5


def test_what_is_no_network_or_gives_no_numbers(windows):
    with pytest.raises(TypeError, match="PyTorch module"):
        RivalEncoder(lambda x: x, 30, 300)
    for changes, words in (
        ({"sample_rate_hz": 0}, "`sample_rate_hz`"),
        ({"window_length": 1}, "`window_length`"),
        ({"unit": "mg"}, "`unit`"),
        ({"clip_g": -1}, "`clip_g`"),
        ({"batch_size": 0}, "`batch_size`"),
    ):
        settings = {"sample_rate_hz": 30, "window_length": 300, **changes}
        with pytest.raises(ValueError, match=words):
            RivalEncoder(harnet(), **settings)
    network = harnet()
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    with pytest.raises(ValueError, match="embedding must be finite"):
        RivalEncoder(network, 30, 300)(windows)
    with pytest.raises(ValueError, match="window must be finite"):
        RivalEncoder(harnet(), 30, 300)(windows * np.nan)


def test_a_network_in_training_stays_as_it_was(windows):
    torch = pytest.importorskip("torch")
    network = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Flatten())
    network.train()
    network[1].eval()  # frozen
    rival = RivalEncoder(network, 100, 256, channels_first=False)
    np.testing.assert_allclose(rival(windows), windows.reshape(7, -1))
    assert [m.training for m in network.modules()] == [True, True, False]
