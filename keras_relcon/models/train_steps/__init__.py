"""`TrainStep` of the active backend, as Keras chooses its trainer.

A mixin of `RelConModel` and of the methods to compare with. The model has an
`encoder`, which it calls by `encode_in_training(windows)` in training, and
`targets_of(inputs)`, what its loss takes as `y`: made before the step, without
a gradient, or `None`.
"""

import keras

if keras.backend.backend() == "jax":
    from keras_relcon.models.train_steps.jax_train_step import TrainStep
elif keras.backend.backend() == "tensorflow":
    from keras_relcon.models.train_steps.tensorflow_train_step import (  # type: ignore[assignment]
        TrainStep,
    )
else:
    from keras_relcon.models.train_steps.torch_train_step import (  # type: ignore[assignment]
        TrainStep,
    )

__all__ = ["TrainStep"]
