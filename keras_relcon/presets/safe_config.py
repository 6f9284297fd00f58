"""Lets only known, harmless classes into or out of a preset's config."""

import keras

# The layers of Keras that compute on tensors and do nothing else: none that
# holds code (Lambda), wraps another framework, or reads files (vocabularies,
# SavedModels).
LAYERS = """
    Activation Add AdditiveAttention Attention Average AveragePooling1D
    BatchNormalization Bidirectional Concatenate Conv1D Conv1DTranspose
    Cropping1D Dense DepthwiseConv1D Dot Dropout ELU EinsumDense Embedding
    Flatten GRU GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalMaxPooling1D GroupNormalization GroupQueryAttention Identity
    InputLayer LSTM LayerNormalization LeakyReLU Masking MaxPooling1D Maximum
    Minimum MultiHeadAttention Multiply Normalization PReLU Permute
    RMSNormalization ReLU RepeatVector Rescaling Reshape SeparableConv1D
    SimpleRNN Softmax SpatialDropout1D SpectralNormalization Subtract
    TimeDistributed UnitNormalization UpSampling1D ZeroPadding1D
""".split()
# Module of Keras, and its classes; `None` is all public ones.
CLASSES = {
    "keras": {"DTypePolicy", "Sequential"},
    "keras.constraints": None,
    "keras.dtype_policies": None,
    "keras.initializers": None,
    "keras.layers": set(LAYERS),
    "keras.models": {"Sequential"},
    "keras.regularizers": None,
}
FUNCTIONAL = ("keras.src.models.functional", "Functional")
ADVICE = (
    "A preset may hold layers and models of keras_relcon and the plain layers "
    "of Keras, never code. "
)


def check_config(config, source):
    """Walks a config and raises on any class that a preset may not hold.

    Nothing is imported or called on the way: what a config names is looked up
    among the classes that are loaded already.

    Args:
        config: what `keras.saving.serialize_keras_object` gave, or a part.
        source: str. Where it is from, for the error.

    Raises:
        ValueError: if the config names another class or a function, or one
            without its module.
    """
    if isinstance(config, dict):
        if "class_name" in config:
            _check_object(config, source)
        for value in config.values():
            check_config(value, source)
    elif isinstance(config, (list, tuple)):
        for value in config:
            check_config(value, source)


def _check_object(item, source):
    name, module = item["class_name"], item.get("module")
    if name == "__keras_tensor__":  # how layers of a model are joined
        return
    registered = item.get("registered_name", name)
    if isinstance(registered, str) and registered.startswith("keras_relcon>"):
        found = keras.saving.get_registered_object(registered)
        if not isinstance(found, type):
            raise _refusal(name, module, source, "unknown to this version")
        package = found.__module__.split(".")[0]
        # Keras looks at the class name first: "__lambda__" is code.
        is_own = package == "keras_relcon" and name == found.__name__
    else:
        is_own = _is_of_keras(name, module, registered)
    if not is_own:
        raise _refusal(name, module, source, "not among those")


def _is_of_keras(name, module, registered):
    if (module, name) == FUNCTIONAL:
        return registered == name
    if not isinstance(module, str) or module not in CLASSES:
        return False
    allowed = CLASSES[module]
    if registered is not None or not isinstance(name, str):
        return False
    if allowed is not None:
        return name in allowed
    return isinstance(getattr(_module(module), name, None), type)


def _module(name):
    return getattr(keras, name.split(".")[1])


def _refusal(name, module, source, reason):
    return ValueError(
        f"{ADVICE}Received: {source} with class_name={name!r} of "
        f"module={module!r}, which is {reason}. Use a preset from a source "
        "that you trust, or upgrade keras_relcon."
    )
