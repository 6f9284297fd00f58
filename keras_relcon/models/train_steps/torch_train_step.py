import keras
import torch

from keras_relcon import distributed
from keras_relcon.distributed import torch_replicas
from keras_relcon.models.train_steps.batch_inputs import (
    WithoutWeights,
    batch_inputs,
)


class TrainStep(WithoutWeights):
    """The training and test step of a model on PyTorch.

    On several devices every process runs it on its own rows; all begin with the
    weights of the first, and average the gradients.

    With `jit_compile=True` the encoder's training is compiled on one device,
    and on a GPU replayed as a CUDA graph. The rest stays eager, `evaluate` and
    `predict` too: the sparsemax of the ranking branches on values, at which
    Keras' own compilation of the whole step breaks into many programs.
    """

    encoder: keras.Model

    # Of the encoder's training; `None` is eager.
    _compiled_encoder = None

    def train_step(self, data):
        inputs = batch_inputs(data)
        # First, as the next CUDA graph writes to the memory of the last.
        self.zero_grad()
        with torch.no_grad():
            targets = self.targets_of(inputs)

        outputs = self(inputs, training=True)
        loss = self.compute_loss(inputs, targets, outputs, None, True)
        self._loss_tracker.update_state(
            distributed.mean_loss(loss),
            sample_weight=_num_rows(inputs),
        )

        self.optimizer.scale_loss(loss).backward()
        variables = list(self.trainable_variables)
        gradients = torch_replicas.average(
            [variable.value.grad for variable in variables]
        )
        with torch.no_grad():
            self.optimizer.apply(gradients, variables)
        return self.compute_metrics(inputs, targets, outputs)

    def test_step(self, data):
        inputs = batch_inputs(data)
        targets = self.targets_of(inputs)
        outputs = self(inputs, training=False)
        loss = self.compute_loss(inputs, targets, outputs, None, False)
        self._loss_tracker.update_state(
            distributed.mean_loss(loss),
            sample_weight=_num_rows(inputs),
        )
        return self.compute_metrics(inputs, targets, outputs)

    def encode_in_training(self, windows):
        """Embeddings of windows, whose gradient trains the encoder."""
        if self._compiled_encoder is not None and self.jit_compile:
            return self._compiled_encoder(windows)
        return self.encoder(windows, training=True)

    def make_train_function(self, force=False):
        torch_replicas.broadcast(self.variables + self.optimizer.variables)
        is_new = force or self.train_function is None
        super().make_train_function(force)
        if is_new:
            # Not in `compile`: Keras would load no model compiled by ours.
            self._compiled_encoder = None
            if self.jit_compile and distributed.num_replicas() == 1:
                self._compiled_encoder = _compiled_training(self.encoder)

    def _should_torch_compile(self):
        return False  # not the whole of a step, see above


def _num_rows(inputs):
    return keras.tree.flatten(inputs)[0].shape[0]


def _compiled_training(encoder):
    def encode(windows):
        return encoder(windows, training=True)

    # PyTorch keeps eight programs for each code object, and no more: without
    # one of its own the ninth model, or batch size of all models, is eager.
    encode.__code__ = encode.__code__.replace()
    return torch.compile(encode, dynamic=False, mode="reduce-overhead")
