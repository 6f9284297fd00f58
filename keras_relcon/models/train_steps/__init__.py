"""`RelConTrainStep` of the active backend, as Keras chooses its trainer."""

import keras

if keras.backend.backend() == "jax":
    from keras_relcon.models.train_steps.jax_train_step import RelConTrainStep
elif keras.backend.backend() == "tensorflow":
    from keras_relcon.models.train_steps.tensorflow_train_step import (  # type: ignore[assignment]
        RelConTrainStep,
    )
else:
    from keras_relcon.models.train_steps.torch_train_step import (  # type: ignore[assignment]
        RelConTrainStep,
    )

__all__ = ["RelConTrainStep"]
