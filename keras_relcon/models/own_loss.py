from typing import Any

import keras

from keras_relcon.checks import message


class OwnLoss:
    """Mixin of models that compute their loss and their metrics themselves.

    `compile` refuses others, which nothing would read. A subclass that reads
    one leaves it out of `UNREAD`.
    """

    # The arguments of `compile` that would not be read.
    UNREAD: tuple[str, ...] = ("loss", "metrics", "weighted_metrics")

    built: bool
    optimizer: Any
    trainable_variables: Any

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Takes the arguments of `keras.Model.compile`.

        Raises:
            ValueError: if a loss or metrics are given that would not be read.
        """
        others = {
            "loss": loss,
            "metrics": metrics or None,
            "weighted_metrics": weighted_metrics or None,
        }
        for name in self.UNREAD:
            if others.pop(name) is not None:
                raise ValueError(
                    message(
                        f"`{type(self).__name__}` has a loss and metrics of "
                        "its own.",
                        f"`{name}` in `compile`",
                        "Leave it out.",
                    )
                )
        super().compile(  # type: ignore[misc]
            optimizer,
            others.get("loss"),
            None,
            others.get("metrics"),
            others.get("weighted_metrics"),
            *args,
            **kwargs,
        )

    def compile_from_config(self, config: dict[str, Any]) -> None:
        if type(self).compile is not OwnLoss.compile:
            # Keras warns that it does not know the arguments.
            return super().compile_from_config(config)  # type: ignore[misc]
        # Keras' own does nothing where `compile` is another.
        config = keras.saving.deserialize_keras_object(config)
        # Files of earlier versions may name what was not read.
        unread = {"loss_weights", *self.UNREAD}
        self.compile(**{k: v for k, v in config.items() if k not in unread})
        if self.built:
            self.optimizer.build(self.trainable_variables)
