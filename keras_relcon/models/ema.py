import math
from typing import Any, Self

import keras
from keras import ops

from keras_relcon.checks import check_kind, check_number, check_whole
from keras_relcon.models.frozen_parts import FrozenParts
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class EMA(FrozenParts, keras.layers.Layer):
    """A slow copy of a model: the exponential moving average of its weights.

    The target network of [BYOL](https://arxiv.org/abs/2006.07733), section 3.1,
    and the key encoder of [MoCo](https://arxiv.org/abs/1911.05722), Eq. 2:

    ```
    slow = momentum * slow + (1 - momentum) * weights
    ```

    `update` does this once. The first one copies the model as it is. Call it at
    the beginning of a training step, before the copy is used: this is the order
    of MoCo v3, and the same as an update after each step but that the one after
    the last step is missing.

    Averaged are the trainable weights. The moving statistics of batch norms are
    the copy's own: it collects them where it is called with `training=True`,
    and never takes those of the model, but for the first update. The copy has
    no trainable weights, and no gradient passes it.

    Args:
        model: Keras model or layer. It is copied by its config, and is not kept
            itself.
        momentum: float in [0, 1]. Defaults to `0.996` (BYOL).
        num_steps: int or `None`. Updates over which the momentum rises to 1 by
            half a cosine, `1 - (1 - momentum) * (cos(pi * step / num_steps) +
            1) / 2` (BYOL); `None` keeps it. Defaults to `None`.

    Call arguments:
        x: what the model takes.

    Returns:
        What the model returns, without a gradient.

    Raises:
        TypeError: if `model` is no layer.
        ValueError: if `momentum` is not in [0, 1], or `num_steps` is no int of
            1 or more.

    Differs from the papers: they do not state a rule for moving statistics.

    Example:

    >>> slow = keras_relcon.models.EMA(encoder, momentum=0.99)
    >>> slow.update(encoder)
    >>> targets = slow(windows, training=True)
    """

    def __init__(
        self,
        model: keras.Layer,
        momentum: float = 0.996,
        num_steps: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        check_kind("model", model, keras.Layer, "a Keras layer or model")
        check_number("momentum", momentum, least=0, most=1)
        if num_steps is not None:
            check_whole("num_steps", num_steps)
        self.momentum = momentum
        self.num_steps = num_steps
        self.copy = type(model).from_config(model.get_config())

    def build(self, input_shape: Shape) -> None:
        self.num_updates = self.add_weight(
            (),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            name="num_updates",
            aggregation="only_first_replica",
        )
        if not self.copy.built:
            self.copy.build(input_shape)
        self.freeze_parts()
        self.built = True

    def freeze_parts(self) -> None:
        # One by one: a layer that is frozen as a whole takes the moving
        # statistics in training too.
        for variable in self.copy.trainable_variables:
            variable.trainable = False

    def update(self, model: keras.Layer) -> None:
        """Moves the copy towards a model.

        Args:
            model: the model that was copied. It must be built.
        """
        is_first = ops.equal(self.num_updates, 0)
        momentum = ops.where(is_first, 0.0, self.current_momentum())
        trained = {id(v) for v in model.trainable_variables}
        for slow, variable in zip(self.copy.variables, model.variables):
            if not keras.backend.is_float_dtype(variable.dtype):
                continue  # the state of a generator of random numbers
            value = ops.stop_gradient(ops.convert_to_tensor(variable))
            old = ops.convert_to_tensor(slow)
            if id(variable) in trained:
                share = ops.cast(momentum, old.dtype)
                slow.assign(share * old + (1 - share) * value)
            else:
                slow.assign(ops.where(is_first, value, old))
        self.num_updates.assign(self.num_updates + 1)

    def current_momentum(self) -> Tensor:
        """The momentum of the next update, float32 scalar."""
        if self.num_steps is None:
            return ops.convert_to_tensor(self.momentum, dtype="float32")
        done = ops.cast(self.num_updates, "float32") / self.num_steps
        share = (ops.cos(math.pi * ops.minimum(done, 1.0)) + 1) / 2
        return 1 - (1 - self.momentum) * share

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        return ops.stop_gradient(self.copy(x, training=training))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.copy.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.copy),
            "momentum": self.momentum,
            "num_steps": self.num_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        model = keras.saving.deserialize_keras_object(config["model"])
        return cls(**{**config, "model": model})


def slow_outputs(pairs: Any, x: Tensor, training: bool) -> Tensor:
    """What slow copies make of `x`, one after the other.

    Args:
        pairs: sequence of `(EMA, model)`, or `(None, model)` for nothing.
        x: what the first takes.
        training: bool. Each copy then follows its model first.

    Returns:
        What the last returns, without a gradient.
    """
    for slow, model in pairs:
        if slow is None:
            continue
        if training:
            slow.update(model)
        x = slow(x, training=training)
    return x
