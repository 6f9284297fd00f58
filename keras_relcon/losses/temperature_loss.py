import keras

from keras_relcon.argument_checks import check_above_zero


class TemperatureLoss(keras.losses.Loss):
    """Base of the losses whose similarities a temperature divides.

    Args:
        temperature: float, above 0.
        reduction, name, dtype: as in `keras.losses.Loss`.

    Raises:
        ValueError: if `temperature` is not above 0.
    """

    def __init__(
        self,
        temperature,
        reduction="sum_over_batch_size",
        name=None,
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_above_zero("temperature", temperature)
        self.temperature = temperature

    def get_config(self):
        config = super().get_config()
        config.pop("dtype", None)
        return {**config, "temperature": self.temperature}
