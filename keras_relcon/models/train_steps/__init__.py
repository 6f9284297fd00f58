import keras

if keras.backend.backend() == "jax":
    from keras_relcon.models.train_steps.jax_train_step import (
        RelConTrainStep,
        compiled,
        has_accelerator,
        one_by_one,
    )
elif keras.backend.backend() == "tensorflow":
    from keras_relcon.models.train_steps.tensorflow_train_step import (
        RelConTrainStep,
        compiled,
        has_accelerator,
        one_by_one,
    )
elif keras.backend.backend() == "torch":
    from keras_relcon.models.train_steps.torch_train_step import (
        RelConTrainStep,
        compiled,
        has_accelerator,
        one_by_one,
    )
else:
    raise ImportError(
        "keras_relcon trains on the TensorFlow, JAX and PyTorch backends. "
        f"Received: backend={keras.backend.backend()!r}. Set KERAS_BACKEND to "
        "'tensorflow', 'jax' or 'torch' before Keras is imported."
    )

__all__ = ["RelConTrainStep", "compiled", "has_accelerator", "one_by_one"]
