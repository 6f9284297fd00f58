from keras_relcon.evaluation.representations import untrained_copy
from keras_relcon.evaluation.tasks.fine_tune import FineTune


class FromScratch(FineTune):
    """Trains the encoder's network from freshly drawn weights.

    `FineTune` in every other respect: what pretraining adds is the
    difference of the two. Also trains the supervised references of
    `keras_relcon.baselines`. An untrained control would be the same network
    once more: leave `"untrained"` out of `controls`.

    Args:
        hidden, learning_rate, batch_size, epochs, patience, class_weight,
            amsgrad, use_random_axes: as in `FineTune`.
        freeze_encoder: bool. Train the head on a random encoder. Defaults to
            `False`.
        seed: int. Draws the encoder's weights, too. Defaults to `0`.

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
