import keras
from keras import layers, ops


def conv_classifier(
    window_length=None,
    num_channels=3,
    widths=(32, 64, 128),
    hidden=(256, 128),
    dropout=0.2,
    conv_dropout=0.0,
):
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
            "`window_length` must be at least 2, or None: the edges are "
            f"reflected. Received: window_length={window_length}. Use longer "
            "windows."
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
