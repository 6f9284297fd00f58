from keras_relcon.evaluation.representations import untrained_copy
from keras_relcon.evaluation.tasks.fine_tune import FineTune


class FromScratch(FineTune):
    """Trains the encoder's network from random weights.

    In every other respect it is `FineTune`: the difference of their scores is
    the effect of pretraining. It also trains the supervised references of
    `keras_relcon.baselines`. An untrained control would be the same network
    again, so leave `"untrained"` out of `controls`.

    Args:
        hidden, learning_rate, batch_size, epochs, patience, class_weight,
            amsgrad, use_random_axes: as in `FineTune`.
        freeze_encoder: bool. Whether to train the head on a random encoder.
            Defaults to `False`.
        seed: int. Also draws the encoder's weights. Defaults to `0`.

    The presets are those of `FineTune`.

    Raises:
        ValueError: as `FineTune`.

    Differs from the released code and from Yuan et al.: as `FineTune`.

    Example:
    ```python
    report = cross_validate(
        FromScratch(hidden=()),
        {"DeepConvLSTM": keras_relcon.baselines.deep_conv_lstm()},
        windows,
        folds,
        controls=("handmade",),
    )
    ```
    """

    def _start_encoder(self, encoder, window_length):
        return untrained_copy(encoder, self.seed, window_length)
