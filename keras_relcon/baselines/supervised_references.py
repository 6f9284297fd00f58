"""The supervised references of Table 4 of the paper, without class layer.

`keras_relcon.evaluation.FromScratch` trains them.
"""

from collections.abc import Sequence

import keras
from keras import layers, ops

from keras_relcon.checks import message

NUM_CONVOLUTIONS = 4  # of DeepConvLSTM


def conv_classifier(
    window_length: int | None = None,
    num_channels: int = 3,
    widths: Sequence[int] = (32, 64, 128),
    hidden: Sequence[int] = (256, 128),
    dropout: float = 0.2,
    conv_dropout: float = 0.0,
) -> keras.Model:
    """The convolutional classifier, a supervised reference of Table 4.

    Convolutions of 3 samples with reflected edges, without bias, each with
    ReLU; the maximum over time; then dense layers, each with batch norm, ReLU
    and dropout. What comes out is the feature vector, to which
    `FromScratch(hidden=())` adds the class layer.

    Args:
        window_length: int or None, samples. `None` takes any from 2.
            Defaults to `None`.
        num_channels: int. Defaults to `3`.
        widths: tuple of int, channels of the convolutions. Defaults to `(32,
            64, 128)`.
        hidden: tuple of int, units of the dense layers. Defaults to `(256,
            128)`.
        dropout: float, after the dense layers. Defaults to `0.2`.
        conv_dropout: float, after the convolutions. Before a maximum it makes
            training features larger than those of inference. Defaults to
            `0.0`.

    Returns:
        `keras.Model` from `(batch, time, num_channels)` to
        `(batch, hidden[-1])`. 98,464 weights by default.

    Raises:
        ValueError: if `window_length` is below 2.

    Uncertain: the network and the training settings of the paper's row are
    not published. The convolutions and the maximum over time are those of the
    same authors' convolutional autoencoder
    ([Haresamudram et al., 2022](https://arxiv.org/abs/2202.12938)), the dense
    layers those of their contrastive predictive coding
    ([2021](https://arxiv.org/abs/2012.05333)); that the row used them is an
    assumption. The latter has `conv_dropout=0.2`.

    Example:

    >>> conv_classifier()(keras.ops.ones((2, 200, 3))).shape
    (2, 128)
    """
    if window_length is not None and window_length < 2:
        raise ValueError(
            message(
                "`window_length` must be at least 2, or None: the edges are "
                "reflected.",
                {"window_length": window_length},
                "Use longer windows.",
            )
        )
    inputs = keras.Input((window_length, num_channels))
    x = inputs
    for width in widths:
        x = ops.pad(x, ((0, 0), (1, 1), (0, 0)), mode="reflect")
        x = layers.Conv1D(width, 3, use_bias=False, activation="relu")(x)
        if conv_dropout:
            x = layers.Dropout(conv_dropout)(x)
    x = layers.GlobalMaxPooling1D()(x)
    for units in hidden:
        x = layers.Dense(units)(x)
        # PyTorch's momentum of 0.1, in the convention of Keras.
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        x = layers.ReLU()(x)
        x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, x, name="conv_classifier")


def deep_conv_lstm(
    window_length: int | None = None,
    num_channels: int = 3,
    num_filters: int = 64,
    kernel_size: int = 5,
    num_units: int = 128,
    dropout: float = 0.5,
) -> keras.Model:
    """DeepConvLSTM, a supervised reference of Table 4 of the paper.

    [Ordóñez and Roggen, 2016](https://doi.org/10.3390/s16010115), with the
    sizes of the CL-HAR benchmark ([Qian et al.,
    2022](https://arxiv.org/abs/2202.05998)): four convolutions over time
    without padding, each axis by itself and with the same filters, then
    dropout and two LSTMs over the features of all axes. The output of the
    last step is the feature vector, to which `FromScratch(hidden=())` adds
    the class layer.

    Args:
        window_length: int or None, samples; at least `4 * (kernel_size - 1)
            + 1`, which is 17. `None` takes any. Defaults to `None`.
        num_channels: int. Defaults to `3`.
        num_filters: int, of each convolution. Defaults to `64`.
        kernel_size: int, samples. Defaults to `5`.
        num_units: int, of each LSTM. Defaults to `128`.
        dropout: float, before the LSTMs. Defaults to `0.5`.

    Returns:
        `keras.Model` from `(batch, time, num_channels)` to
        `(batch, num_units)`. 357,952 weights by default.

    Raises:
        ValueError: if `window_length` is shorter than the convolutions need.

    Differs from the sources: nothing known in the layers; Keras' LSTM has
    one bias where PyTorch's has two, and draws its weights by other rules.
    The settings with which the paper's row was trained are not published.

    Example:

    >>> deep_conv_lstm()(keras.ops.ones((2, 200, 3))).shape
    (2, 128)
    """
    shortest = NUM_CONVOLUTIONS * (kernel_size - 1) + 1
    if window_length is not None and window_length < shortest:
        raise ValueError(
            message(
                f"`window_length` must be at least {shortest}: "
                f"{NUM_CONVOLUTIONS} convolutions of {kernel_size} samples "
                "without padding.",
                {"window_length": window_length},
                "Use longer windows or a smaller `kernel_size`.",
            )
        )
    inputs = keras.Input((window_length, num_channels))
    x = layers.Reshape((-1, num_channels, 1))(inputs)
    for _ in range(NUM_CONVOLUTIONS):
        x = layers.Conv2D(
            num_filters,
            (kernel_size, 1),
            activation="relu",
            data_format="channels_last",
        )(x)
    # (batch, time, axes, filters) to (batch, time, axes * filters)
    x = layers.Reshape((-1, num_channels * num_filters))(x)
    x = layers.Dropout(dropout)(x)
    x = layers.LSTM(num_units, return_sequences=True)(x)
    x = layers.LSTM(num_units)(x)
    return keras.Model(inputs, x, name="deep_conv_lstm")


def lstm_classifier(
    window_length: int | None = None,
    num_channels: int = 3,
    num_units: int = 128,
) -> keras.Model:
    """The LSTM classifier, a supervised reference of Table 4 of the paper.

    Two LSTMs, the second one's last output is the feature vector, to which
    `FromScratch(hidden=())` adds the class layer. The sizes are those of the
    CL-HAR benchmark ([Qian et al., 2022](https://arxiv.org/abs/2202.05998)).

    Args:
        window_length: int or None, samples. `None` takes any. Defaults to
            `None`.
        num_channels: int. Defaults to `3`.
        num_units: int, of each LSTM. Defaults to `128`.

    Returns:
        `keras.Model` from `(batch, time, num_channels)` to
        `(batch, num_units)`. 199,168 weights by default.

    Differs from the sources: Keras' LSTM has one bias where PyTorch's has
    two, and draws its weights by other rules. Neither the sizes nor the
    training settings of the paper's row are published: those of CL-HAR stand
    in for them.

    Example:

    >>> lstm_classifier()(keras.ops.ones((2, 200, 3))).shape
    (2, 128)
    """
    inputs = keras.Input((window_length, num_channels))
    x = layers.LSTM(num_units, return_sequences=True)(inputs)
    x = layers.LSTM(num_units)(x)
    return keras.Model(inputs, x, name="lstm_classifier")
