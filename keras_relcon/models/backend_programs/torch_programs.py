"""Programs of PyTorch, which is eager: nothing is compiled, loops are plain.

What is compiled of the training step is the encoder, see the train step.
"""

import keras
import torch


def compiled(function, model, num_shared=0):
    """Eager PyTorch compiles nothing; it leaves out the gradient's records."""
    return torch.no_grad()(function)


def has_accelerator():
    """Whether arrays are kept on a GPU or another accelerator."""
    # Keras traces shapes on a device of no memory, `meta`.
    return keras.ops.zeros(()).device.type not in ("cpu", "meta")


def one_by_one(function, weights, state, parts):
    """Calls `state, output = function(weights, state, part)` for each part.

    Returns the last state, and the outputs stacked; of what is inside nothing
    is kept, the backward pass computes each part again.
    """
    outputs = []
    for part in parts:
        state, output = keras.remat(function)(weights, state, part)
        outputs.append(output)
    return state, torch.stack(outputs)
