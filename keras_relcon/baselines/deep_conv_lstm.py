import keras
from keras import layers

NUM_CONVOLUTIONS = 4


def deep_conv_lstm(
    window_length=None,
    num_channels=3,
    num_filters=64,
    kernel_size=5,
    num_units=128,
    dropout=0.5,
):
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
    _check_length(window_length, kernel_size)
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


def _check_length(window_length, kernel_size):
    shortest = NUM_CONVOLUTIONS * (kernel_size - 1) + 1
    if window_length is not None and window_length < shortest:
        raise ValueError(
            f"`window_length` must be at least {shortest}: "
            f"{NUM_CONVOLUTIONS} convolutions of {kernel_size} samples "
            f"without padding. Received: window_length={window_length}. Use "
            "longer windows or a smaller `kernel_size`."
        )
