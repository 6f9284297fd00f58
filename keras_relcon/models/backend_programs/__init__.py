"""What each backend needs to do a large computation in parts.

Three functions, the same from the outside on every backend: `compiled` makes
one program of a function of many rows, `one_by_one` calls a function on parts
one after the other and keeps nothing of what is inside, and `has_accelerator`
says what device they run on. They know nothing of models; the rules and loops
that differ between backends are all here.
"""

import keras

if keras.backend.backend() == "jax":
    from keras_relcon.models.backend_programs.jax_programs import (
        compiled,
        has_accelerator,
        one_by_one,
    )
elif keras.backend.backend() == "tensorflow":
    from keras_relcon.models.backend_programs.tensorflow_programs import (
        compiled,
        has_accelerator,
        one_by_one,
    )
else:
    from keras_relcon.models.backend_programs.torch_programs import (
        compiled,
        has_accelerator,
        one_by_one,
    )

__all__ = ["compiled", "has_accelerator", "one_by_one"]
