import keras
from keras import layers


def lstm_classifier(window_length=None, num_channels=3, num_units=128):
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
